"""Screens after the PIN: the open offers, and one of them. What may be seen when is for referrals to say (R10)."""

from collections.abc import Mapping
from typing import Final

import structlog
from starlette.responses import Response

from services.errors import IhalaError, InvalidInput, NotFound
from services.notify.pages.answers import ACTS, OTHERWISE, offer_id_of
from services.notify.pages.facts import area_name, asked_rows, person_rows, summary_rows, terms_rows, way_rows
from services.notify.pages.forms import FAULTS, forms
from services.notify.pages.parts import Parts
from services.notify.pages.screens import show
from services.notify.pages.visit import Visit
from services.notify.pages.words import LEFT_TO_RIGHT, Words
from services.notify.shown import House, Offer
from services.taxonomy import Kind, service, terms

#: while somebody is on the way; what was left for the meeting is gone after it (R20)
EXPECTED: Final = frozenset({"accepted", "in_transit"})

log = structlog.get_logger(__name__)


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
                "heading": _heading(offer, visit.words),
                "is_unread": offer.state in {"requested", "probing"},
                "urgency": _urgency(offer, visit.words),
                "due": _due(visit, offer, houses),
            }
            for offer in offers
        ],
    )


async def item(visit: Visit, parts: Parts) -> Response:
    """Show one offer."""
    offer = await parts.referrals.read(offer_id_of(visit), visit.desk.receiver_id, visit.desk.device_id)
    houses = await _houses(visit, parts)
    query = visit.request.query_params
    fault = query.get("e", "")
    words = visit.words
    house, zone = houses.get(offer.provider_id), _zone(visit, offer, houses)
    return show(
        visit,
        parts,
        "item.html",
        offer_id=offer.offer_id,
        fault=words[FAULTS.get(fault, "error_other")] if fault else "",
        state=words.get(f"state_{offer.state}", words["state_other"]),
        is_question=offer.state == "probing",
        need=need_name(offer.code, words),
        summary=[
            *summary_rows(offer, house, words, zone, visit.now),
            *terms_rows(offer, words, zone, visit.now),
            *asked_rows(offer, words),
            *area_name(offer.area_cell, house.country_code if house else "", words),
        ],
        person=person_rows(offer.facts, words),
        way=way_rows(offer.briefing, words, zone, visit.now),
        is_expected=offer.state in EXPECTED,
        left=await _left(visit, parts, offer, zone),
        **forms(offer, ACTS.get(offer.state, OTHERWISE), words, zone, visit.now, query),
    )


async def sealed_note(visit: Visit, parts: Parts) -> Response:
    """Give out what the sender has left for the meeting, sealed as it is, for the program that has the key."""
    offer_id = offer_id_of(visit)
    left = await parts.referrals.handover(offer_id, visit.desk.receiver_id, visit.desk.device_id)
    if left is None:
        raise NotFound("there is no such object")
    return Response(
        left.sealed,
        media_type="application/octet-stream",
        headers={"Content-Disposition": 'attachment; filename="note.sealed"'},
    )


async def _left(visit: Visit, parts: Parts, offer: Offer, zone: str) -> dict[str, str] | None:
    """Say when something was left for the meeting, and to which key it is sealed; an answer must not wait for it."""
    if offer.state not in EXPECTED:
        return None
    try:
        left = await parts.referrals.handover(offer.offer_id, visit.desk.receiver_id, visit.desk.device_id)
    except IhalaError as error:
        log.warning("page.without_handover", reason=error.reason)
        return None
    if left is None:
        return None
    time = visit.words.time(left.create_time, zone, visit.now)
    return {"time": time, "key_id": LEFT_TO_RIGHT.format(left.key_id)}


def need_name(code: str, words: Words) -> str:
    """Say what is needed; empty where nothing may be said yet."""
    if not code:
        return ""
    try:
        return service(code).labels[words.language]
    except InvalidInput:  # newer than this code
        return code


async def _houses(visit: Visit, parts: Parts) -> Mapping[str, House]:
    try:
        return {house.provider_id: house for house in await parts.directory.houses(visit.desk.receiver_id)}
    except IhalaError as error:  # an answer must not wait for the directory: only names are missing
        log.warning("page.without_directory", reason=error.reason)
        return {}


def _heading(offer: Offer, words: Words) -> str:
    if need := need_name(offer.code, words):
        return need
    if offer.state in {"requested", "probing"}:
        return words["question" if offer.state == "probing" else "unread"]
    return words.get(f"state_{offer.state}", words["state_other"])


def _urgency(offer: Offer, words: Words) -> str:
    return terms(Kind.URGENCY)[offer.urgency].labels[words.language] if offer.urgency else ""


def _zone(visit: Visit, offer: Offer, houses: Mapping[str, House]) -> str:
    house = houses.get(offer.provider_id)
    return house.time_zone if house and house.time_zone else visit.desk.time_zone


def _due(visit: Visit, offer: Offer, houses: Mapping[str, House]) -> str:
    return visit.words.time(offer.due_time, _zone(visit, offer, houses), visit.now) if offer.due_time else ""
