"""
Serves coordinators in their browsers.

Rules of this file: no secret stands in an address; nothing about the directory is
answered without a session; every answer is kept by nobody, but the static files.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from services.errors import InvalidInput, NotFound
from services.maps import pages
from services.maps.assets import MEDIA_TYPES, assets
from services.maps.cells import area_names
from services.maps.drawing import map_script
from services.maps.filters import Filters, View, preferred_language, view_from_query
from services.maps.headers import with_headers
from services.maps.model import Part, Picture
from services.maps.tables import TABLES, table_csv
from services.runtime.forms import is_from_here, read_form
from services.runtime.sessions import Sessions
from services.runtime.sign_in import take_code

FOR_EVER: Final = "public, max-age=31536000, immutable"

log = structlog.get_logger(__name__)


class Pictures(Protocol):
    """Where pictures come from."""

    async def read(self, filters: Filters) -> Picture: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How coordinators come in."""

    login_file: Path
    sessions: Sessions
    now: Callable[[], datetime]
    has_tls: bool  #: whether the cookie travels by TLS only

    @property
    def cookie(self) -> str:
        """The cookie's name; browsers hold `__Host-` to TLS, to this host and to the whole site."""
        return "__Host-ihala" if self.has_tls else "ihala"


def create_app(pictures: Pictures, door: Door) -> Any:
    """
    Make the application.

    Args:
        pictures: Where pictures come from.

        door: How coordinators come in.
    """
    handlers = _Handlers(pictures, door)
    app = Starlette(
        routes=[
            Route("/", handlers.signed_in(handlers.page)),
            Route("/map.js", handlers.signed_in(handlers.script)),
            Route("/tables/{name}.csv", handlers.signed_in(handlers.table)),
            Route("/sign-in", handlers.sign_in_form, methods=["GET"]),
            Route("/sign-in", handlers.sign_in, methods=["POST"]),
            Route("/sign-out", handlers.sign_out, methods=["POST"]),
            Route("/static/{digest}/{name:path}", handlers.static),
            Route("/health", handlers.health),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1024)],
        exception_handlers={404: _not_found, InvalidInput: _invalid, NotFound: _not_found, Exception: _failed},
    )
    app.router.redirect_slashes = False  # one address a page
    return with_headers(app, has_tls=door.has_tls)


class _Handlers:
    def __init__(self, pictures: Pictures, door: Door) -> None:
        self._pictures = pictures
        self._door = door

    def signed_in(
        self, handler: Callable[[Request, View], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Let only coordinators through; a page leads to the form, anything else is refused."""

        async def guarded(request: Request) -> Response:
            secret = request.cookies.get(self._door.cookie, "")
            coordinator = self._door.sessions.coordinator(secret)
            if coordinator is None:
                if request.url.path != "/":
                    return PlainTextResponse("sign in first", 401)
                return RedirectResponse(f"/sign-in?{request.url.query}", 303)
            view = _view(request)
            if request.url.path == "/":
                log.info("map.viewed", coordinator_id=coordinator)
            return await handler(request, view)

        return guarded

    async def page(self, request: Request, view: View) -> Response:
        picture = await self._pictures.read(view.filters)
        if Part.PROVIDERS in picture.missing:  # an empty map would be read as an empty directory
            lines = pages.missing_lines(picture, view.language)
            html = pages.message_page(view, "missing_title", lines, link_key="try_again")
            return HTMLResponse(html, 503, {"Retry-After": "5"})
        return HTMLResponse(await asyncio.to_thread(_write_page, picture, view))

    async def script(self, request: Request, view: View) -> Response:
        picture = await self._pictures.read(view.filters)
        if Part.PROVIDERS in picture.missing:
            return PlainTextResponse("the directory does not answer", 503)
        return Response(await asyncio.to_thread(_write_script, picture, view), media_type=MEDIA_TYPES["js"])

    async def table(self, request: Request, view: View) -> Response:
        name = request.path_params["name"]
        if name not in TABLES:
            raise NotFound("there is no table of this name")
        picture = await self._pictures.read(view.filters)
        if TABLES[name] in picture.missing:
            return PlainTextResponse("what the table counts does not answer", 503)
        text = await asyncio.to_thread(_write_table, name, picture, view)
        headers = {"Content-Disposition": f'attachment; filename="ihala-{name}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

    async def sign_in_form(self, request: Request) -> Response:
        return HTMLResponse(pages.sign_in_page(_view(request)))

    async def sign_in(self, request: Request) -> Response:
        view = _view(request)
        if not is_from_here(request):
            return PlainTextResponse("the form must be sent from its own page", 403)
        code = (await read_form(request)).get("code", "")
        coordinator = await asyncio.to_thread(take_code, self._door.login_file, code, now=self._door.now())
        if coordinator is None:
            log.warning("sign_in.refused")
            return HTMLResponse(pages.sign_in_page(view, is_refused=True), 403)
        log.info("sign_in.done", coordinator_id=coordinator)
        response = RedirectResponse(f"/?{view.query()}", 303)
        response.set_cookie(
            self._door.cookie,
            self._door.sessions.begin(coordinator),
            httponly=True,
            secure=self._door.has_tls,
            samesite="strict",
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        if not is_from_here(request):
            return PlainTextResponse("the form must be sent from its own page", 403)
        self._door.sessions.end(request.cookies.get(self._door.cookie, ""))
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(self._door.cookie, httponly=True, secure=self._door.has_tls, samesite="strict")
        return response

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = assets().contents.get(name)
        if content is None or request.path_params["digest"] != assets().digest:
            raise NotFound("there is no such file")
        media_type = MEDIA_TYPES[name.rpartition(".")[2]]
        return Response(content, media_type=media_type, headers={"Cache-Control": FOR_EVER})

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("SERVING")


def _view(request: Request) -> View:
    preferred = preferred_language(request.headers.get("accept-language", ""))
    return view_from_query(request.query_params.multi_items(), preferred)


def _write_page(picture: Picture, view: View) -> str:
    return pages.map_page(picture, view, _names(picture, view))


def _write_script(picture: Picture, view: View) -> str:
    return map_script(picture, view, _names(picture, view))


def _write_table(name: str, picture: Picture, view: View) -> str:
    return table_csv(name, picture, view, _names(picture, view))


def _names(picture: Picture, view: View) -> dict[str, str]:
    return area_names(picture.h3_cells, view.language)


def _plain_view(request: Request) -> View:
    return View(filters=Filters(), language=preferred_language(request.headers.get("accept-language", "")))


async def _not_found(request: Request, error: Exception) -> Response:
    return HTMLResponse(pages.message_page(_plain_view(request), "wrong_address"), 404)


async def _invalid(request: Request, error: Exception) -> Response:
    lines = [error.message] if isinstance(error, InvalidInput) else []
    return HTMLResponse(pages.message_page(_plain_view(request), "wrong_address", lines), 400)


async def _failed(request: Request, error: Exception) -> Response:
    log.error("page.failed", exc_info=error)
    return HTMLResponse(pages.message_page(_plain_view(request), "failed"), 500)
