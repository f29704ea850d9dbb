"""Screens of tasks: what rings, what there is to do, take it, close it."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import structlog
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.errors import IhalaError, InvalidInput, NotFound
from services.notify.duty.model import Callee, DutyTask
from services.notify.duty.parts import DutyParts, DutyVisit
from services.notify.duty.screens import render, show
from services.notify.duty.whom import watch
from services.notify.model import OPAQUE_ID
from services.notify.pages.offers import need_name
from services.notify.pages.waking import worker_path
from services.notify.secrecy import token_digest
from services.runtime.stop import first_of
from services.taxonomy import Kind, terms

FAULTS: Final = {"CONFLICT": "task_moved", "ILLEGAL_MOVE": "error_illegal_move", "REASON_MISSING": "reason_missing"}

HELD_S: Final = 25.0  #: how long a page waits for something else than it shows; proxies allow for more
LOOK_EVERY_S: Final = 5.0  #: meanwhile, for what begins to ring by its clock
MARK_DIGITS: Final = 16

log = structlog.get_logger(__name__)


async def list_tasks(visit: DutyVisit, parts: DutyParts) -> Response:
    """Show what there is to do, what rings first."""
    found = await parts.duty.tasks(visit.coordinator)
    on_watch = await watch(parts.duty, parts.sessions, visit.coordinator, visit.now)
    ringing = on_watch.ringing(visit.coordinator, found)
    present = _present(visit, parts, found, ringing)
    return show(
        visit,
        parts,
        "duty_tasks.html",
        note=visit.words.say("in_no_roster", who=visit.coordinator) if on_watch.misses(visit.coordinator) else "",
        count=present["count"],
        due=present["due"],
        mark=present["mark"],
        rows=_rows(visit, parts, found, ringing),
        push_key=parts.push.public_key if parts.push else "",
        push_kept=parts.push is not None and await parts.push.pushes.is_subscribed(token_digest(visit.token)),
        worker=worker_path(visit.words),
    )


async def count(visit: DutyVisit, parts: DutyParts) -> Response:
    """
    Tell the page's script what rings and what there is to do.

    A page that says by its mark what it shows is answered once that is something else,
    so that it rings at once and asks seldom.
    """
    clock = asyncio.get_running_loop().time
    shown = visit.request.query_params.get("mark", "")
    end_s = clock() + (HELD_S if shown else 0)
    while True:
        if await parts.sessions.find(token_digest(visit.token), parts.now()) is None:
            return JSONResponse({}, 403)  # its time is over while it waits
        ticket = parts.bell.ticket()  # before the look, so that no change is missed between
        look = replace(visit, now=parts.now())
        found = await parts.duty.tasks(visit.coordinator)
        present = _present(look, parts, found, await _ringing(look, parts, found))
        left_s = end_s - clock()
        if present["mark"] != shown or left_s <= 0 or parts.stop.is_set():
            return JSONResponse(present)
        await first_of(min(LOOK_EVERY_S, left_s), ticket, parts.stop)


async def take(visit: DutyVisit, parts: DutyParts) -> Response:
    """Let whoever is signed in own a task; it stops ringing for everybody."""
    fields = await visit.form()
    task_id = task_id_of(visit)
    await parts.duty.take(task_id, version_in(fields), visit.coordinator, visit.request_id(fields))
    return RedirectResponse(f"/task/{task_id}", status_code=303)


async def close(visit: DutyVisit, parts: DutyParts) -> Response:
    """Close a task with the code that was chosen."""
    fields = await visit.form()
    task_id, outcome = task_id_of(visit), fields.get("outcome", "")
    if not outcome:
        return RedirectResponse(f"/task/{task_id}?e=REASON_MISSING", status_code=303)
    await parts.duty.close(task_id, version_in(fields), outcome, visit.coordinator, visit.request_id(fields))
    return RedirectResponse("/?done=1", status_code=303)


def task_id_of(visit: DutyVisit) -> str:
    """
    Return the task of the address.

    Raises:
        NotFound: it can be none.
    """
    task_id = str(visit.request.path_params["task_id"])
    if OPAQUE_ID.fullmatch(task_id) is None:
        raise NotFound("there is no such object")
    return task_id


def version_in(fields: Any) -> int:
    """
    Return the version of the task that somebody looked at.

    Raises:
        InvalidInput: there is none.
    """
    text = fields.get("version", "")
    if not text.isascii() or not text.isdigit() or len(text) > len("999999999"):
        raise InvalidInput("version must be that of the page")
    return int(text)


def task_rows(visit: DutyVisit, parts: DutyParts, task: DutyTask) -> list[tuple[str, str]]:
    """Say what is known of a task: code, class, clocks, who has it."""
    words, now = visit.words, visit.now
    rows = [
        (words["asked_for"], need_name(task.code, words)),
        (words["urgency"], terms(Kind.URGENCY)[task.urgency].labels[words.language] if task.urgency else ""),
        (words["done_by"], words.time(task.due_time, parts.time_zone, now)),
        (words["since"], words.time(task.create_time, parts.time_zone, now)),
        (words["owner"], task.owner),
    ]
    return [(name, value) for name, value in rows if value]


async def callee_of(parts: DutyParts, task: DutyTask) -> Callee | None:
    """Find whom to ring; a task must not wait for the directory."""
    if not task.provider_id:
        return None
    try:
        return await parts.callees.callee(task.provider_id)
    except IhalaError as error:
        log.warning("duty.without_directory", reason=error.reason)
        return None


async def _ringing(visit: DutyVisit, parts: DutyParts, found: Sequence[DutyTask]) -> list[DutyTask]:
    """List what rings for whoever is signed in; what rings for others is in the list alone."""
    if not any(task.rings(visit.now) for task in found):
        return []
    on_watch = await watch(parts.duty, parts.sessions, visit.coordinator, visit.now)
    return on_watch.ringing(visit.coordinator, found)


def _present(
    visit: DutyVisit, parts: DutyParts, found: Sequence[DutyTask], ringing: Sequence[DutyTask]
) -> dict[str, object]:
    present: dict[str, object] = {
        "count": len(ringing),
        "due": _due(visit, parts, ringing),
        "seen": "",
        "list": render(visit, parts, "duty_rows.html", rows=_rows(visit, parts, found, ringing)),
    }
    mark = hashlib.sha256(json.dumps(present).encode()).hexdigest()[:MARK_DIGITS]
    return present | {"mark": mark}


def _rows(
    visit: DutyVisit, parts: DutyParts, found: Sequence[DutyTask], ringing: Sequence[DutyTask]
) -> list[dict[str, object]]:
    words, loud = visit.words, {task.task_id for task in ringing}
    ordered = sorted(found, key=lambda task: (task.task_id not in loud, task.is_taken, task.due_time))
    return [
        {
            "id": task.task_id,
            "kind": words.get(f"task_{task.kind}", words["task_other"]),
            "need": need_name(task.code, words),
            "due": words.time(task.due_time, parts.time_zone, visit.now),
            "urgency": terms(Kind.URGENCY)[task.urgency].labels[words.language] if task.urgency else "",
            "owner": words.say("taken_by", owner=task.owner) if task.is_taken else words["taken_by_nobody"],
            "rings": task.task_id in loud,
        }
        for task in ordered
    ]


def _due(visit: DutyVisit, parts: DutyParts, ringing: Sequence[DutyTask]) -> str:
    if not ringing:
        return ""
    due_time = min(task.due_time for task in ringing)
    return visit.words.say("first_by", time=visit.words.time(due_time, parts.time_zone, visit.now))
