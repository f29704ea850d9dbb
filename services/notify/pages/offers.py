"""Screens after the PIN: read an offer and answer it. What may be seen when is for referrals to say (R10)."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import structlog
from starlette.responses import RedirectResponse, Response

from services.errors import Conflict, FailedPrecondition, IhalaError, InvalidInput, NotFound, Reason, Unavailable
from services.notify.model import OPAQUE_ID, House, Offer
from services.notify.pages.facts import person_rows, summary_rows, way_rows
from services.notify.pages.parts import Parts
from services.notify.pages.screens import message, show
from services.notify.pages.visit import Visit, form_of, request_id_of
from services.notify.pages.words import Words
from services.taxonomy import Kind, Side, decline_reason, service, terms

#: what a desk may press, by where the offer stands; an arrival is never refused
ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "requested": ("acknowledge",),
    "received": ("accept", "decline"),
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
    "accept": "Accept",
    "decline": "Decline",
    "arrive": "Arrive",
    "fail": "Fail",
    "complete": "Complete",
}
FAULTS: Final[Mapping[str, str]] = {
    Reason.ALREADY_PLACED: "error_already_placed",
    Reason.NO_PLACE: "error_no_place",
    Reason.CONSENT_WITHDRAWN: "error_consent_withdrawn",
    Reason.ILLEGAL_MOVE: "error_illegal_move",
    "REASON_MISSING": "reason_missing",
}
NO_CAPACITY: Final = "no_capacity"

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


async def list_open(visit: Visit, parts: Parts) -> Response:
    """List what is open at this desk."""
    offers = await parts.referrals.list_offers(visit.desk.receiver_id)
    houses = await _houses(visit, parts)
    return show(
        visit,
        parts,
        "list.html",
        offers=[
            {
                "id": offer.offer_id,
                "heading": _need(offer, visit.words) or visit.words["unread"],
                "is_unread": offer.state == "requested",
                "urgency": _urgency(offer, visit.words),
                "due": _due(visit, offer, houses),
            }
            for offer in offers
        ],
    )


async def item(visit: Visit, parts: Parts) -> Response:
    """Show one offer."""
    offer = await parts.referrals.read(_offer_id(visit), visit.desk.receiver_id, visit.desk.device_id)
    houses = await _houses(visit, parts)
    fault = visit.request.query_params.get("e", "")
    words, language = visit.words, visit.words.language
    zone = _zone(visit, offer, houses)
    return show(
        visit,
        parts,
        "item.html",
        offer_id=offer.offer_id,
        fault=words[FAULTS.get(fault, "error_other")] if fault else "",
        state=words.get(f"state_{offer.state}", words["state_other"]),
        need=_need(offer, words),
        summary=summary_rows(offer, houses.get(offer.provider_id), words, zone, visit.now),
        person=person_rows(offer.facts, words),
        way=way_rows(offer.briefing, words, zone, visit.now),
        acts=ACTS.get(offer.state, OTHERWISE),
        beyond=fault == Reason.NO_PLACE,
        decline_reasons=[
            (code, term.labels[language])
            for code, term in terms(Kind.DECLINE_REASON).items()
            if decline_reason(code).side is Side.PROVIDER
        ],
        populations=_labels(Kind.POPULATION, language),
        failures=_labels(Kind.FAILURE, language),
        outcomes=_labels(Kind.OUTCOME, language),
    )


async def answer(visit: Visit, parts: Parts) -> Response:
    """Pass on the button that was pressed; one that could not be passed on is pressed again, and counts once."""
    fields = await form_of(visit)
    offer_id, act = _offer_id(visit), visit.request.path_params["act"]
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
            facts = _facts_of(act, fields)
            await _send(visit, parts, VERBS[act], offer_id, request_id, **facts)
    except (FailedPrecondition, Conflict) as error:
        return _to(f"{here}?e={error.reason}")
    except InvalidInput:
        return _to(f"{here}?e=REASON_MISSING")
    except Unavailable:
        return message(visit, parts, visit.words["try_again"], 503, again=fields)
    return _to(here)


async def _acknowledge(visit: Visit, parts: Parts, offer_id: str, request_id: str) -> None:
    await _send(visit, parts, "Acknowledge", offer_id, request_id)
    await parts.alerts.settle(offer_id, visit.now)


async def _send(visit: Visit, parts: Parts, verb: str, offer_id: str, request_id: str, **facts: Any) -> None:
    desk = visit.desk
    await parts.referrals.answer(verb, offer_id, desk.receiver_id, desk.device_id, request_id, **facts)


def _facts_of(act: str, fields: Mapping[str, str]) -> dict[str, Any]:
    match act:
        case "accept":
            return {"accept_beyond_report": fields.get("beyond") == "1"}
        case "decline":
            reason = _required(fields, "reason")
            if reason != NO_CAPACITY:
                return {"reason": reason}
            without_staff = fields.get("places_without_staff") == "1"
            return {
                "reason": reason,
                "population": fields.get("population", ""),
                "places_without_staff": without_staff,
            }
        case "fail":
            return {"reason": _required(fields, "failure")}
        case "complete":
            return {"outcome": _required(fields, "outcome")}
    return {}


def _required(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise InvalidInput(f"{name} must be chosen")
    return fields[name]


def _offer_id(visit: Visit) -> str:
    offer_id = str(visit.request.path_params["offer_id"])
    if OPAQUE_ID.fullmatch(offer_id) is None:
        raise NotFound("there is no such object")
    return offer_id


async def _houses(visit: Visit, parts: Parts) -> Mapping[str, House]:
    try:
        return {house.provider_id: house for house in await parts.directory.houses(visit.desk.receiver_id)}
    except IhalaError as error:  # an answer must not wait for the directory: only names are missing
        log.warning("page.without_directory", reason=error.reason)
        return {}


def _need(offer: Offer, words: Words) -> str:
    if not offer.code:
        return ""
    try:
        return service(offer.code).labels[words.language]
    except InvalidInput:  # newer than this code
        return offer.code


def _urgency(offer: Offer, words: Words) -> str:
    return terms(Kind.URGENCY)[offer.urgency].labels[words.language] if offer.urgency else ""


def _zone(visit: Visit, offer: Offer, houses: Mapping[str, House]) -> str:
    house = houses.get(offer.provider_id)
    return house.time_zone if house and house.time_zone else visit.desk.time_zone


def _due(visit: Visit, offer: Offer, houses: Mapping[str, House]) -> str:
    return visit.words.time(offer.due_time, _zone(visit, offer, houses), visit.now) if offer.due_time else ""


def _labels(kind: Kind, language: str) -> list[tuple[str, str]]:
    return [(code, term.labels[language]) for code, term in terms(kind).items()]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
