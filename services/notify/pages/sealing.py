"""What every answer to a browser carries, and the files that all screens share."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.notify.pages.ring import ring
from services.notify.pages.screens import STATIC_TYPES, static_file

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; manifest-src 'self'; style-src 'self'; "
        "img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
STATIC_CACHE: Final = "public, max-age=31536000, immutable"  #: their address changes with their content


def sealed(response: Response, cache: str | None = None) -> Response:
    """Forbid an answer to be kept, framed, or to load anything from elsewhere."""
    response.headers.update(HEADERS)
    if cache is not None:
        response.headers["Cache-Control"] = cache
    return response


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC_TYPES:
        return sealed(Response(status_code=404))
    return sealed(Response(static_file(name), media_type=STATIC_TYPES[name]), cache=STATIC_CACHE)


async def _ring(request: Request) -> Response:
    return sealed(Response(ring(), media_type="audio/wav"), cache=STATIC_CACHE)


async def _icon(request: Request) -> Response:
    return sealed(Response(static_file("icon.svg"), media_type=STATIC_TYPES["icon.svg"]), cache=STATIC_CACHE)


#: the addresses of what all screens share
FILES: Final = (Route("/static/{name}", _static), Route("/ring.wav", _ring), Route("/favicon.ico", _icon))
