"""What every answer of the gateway carries: that nobody keeps it, and no page may do anything with it."""

from collections.abc import Mapping
from typing import Any, Final

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def with_headers(app: Any, *, has_tls: bool) -> Any:
    """Put the headers on every answer, whoever gives it: also on errors of the framework."""
    more = {"Strict-Transport-Security": "max-age=31536000"} if has_tls else {}
    encoded = [(name.lower().encode(), value.encode()) for name, value in {**HEADERS, **more}.items()]

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *encoded]}
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped
