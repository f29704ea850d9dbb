"""What somebody might write where a name, a number or a code is meant, to be run by whoever looks at it."""

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "<!--<script>",
    "\u202e<b>gpj</b>\x00",
    "<iframe srcdoc='<script>alert(1)</script>'>",
)
#: what none of them may leave in a page
LIVE = ("<script>alert", "<img src=x", "<svg/", "<iframe", "<b>gpj", "<!--", 'href="javascript:', 'action="javascript:')


def runs_in(text: str, hostile: str) -> bool:
    """Say whether anything of what was written is live in a page, or was computed by its template."""
    return any(tag in text for tag in LIVE) or ("7 * 7" in hostile and "7 * 7" not in text)
