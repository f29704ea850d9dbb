"""Reads the short forms of our pages, and knows those that another site sent."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import ClientDisconnect, Request

from services.errors import InvalidInput

MAX_FORM_BYTES: Final = 2048


def is_from_here(request: Request) -> bool:
    """
    Say whether a form was sent by one of our own pages.

    Where the browser says no more than `Origin: null`, which our own Referrer-Policy
    makes it say, the cookie's SameSite and the code itself are what protects.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin", "null")
    return origin == "null" or urlsplit(origin).netloc == request.headers.get("host")


async def read_form(request: Request) -> dict[str, str]:
    """
    Read a short form.

    Raises:
        InvalidInput: It is longer than any that our pages send, or not whole.
    """
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_FORM_BYTES:
                raise InvalidInput(f"the form must be at most {MAX_FORM_BYTES} bytes")
    except ClientDisconnect:
        raise InvalidInput("the form must be whole: whoever sent it left") from None
    return {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
