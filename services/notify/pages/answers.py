"""Pass on the buttons that a desk presses. A press that could not be passed on is pressed again, and counts once."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import structlog
from starlette.responses import RedirectResponse, Response

from services.errors import Conflict, FailedPrecondition, IhalaError, InvalidInput, NotFound, Unavailable
from services.notify.model import OPAQUE_ID
from services.notify.pages.parts import Parts
from services.notify.pages.pressed import VERBS, facts_in, refused
from services.notify.pages.screens import message
from services.notify.pages.visit import Visit, form_of, request_id_of
from services.notify.shown import Offer

#: what a desk may press, by where the offer stands; an arrival is never refused
ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "probing": ("could", "decline"),
    "draft": (),
    "awaiting_consent": (),
    "awaiting_approval": (),
    "requested": ("acknowledge",),
    "received": ("accept", "propose", "ask", "wait", "decline"),
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
            facts = await facts_in(act, fields, visit.now, lambda: _read(visit, parts, offer_id))
            await _send(visit, parts, VERBS[act], offer_id, request_id, **facts)
    except (FailedPrecondition, Conflict, InvalidInput) as error:
        return _to(refused(here, act, error))
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


async def _read(visit: Visit, parts: Parts, offer_id: str) -> Offer:
    return await parts.referrals.read(offer_id, visit.desk.receiver_id, visit.desk.device_id)


async def _send(visit: Visit, parts: Parts, verb: str, offer_id: str, request_id: str, **facts: Any) -> None:
    desk = visit.desk
    await parts.referrals.answer(verb, offer_id, desk.receiver_id, desk.device_id, request_id, **facts)


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
