"""What every answer to a browser carries: a strict policy, and that nobody keeps it."""

from collections.abc import Mapping
from typing import Any, Final

HEADERS: Final[Mapping[str, str]] = {
    # no Trusted Types, because Leaflet writes innerHTML; inline styles, because it and branca set them
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
NO_STORE: Final = "no-store"


def with_headers(app: Any, *, has_tls: bool) -> Any:
    """Put the headers on every answer, whoever gives it: also on errors of the framework."""
    fixed = dict(HEADERS)
    if has_tls:
        fixed["Strict-Transport-Security"] = "max-age=31536000"
    encoded = [(name.lower().encode(), value.encode()) for name, value in fixed.items()]

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), *encoded]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", NO_STORE.encode()))
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, send_with_headers if scope["type"] == "http" else send)

    return wrapped
