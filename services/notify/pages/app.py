"""Put the screens behind one door: who may see which, what every answer carries, and what a failure says."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from services.errors import Exhausted, IhalaError, InvalidInput, NotFound, Reason
from services.notify.pages import answers, offers, places, shift, waking
from services.notify.pages.parts import Parts
from services.notify.pages.screens import message
from services.notify.pages.sealing import FILES, sealed
from services.notify.pages.visit import LANGUAGE_COOKIE, Visit, visit
from services.notify.pages.words import LANGUAGES

Screen = Callable[[Visit, Parts], Awaitable[Response]]

LANGUAGE_AGE_S: Final = 400 * 86_400
SERVER_ERROR: Final = 500

log = structlog.get_logger(__name__)


def make_app(parts: Parts) -> Starlette:
    """Make the application of the answer page."""

    def door(path: str, screen: Screen, method: str = "GET", *, device: bool = True, unlocked: bool = False) -> Route:
        async def enter(request: Request) -> Response:
            return await _enter(request, parts, screen, needs_device=device, needs_unlocked=unlocked)

        return Route(path, enter, methods=[method])

    return Starlette(
        routes=[
            door("/", shift.start, device=False),
            door("/count", shift.count, device=False),
            door("/enrol", shift.enrol, "POST", device=False),
            door("/leave", shift.leave, device=False),
            door("/worker.js", waking.worker, device=False),
            door("/app.webmanifest", waking.manifest, device=False),
            door("/push", waking.subscribe, "POST"),
            door("/push/end", waking.unsubscribe, "POST"),
            door("/pin", shift.ask_pin),
            door("/pin", shift.unlock, "POST"),
            door("/reading", shift.reading, "POST"),
            door("/list", offers.list_open, unlocked=True),
            door("/item/{offer_id}", offers.item, unlocked=True),
            door("/item/{offer_id}/note", offers.sealed_note, unlocked=True),
            door("/item/{offer_id}/{act}", answers.answer, "POST"),
            door("/places", places.show_places, unlocked=True),
            door("/places", places.report, "POST"),
            *FILES,
        ],
        exception_handlers={404: _plain, 405: _plain},
    )


async def _enter(
    request: Request, parts: Parts, screen: Screen, *, needs_device: bool, needs_unlocked: bool
) -> Response:
    try:
        visiting = await visit(request, parts)
    except IhalaError as error:
        log.warning("page.unavailable", reason=error.reason)
        return sealed(Response(status_code=503, headers={"Retry-After": "5", "Refresh": "5"}))
    try:
        response = await _pass(visiting, parts, screen, needs_device=needs_device, needs_unlocked=needs_unlocked)
    except IhalaError as error:
        response = _refusal(visiting, parts, error)
    except Exception:  # the last resort: nobody sees what it was but the log, by its shape
        log.exception("page.failed")
        response = message(visiting, parts, visiting.words["try_again"], SERVER_ERROR)
    if request.query_params.get("l") in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            visiting.words.language,
            max_age=LANGUAGE_AGE_S,
            secure=parts.is_secure,
            httponly=True,
            samesite="strict",
        )
    return sealed(response)


async def _pass(visiting: Visit, parts: Parts, screen: Screen, *, needs_device: bool, needs_unlocked: bool) -> Response:
    if needs_device and visiting.device is None:
        return RedirectResponse("/", status_code=303)
    if visiting.device is not None:
        await parts.shifts.note_heard(visiting.device.device_id, visiting.now, shift.HEARD_EVERY)
    if needs_unlocked and not visiting.is_unlocked:
        return RedirectResponse(f"/pin?next={quote(visiting.request.url.path[1:])}", status_code=303)
    return await screen(visiting, parts)


def _refusal(visiting: Visit, parts: Parts, error: IhalaError) -> Response:
    log.info("page.refused", reason=error.reason)
    if isinstance(error, NotFound):
        return message(visiting, parts, visiting.words["not_found"], 404)
    if isinstance(error, Exhausted):
        return message(visiting, parts, visiting.words["page_stale"], 413)
    if isinstance(error, InvalidInput):
        status = 403 if error.reason is Reason.MALFORMED else 400
        return message(visiting, parts, visiting.words["page_stale"], status)
    return message(visiting, parts, visiting.words["try_again"], 503)


async def _plain(request: Request, error: Exception) -> Response:
    return sealed(RedirectResponse("/", status_code=303))
