"""One task with whom to ring, and the answer that was given on the telephone: `on_behalf_of`, `via=phone`."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from starlette.responses import RedirectResponse, Response

from services.errors import Conflict, FailedPrecondition, IhalaError, InvalidInput, NotFound, Unavailable
from services.notify.duty.model import Callee
from services.notify.duty.parts import DutyParts, DutyVisit
from services.notify.duty.screens import show
from services.notify.duty.tasks import FAULTS, callee_of, task_id_of, task_rows
from services.notify.pages.facts import area_name, asked_rows, terms_rows
from services.notify.pages.forms import FAULTS as OFFER_FAULTS
from services.notify.pages.forms import forms, items_of
from services.notify.pages.pressed import VERBS, facts_in, refused
from services.notify.shown import Offer

#: what can be recorded after a call, by where the offer stands: on the telephone nobody reads first
ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "probing": ("could", "decline"),
    "requested": ("acknowledge", "accept", "propose", "ask", "wait", "decline"),
    "received": ("accept", "propose", "ask", "wait", "decline"),
    "info_requested": ("acknowledge",),
    "waitlisted": ("accept", "decline"),
    "proposed": ("arrive",),
    "accepted": ("arrive", "fail"),
    "in_transit": ("arrive", "fail"),
    "in_progress": ("complete",),
    "expired": ("accept", "arrive"),
}

log = structlog.get_logger(__name__)


async def show_task(visit: DutyVisit, parts: DutyParts) -> Response:
    """Show a task: what, how soon, whom to ring, and what they may have said."""
    task = await parts.duty.task(task_id_of(visit), visit.coordinator)
    callee = await callee_of(parts, task)
    offer = await _offer(visit, parts, task.offer_id, callee)
    words, language = visit.words, visit.words.language
    fault = visit.request.query_params.get("e", "")
    zone = callee.time_zone if callee and callee.time_zone else parts.time_zone
    return show(
        visit,
        parts,
        "duty_task.html",
        fault=words[{**OFFER_FAULTS, **FAULTS}.get(fault, "error_other")] if fault else "",
        task=task,
        kind=words.get(f"task_{task.kind}", words["task_other"]),
        hint=words.get(f"hint_{task.kind}", ""),
        is_mine=task.is_taken and task.owner == visit.coordinator,
        rows=task_rows(visit, parts, task),
        name=_name(callee, language),
        phones=callee.phones if callee else (),
        sender=task.sender,
        sender_phones=await parts.contacts.phones(task.sender) if task.sender else (),
        area=area_name(callee.area_cell, callee.country_code, words) if callee else [],
        is_unconnected=callee is not None and not callee.receiver_id,
        state=words.get(f"duty_{offer.state}", words["state_other"]) if offer else "",
        said=[*terms_rows(offer, words, zone, visit.now), *asked_rows(offer, words)] if offer else [],
        items=items_of(offer, language) if offer else [],
        **(_forms(visit, offer, zone) if offer else {"acts": ()}),
        outcomes=[(code, words[f"outcome_{code}"]) for code in task.outcomes],
    )


async def record(visit: DutyVisit, parts: DutyParts) -> Response:
    """Record what a provider said."""
    fields = await visit.form()
    task_id, act = task_id_of(visit), visit.request.path_params["act"]
    here = f"/task/{task_id}"
    if act not in VERBS:
        raise NotFound("there is no such act")
    task = await parts.duty.task(task_id, visit.coordinator)
    callee = await parts.callees.callee(task.provider_id)
    try:
        facts = await facts_in(
            act, fields, visit.now, lambda: parts.duty.read(task.offer_id, callee.speaks_as, visit.coordinator)
        )
        await parts.duty.answer(
            VERBS[act], task.offer_id, callee.speaks_as, visit.coordinator, visit.request_id(fields), **facts
        )
    except (FailedPrecondition, Conflict, InvalidInput) as error:
        return RedirectResponse(refused(here, act, error), status_code=303)
    except Unavailable:  # nobody is rung twice for the same answer: it is sent again as it was, and counts once
        return show(
            visit,
            parts,
            "message.html",
            status=503,
            fault=visit.words["try_again"],
            again=tuple(fields.items()),
            again_at=visit.request.url.path,
        )
    # an answer makes a task to ring needless: it is closed by itself
    open_ids = {each.task_id for each in await parts.duty.tasks(visit.coordinator)}
    return RedirectResponse(f"{here}?kept=1" if task_id in open_ids else "/?kept=1", status_code=303)


async def _offer(visit: DutyVisit, parts: DutyParts, offer_id: str, callee: Callee | None) -> Offer | None:
    if not offer_id or callee is None:
        return None
    try:
        return await parts.duty.read(offer_id, callee.speaks_as, visit.coordinator)
    except IhalaError as error:  # a desk answers for itself again: the task is there all the same
        log.info("duty.without_offer", reason=error.reason)
        return None


def _forms(visit: DutyVisit, offer: Offer, zone: str) -> dict[str, Any]:
    return forms(offer, ACTS.get(offer.state, ()), visit.words, zone, visit.now, visit.request.query_params)


def _name(callee: Callee | None, language: str) -> str:
    if callee is None:
        return ""
    return next((callee.names[each] for each in (language, "en", "fr", "ar") if each in callee.names), "")
