"""Read offers and houses as the answer page shows them; what it may know is the referrals service's decision (R10)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as pb
from services.notify.shown import Handover, House, Offer, ReportedPlaces
from services.runtime.times import time_of, time_to_wire
from services.taxonomy import Urgency

#: facts that are one word of an enum
_WORDS: Final = (("sex", match_pb.Sex, "SEX"), ("gender", match_pb.Gender, "GENDER"))
#: facts that are lists of codes
_LISTS: Final = ("family", "exploitation", "accessibility")
#: facts that are plain
_PLAIN: Final = ("unaccompanied", "has_documents")
_BRIEFING: Final = (
    ("brought_by", pb.BroughtBy, "BROUGHT_BY"),
    ("risk", pb.Risk, "RISK"),
    ("precaution", pb.Precaution, "PRECAUTION"),
)


def offer_from_wire(offer: pb.OfferView) -> Offer:
    """Read an offer."""
    urgency = word_of(match_pb.Urgency, "URGENCY", offer.urgency)
    return Offer(
        offer_id=offer.offer_id,
        provider_id=offer.provider_id,
        receiver_id=offer.receiver_id,
        state=word_of(pb.OfferState, "OFFER_STATE", offer.state),
        due_time=time_of(offer, "due_time"),
        due_kind=word_of(pb.DueKind, "DUE_KIND", offer.due_kind),
        urgency=Urgency(urgency) if urgency else None,
        code=offer.code,
        facts=_facts(offer.person),
        briefing=_briefing(offer.briefing),
        items={item.population: item.count for item in offer.items},
        is_divisible=offer.divisible,
        conditions=tuple(offer.conditions),
        arrive_start_time=time_of(offer, "arrive_start_time"),
        stay_end_time=time_of(offer, "stay_end_time"),
        area_cell=offer.area_cell,
        reason=offer.reason,
        question=offer.question,
        answer=offer.answer,
        is_answer_unread=offer.answer_unread,
        wait_until_time=time_of(offer, "wait_until_time"),
    )


def handover_from_wire(handover: pb.Handover) -> Handover:
    """Read what the sender has left for the meeting."""
    create_time = time_of(handover, "create_time")
    assert create_time is not None  # noqa: S101 -- it always has one
    return Handover(sealed=handover.sealed, key_id=handover.key_id, create_time=create_time)


def house_from_wire(provider: Any) -> House:
    """Read a provider of the desk."""
    names: dict[str, str] = {}
    for name in provider.names:
        names.setdefault(name.language, name.text)
    return House(
        provider_id=provider.provider_id,
        names=names,
        time_zone=provider.time_zone,
        country_code=provider.country_code,
        places=tuple(
            ReportedPlaces(
                population=report.population,
                total=report.total if report.HasField("total") else None,
                occupied=report.occupied if report.HasField("occupied") else None,
            )
            for report in provider.place_reports
        ),
    )


def _facts(person: Any) -> Mapping[str, object]:
    facts: dict[str, object] = {}
    if person.HasField("age"):
        age = person.age
        facts["age"] = (
            age.min_years if age.HasField("min_years") else None,
            age.max_years if age.HasField("max_years") else None,
        )
        facts["age_basis"] = word_of(match_pb.AgeBasis, "AGE_BASIS", age.basis)
    for name, words, prefix in _WORDS:
        if person.HasField(name):
            facts[name] = word_of(words, prefix, getattr(person, name))
    if person.HasField("languages"):
        facts["languages"] = tuple(person.languages.languages)
    facts |= {name: tuple(getattr(person, name).codes) for name in _LISTS if person.HasField(name)}
    facts |= {name: getattr(person, name) for name in _PLAIN if person.HasField(name)}
    return {name: value for name, value in facts.items() if value not in {"", ()}}


def _briefing(briefing: Any) -> Mapping[str, object]:
    found: dict[str, object] = {
        name: word_of(words, prefix, getattr(briefing, name)) for name, words, prefix in _BRIEFING
    }
    found["arrive_start_time"] = time_of(briefing, "arrive_start_time")
    found["arrive_end_time"] = time_of(briefing, "arrive_end_time")
    return {name: value for name, value in found.items() if value}


def word_of(words: Any, prefix: str, number: int) -> str:
    """Return a member's name in lower case; empty for one that is unspecified or newer than this code."""
    try:
        word = str(words.Name(number)).removeprefix(f"{prefix}_").lower()
    except ValueError:
        return ""
    return "" if word == "unspecified" else word


def terms_to_wire(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write what an answer carries besides its offer: times and places by their messages, anything else as it is."""
    written: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, datetime):
            written[name] = time_to_wire(value)
        elif name == "accept_items":
            written[name] = [match_pb.PlaceItem(population=each, count=count) for each, count in value.items()]
        else:
            written[name] = value
    return written
