"""Pass on the buttons that a desk presses. A press that could not be passed on is pressed again, and counts once."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import structlog
from starlette.responses import RedirectResponse, Response

from services.errors import Conflict, FailedPrecondition, IhalaError, InvalidInput, NotFound, Reason, Unavailable
from services.notify.model import OPAQUE_ID
from services.notify.pages.parts import Parts
from services.notify.pages.screens import message
from services.notify.pages.terms import numbers_in, terms_in
from services.notify.pages.visit import Visit, form_of, request_id_of

#: what a desk may press, by where the offer stands; an arrival is never refused
ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "probing": ("could", "decline"),
    "draft": (),
    "awaiting_consent": (),
    "awaiting_approval": (),
    "requested": ("acknowledge",),
    "received": ("accept", "propose", "decline"),
    "info_requested": ("acknowledge",),
    "waitlisted": ("accept", "decline"),
    "proposed": ("arrive",),
    "accepted": ("arrive", "fail"),
    "in_transit": ("arrive", "fail"),
    "in_progress": ("complete",),
    "completed": (),
    "expired": ("accept", "arrive"),
    "superseded": ("arrive",),
}
OTHERWISE: Final = ("arrive",)
VERBS: Final[Mapping[str, str]] = {
    "acknowledge": "Acknowledge",
    "could": "AnswerProbe",
    "accept": "Accept",
    "propose": "Propose",
    "decline": "Decline",
    "arrive": "Arrive",
    "fail": "Fail",
    "complete": "Complete",
}
NO_CAPACITY: Final = "no_capacity"
MISSING: Final = "REASON_MISSING"
NUMBER: Final = "NUMBER"

log = structlog.get_logger(__name__)


async def read_next(visit: Visit, parts: Parts, fields: Mapping[str, str]) -> Response:
    """Say that a person reads what is due first, and show it; nothing waits: show the list."""
    offer_id = await parts.alerts.next_offer_id(visit.desk.receiver_id)
    if offer_id is None:
        return _to("/list")
    try:
        await _acknowledge(visit, parts, offer_id, request_id_of(visit, {**fields, "pin": "", "offer": offer_id}))
    except Unavailable:
        raise
    except IhalaError as error:  # it has moved on meanwhile: its page says where to
        log.info("page.not_acknowledged", reason=error.reason)
        await parts.alerts.settle(offer_id, visit.now)
    return _to(f"/item/{quote(offer_id)}")


async def answer(visit: Visit, parts: Parts) -> Response:
    """Pass on the button that was pressed."""
    fields = await form_of(visit)
    offer_id, act = offer_id_of(visit), visit.request.path_params["act"]
    if act not in VERBS:
        raise NotFound("there is no such act")
    here = f"/item/{quote(offer_id)}"
    if not visit.is_unlocked:
        return _to(f"/pin?e=expired&next={quote(here[1:])}")
    request_id = request_id_of(visit, fields)
    try:
        if act == "acknowledge":
            await _acknowledge(visit, parts, offer_id, request_id)
        else:
            facts = await _facts_of(visit, parts, act, offer_id, fields)
            await _send(visit, parts, VERBS[act], offer_id, request_id, **facts)
    except (FailedPrecondition, Conflict) as error:
        return _to(f"{here}?e={error.reason}{_beyond(act, error)}")
    except InvalidInput:
        return _to(f"{here}?e={NUMBER if act == 'accept' else MISSING}")
    except Unavailable:
        return message(visit, parts, visit.words["try_again"], 503, again=fields)
    return _to(here)


def offer_id_of(visit: Visit) -> str:
    """
    Return the offer of the address.

    Raises:
        NotFound: it can be none.
    """
    offer_id = str(visit.request.path_params["offer_id"])
    if OPAQUE_ID.fullmatch(offer_id) is None:
        raise NotFound("there is no such object")
    return offer_id


async def _acknowledge(visit: Visit, parts: Parts, offer_id: str, request_id: str) -> None:
    await _send(visit, parts, "Acknowledge", offer_id, request_id)
    await parts.alerts.settle(offer_id, visit.now)


async def _send(visit: Visit, parts: Parts, verb: str, offer_id: str, request_id: str, **facts: Any) -> None:
    desk = visit.desk
    await parts.referrals.answer(verb, offer_id, desk.receiver_id, desk.device_id, request_id, **facts)


async def _facts_of(visit: Visit, parts: Parts, act: str, offer_id: str, fields: Mapping[str, str]) -> dict[str, Any]:
    is_beyond = {"accept_beyond_report": fields.get("beyond") == "1"}
    match act:
        case "accept":
            if not any(name.startswith("take:") for name in fields):
                return is_beyond
            offer = await parts.referrals.read(offer_id, visit.desk.receiver_id, visit.desk.device_id)
            return {**is_beyond, "accept_items": numbers_in(fields, offer)}
        case "could":
            return {**is_beyond, "assess_first": fields.get("assess") == "1"}
        case "propose":
            return {**is_beyond, **terms_in(fields, visit.now)}
        case "decline" | "fail" | "complete":
            return reason_in(act, fields)
    return {}


def reason_in(act: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """
    Read the coded reason of a no, of a person who did not come, or of what came of a service.

    Raises:
        InvalidInput: none was chosen.
    """
    match act:
        case "complete":
            return {"outcome": _required(fields, "outcome")}
        case "fail":
            return {"reason": _required(fields, "failure")}
    reason = _required(fields, "reason")
    if reason != NO_CAPACITY:
        return {"reason": reason}
    return {
        "reason": reason,
        "population": fields.get("population", ""),
        "places_without_staff": fields.get("places_without_staff") == "1",
    }


def _beyond(act: str, error: IhalaError) -> str:
    return f"&a={act}" if error.reason is Reason.NO_PLACE else ""


def _required(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise InvalidInput(f"{name} must be chosen")
    return fields[name]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
