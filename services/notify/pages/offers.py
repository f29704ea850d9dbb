"""Screens after the PIN: the open offers, and one of them. What may be seen when is for referrals to say (R10)."""

from collections.abc import Mapping
from typing import Final

import structlog
from starlette.responses import Response

from services.errors import IhalaError, InvalidInput, Reason
from services.notify.pages.answers import ACTS, MISSING, NUMBER, OTHERWISE, offer_id_of
from services.notify.pages.facts import area_name, person_rows, summary_rows, terms_rows, way_rows
from services.notify.pages.parts import Parts
from services.notify.pages.screens import show
from services.notify.pages.terms import TICKED, arrivals, stays
from services.notify.pages.visit import Visit
from services.notify.pages.words import Words
from services.notify.shown import House, Offer
from services.taxonomy import Kind, Side, decline_reason, service, terms

FAULTS: Final[Mapping[str, str]] = {
    Reason.ALREADY_PLACED: "error_already_placed",
    Reason.NO_PLACE: "error_no_place",
    Reason.CONSENT_WITHDRAWN: "error_consent_withdrawn",
    Reason.ILLEGAL_MOVE: "error_illegal_move",
    MISSING: "reason_missing",
    NUMBER: "number_bad",
}

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
    words, language = visit.words, visit.words.language
    house, zone = houses.get(offer.provider_id), _zone(visit, offer, houses)
    populations = terms(Kind.POPULATION)
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
            *area_name(offer.area_cell, house.country_code if house else "", words),
        ],
        person=person_rows(offer.facts, words),
        way=way_rows(offer.briefing, words, zone, visit.now),
        acts=ACTS.get(offer.state, OTHERWISE),
        beyond=query.get("a", "accept") if fault == Reason.NO_PLACE else "",
        numbers=[
            (each, populations[each].labels[language] if each in populations else each, count)
            for each, count in offer.items.items()
            if offer.is_divisible
        ],
        ticked=[(name, words[f"if_{name}"]) for name in TICKED],
        arrivals=arrivals(words, zone, visit.now),
        stays=stays(words, zone, visit.now),
        coded=choices(language),
    )


def choices(language: str) -> dict[str, list[tuple[str, str]]]:
    """Say the coded reasons of a no, of a person who did not come, and of what came of it, in a language."""
    return {
        "decline_reasons": [
            (code, term.labels[language])
            for code, term in terms(Kind.DECLINE_REASON).items()
            if decline_reason(code).side is Side.PROVIDER
        ],
        "populations": _labels(Kind.POPULATION, language),
        "failures": _labels(Kind.FAILURE, language),
        "outcomes": _labels(Kind.OUTCOME, language),
    }


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


def _labels(kind: Kind, language: str) -> list[tuple[str, str]]:
    return [(code, term.labels[language]) for code, term in terms(kind).items()]
