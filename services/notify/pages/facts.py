"""Say the facts of an offer in words: coded on the wire, labelled here in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.notify.pages.words import Words
from services.notify.shown import House, Offer
from services.taxonomy import Kind, languages, terms
from services.towns import largest_town, town_name

Rows = list[tuple[str, str]]

_KINDS: Final[Mapping[str, Kind]] = {
    "age_basis": Kind.AGE_BASIS,
    "sex": Kind.SEX,
    "gender": Kind.GENDER,
    "family": Kind.FAMILY,
    "exploitation": Kind.EXPLOITATION,
    "accessibility": Kind.ACCESSIBILITY,
}
_TIMED: Final = frozenset({"earliest_arrival", "longest_stay"})
_DUE: Final[Mapping[str, str]] = {
    "arrive": "due_arrive",
    "follow_up": "due_follow_up",
    "person_decides": "due_person",
}


def summary_rows(offer: Offer, house: House | None, words: Words, zone: str, now: datetime) -> Rows:
    """Say how soon, by when, for whom, and which house is asked."""
    rows: Rows = []
    if offer.urgency:
        rows.append((words["urgency"], terms(Kind.URGENCY)[offer.urgency].labels[words.language]))
    if offer.due_time:
        rows.append((words[_DUE.get(offer.due_kind, "due_decide")], words.time(offer.due_time, zone, now)))
    if offer.items:
        populations = terms(Kind.POPULATION)
        asked = [
            f"{populations[code].labels[words.language] if code in populations else code} × {count}"
            for code, count in offer.items.items()
        ]
        rows.append((words["places_asked"], _joined(asked, words)))
    if house and (name := house_name(house, words)):
        rows.append((words["house"], name))
    return rows


def person_rows(facts: Mapping[str, object], words: Words) -> Rows:
    """Say what is told of the person."""
    return [
        (words[name], _fact(name, value, words))
        for name, value in facts.items()
        if name in {"age", "languages", "unaccompanied", "has_documents", *_KINDS}
    ]


def way_rows(briefing: Mapping[str, Any], words: Words, zone: str, now: datetime) -> Rows:
    """Say who brings the person, when, and what the house must know for its own safety."""
    rows = [
        (words[name], words[f"{name}_{briefing[name]}"])
        for name in ("brought_by", "risk", "precaution")
        if f"{name}_{briefing.get(name)}" in words
    ]
    start, end = briefing.get("arrive_start_time"), briefing.get("arrive_end_time")
    if start or end:
        key = "arrival_between" if start and end else "arrival_from" if start else "arrival_to"
        times = {name: words.time(time, zone, now) for name, time in (("start", start), ("end", end)) if time}
        rows.insert(0, (words["arrival"], words.say(key, **times)))
    return rows


def terms_rows(offer: Offer, words: Words, zone: str, now: datetime) -> Rows:
    """Say what the desk's own "yes, if" hangs on, and how long its waiting list may last."""
    rows: Rows = []
    if offer.arrive_start_time:
        rows.append((words["if_earliest_arrival"], words.time(offer.arrive_start_time, zone, now)))
    if offer.stay_end_time:
        rows.append((words["if_longest_stay"], words.time(offer.stay_end_time, zone, now)))
    if offer.wait_until_time and offer.state == "waitlisted":
        rows.append((words["waits_until"], words.time(offer.wait_until_time, zone, now)))
    said = [words[f"if_{name}"] for name in offer.conditions if name not in _TIMED and f"if_{name}" in words]
    return [*rows, (words["yes_if"], _joined(said, words))] if said else rows


def asked_rows(offer: Offer, words: Words) -> Rows:
    """Say what the desk has asked back, and what came of it."""
    # whoever goes on without the answer gets none any more
    if f"ask_{offer.question}" not in words or not (offer.answer or offer.state == "info_requested"):
        return []
    rows = [(words["you_asked"], words[f"ask_{offer.question}"])]
    return [*rows, (words["the_answer"], words.get(f"answer_{offer.answer}", words["answer_awaited"]))]


def area_name(area_cell: str, country_code: str, words: Words) -> Rows:
    """Say around which town a question's person is; nothing finer is known (R10)."""
    if not area_cell:
        return []
    town = largest_town(area_cell, {country_code} if len(country_code) == len("LY") else ())
    return [(words["area"], words.say("around", town=town_name(town, words.language)) if town else words["elsewhere"])]


def house_name(house: House, words: Words) -> str:
    """Return a house's name, in the reader's language if it has one."""
    for language in (words.language, "en", "fr", "ar"):
        if language in house.names:
            return house.names[language]
    return next(iter(house.names.values()), "")


def _fact(name: str, value: Any, words: Words) -> str:
    if name == "age":
        return _age(value[0], value[1], words)
    if name == "languages":
        known = languages()
        return _joined([known[tag].labels[words.language] if tag in known else tag for tag in value], words)
    if isinstance(value, bool):
        return words["word_yes" if value else "word_no"]
    labels = terms(_KINDS[name])
    codes = (value,) if isinstance(value, str) else value
    return _joined([labels[code].labels[words.language] if code in labels else code for code in codes], words)


def _age(min_years: int | None, max_years: int | None, words: Words) -> str:
    if min_years is None:
        return words.say("age_to", max=max_years)
    if max_years is None:
        return words.say("age_from", min=min_years)
    return words.say("age_exact" if min_years == max_years else "age_between", min=min_years, max=max_years)


def _joined(parts: list[str], words: Words) -> str:
    return ("، " if words.language == "ar" else ", ").join(parts)
