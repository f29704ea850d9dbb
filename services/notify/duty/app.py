"""Put the duty page behind one door: a code opens it, an open page stays signed in for a shift."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from services.errors import Conflict, FailedPrecondition, IhalaError, InvalidInput, NotFound, Reason
from services.notify.duty import calls, rosters, tasks, waking
from services.notify.duty.parts import DutyParts, DutyVisit, duty_visit
from services.notify.duty.screens import show
from services.notify.pages.app import LANGUAGE_AGE_S, SERVER_ERROR
from services.notify.pages.sealing import FILES, sealed
from services.notify.pages.visit import LANGUAGE_COOKIE
from services.notify.pages.waking import manifest, worker
from services.notify.pages.words import LANGUAGES
from services.notify.secrecy import token_digest
from services.notify.store.duty_sessions import LIFE
from services.runtime.sign_in import take_code

Screen = Callable[[DutyVisit, DutyParts], Awaitable[Response]]
MAX_CODE: Final = 64

log = structlog.get_logger(__name__)


def make_duty_app(parts: DutyParts) -> Starlette:
    """Make the application of the duty page."""

    def door(path: str, screen: Screen, method: str = "GET", *, is_open: bool = False) -> Route:
        async def enter(request: Request) -> Response:
            return await _enter(request, parts, screen, is_open=is_open)

        return Route(path, enter, methods=[method])

    return Starlette(
        routes=[
            door("/", tasks.list_tasks),
            door("/count", tasks.count),
            door("/task/{task_id}", calls.show_task),
            door("/task/{task_id}/take", tasks.take, "POST"),
            door("/task/{task_id}/close", tasks.close, "POST"),
            door("/task/{task_id}/said/{act}", calls.record, "POST"),
            door("/push", waking.subscribe, "POST"),
            door("/push/end", waking.unsubscribe, "POST"),
            door("/worker.js", worker, is_open=True),
            door("/app.webmanifest", manifest, is_open=True),
            door("/rosters", rosters.show_rosters),
            door("/rosters/pause", rosters.pause, "POST"),
            door("/sign-in", _ask_code, is_open=True),
            door("/sign-in", _sign_in, "POST", is_open=True),
            door("/leave", _leave, is_open=True),
            *FILES,
        ],
        exception_handlers={404: _plain, 405: _plain},
    )


async def _enter(request: Request, parts: DutyParts, screen: Screen, *, is_open: bool) -> Response:
    try:
        visit = await duty_visit(request, parts)
    except IhalaError as error:
        log.warning("duty.unavailable", reason=error.reason)
        return sealed(Response(status_code=503, headers={"Retry-After": "5", "Refresh": "5"}))
    if not visit.coordinator and not is_open:
        away = JSONResponse({}, 403) if request.url.path == "/count" else RedirectResponse("/sign-in", 303)
        return sealed(away)
    try:
        response = await screen(visit, parts)
    except IhalaError as error:
        response = _refusal(visit, parts, error)
    except Exception:  # the last resort: nobody sees what it was but the log, by its shape
        log.exception("duty.failed")
        response = show(visit, parts, "duty_message.html", status=SERVER_ERROR, fault=visit.words["try_again"])
    if request.query_params.get("l") in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE,
            visit.words.language,
            max_age=LANGUAGE_AGE_S,
            secure=parts.is_secure,
            httponly=True,
            samesite="strict",
        )
    return sealed(response)


def _refusal(visit: DutyVisit, parts: DutyParts, error: IhalaError) -> Response:
    log.info("duty.refused", reason=error.reason)
    if isinstance(error, NotFound):
        # somebody else has closed it, or the answer did
        gone = "task_gone" if "task_id" in visit.request.path_params else "not_found"
        return show(visit, parts, "duty_message.html", status=404, fault=visit.words[gone])
    if isinstance(error, Conflict | FailedPrecondition) and "task_id" in visit.request.path_params:
        return RedirectResponse(f"/task/{visit.request.path_params['task_id']}?e=CONFLICT", status_code=303)
    if isinstance(error, InvalidInput):
        status = 403 if error.reason is Reason.MALFORMED else 400
        return show(visit, parts, "duty_message.html", status=status, fault=visit.words["page_stale"])
    return show(visit, parts, "duty_message.html", status=503, fault=visit.words["try_again"])


async def _ask_code(visit: DutyVisit, parts: DutyParts) -> Response:
    is_refused = "e" in visit.request.query_params
    return show(visit, parts, "duty_sign_in.html", fault=visit.words["code_wrong"] if is_refused else "")


async def _sign_in(visit: DutyVisit, parts: DutyParts) -> Response:
    fields = await visit.form()
    code = fields.get("code", "")[:MAX_CODE]
    coordinator = await asyncio.to_thread(take_code, parts.login_file, code, now=visit.now)
    if coordinator is None:
        log.warning("duty.sign_in_refused")
        return RedirectResponse("/sign-in?e=1", status_code=303)
    token = parts.random_token()
    await parts.sessions.begin(token_digest(token), coordinator, visit.now)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        parts.cookie,
        token,
        max_age=int(LIFE.total_seconds()),
        path="/",
        secure=parts.is_secure,
        httponly=True,
        samesite="strict",
    )
    return response


async def _leave(visit: DutyVisit, parts: DutyParts) -> Response:
    """Sign out, and show something that anybody may have open."""
    if visit.token:
        await parts.sessions.end(token_digest(visit.token), visit.coordinator)
    response = RedirectResponse(parts.exit_url, status_code=303, headers={"Clear-Site-Data": '"cache"'})
    response.delete_cookie(parts.cookie, path="/", secure=parts.is_secure, httponly=True, samesite="strict")
    return response


async def _plain(request: Request, error: Exception) -> Response:
    return sealed(RedirectResponse("/", status_code=303))
