"""
Answer one need: sift the directory through the table of constraints, and list what is left nearest first.

Two lists are never merged: who can, and whom to ask first. Order is the cost in
whole millimetres, then the id.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Final

from services.geo import Place, cost_mm
from services.matching.arriving import clocks_left, questions, way
from services.matching.constraints.eligibility import fields_needed, known_facts
from services.matching.constraints.hours import open_at
from services.matching.constraints.places import NOT_COUNTED, places_at
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.question import Question
from services.matching.index.sieve import Reason, Sifted
from services.matching.index.snapshot import Snapshot
from services.matching.model.answer import Caution, NeedAnswer, OpenState, PlacesKind, Row, Unknown
from services.matching.model.provider import Provider, ReachOut, Rule
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict

RING_FIRST_AFTER: Final = timedelta(hours=24)  #: a receiver not heard for so long is rung first
OLD_REPORT_AFTER: Final = timedelta(hours=24)  #: a report of places older than this is marked
#: what every offer shows besides what its rules ask for (R10)
ALWAYS_NEEDED: Final = ("need", "urgency", "arrival", "risk", "precaution", "brought_by")

# made once: the same few are said of many rows
_unknown: Final = lru_cache(maxsize=1024)(Unknown)
_caution: Final = lru_cache(maxsize=1024)(Caution)
_REPORTED: Final = Caution("service", "result_may_be_reported")
_TAKES_NONE: Final = Caution("takes_referrals", "takes_no_referrals")
_RING_FIRST: Final = Caution("takes_referrals", "ring_first")
_CLOSED: Final = Caution("open", "closed_on_arrival")
_HOURS_UNKNOWN: Final = Caution("open", "hours_unknown")
# looked up once: of an enum that takes a while, and these are compared for every row
_UNKNOWN: Final = Verdict.UNKNOWN
_OPEN: Final = OpenState.OPEN
_NOT_REACHED: Final = ReachOut.NONE
_ENROLLED: Final = ReachOut.ENROLLED

#: cost in whole millimetres, id, who, and the row of which part
_Chosen = tuple[int, str, Provider, int, Sifted]
_BY_COST: Final = itemgetter(0, 1)


def _largest_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def find(snapshot: Snapshot, asked: Asked, limit: int) -> NeedAnswer:
    """Answer a need from a whole directory: at most `limit` rows a list."""
    question = Question(asked)
    parts = [Sifted(part, question) for part in snapshot.parts if len(part)]
    excluded: dict[str, int] = {}
    for part in parts:
        for name, number in part.excluded.items():
            excluded[name] = excluded.get(name, 0) + number
    matches, ask_first = _lists(asked, parts, limit)
    return NeedAnswer(
        need=asked.need,
        matches=matches,
        ask_first=ask_first,
        excluded=tuple(sorted(excluded.items(), key=_largest_first)),
        confidential_safety_count=sum(part.confidential_safety_count for part in parts),
        questions=questions(asked),
    )


def turned(asked: Asked, provider: Provider) -> tuple[str, ...]:
    """Name the constraints that keep a provider out, in the order of the table."""
    return tuple(
        each.name
        for each in CONSTRAINTS
        if each.excludes(asked.need.service) and each.judged(asked, provider).verdict is Verdict.NO
    )


def row_of(asked: Asked, provider: Provider, place: Place) -> Row:
    """Say all that is to be said of one provider at its place, whatever the constraints answer."""
    reasons = [(each, each.judged(asked, provider)) for each in CONSTRAINTS]
    return _Rows(asked).row(provider, cost_mm(asked.origin, place), reasons)


def _lists(asked: Asked, parts: Sequence[Sifted], limit: int) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """List the nearest of all parts who can, and whom to ask first, by cost and then by id."""
    chosen: tuple[list[_Chosen], list[_Chosen]] = [], []
    for part in parts:
        ranked = part.ranked([part.chosen(is_sure=each, limit=limit) for each in (True, False)], limit)
        for among, found in zip(chosen, ranked, strict=True):
            among += [(cost, provider.provider_id, provider, row, part) for cost, provider, row in found]
    if len(parts) > 1:
        for among in chosen:
            among.sort(key=_BY_COST)
            del among[limit:]
    reasons: dict[str, list[Reason]] = {}
    for part in parts:
        those = [each for among in chosen for each in among if each[4] is part]
        listed = part.reasons([each[3] for each in those], [each[2] for each in those])
        reasons.update(zip((each[1] for each in those), listed, strict=True))
    rows = _Rows(asked)
    matches, ask_first = (
        tuple([rows.row(provider, cost, reasons[provider_id]) for cost, provider_id, provider, _, _ in among])
        for among in chosen
    )
    return matches, ask_first


class _Rows:
    """
    Says of providers all that is to be said for one question, and looks at that once.

    Args:
        asked: The question.
    """

    def __init__(self, asked: Asked) -> None:
        person, service = asked.person, asked.need.service
        self._asked = asked
        self._is_life_first = service.life_first
        self._has_places = service.accommodation
        self._always = (_REPORTED,) if service.result_may_be_reported else ()
        self._known = None if person is None else known_facts(person)
        self._also = person is not None and bool(person.languages), person is not None and bool(person.accessibility)

    def row(self, provider: Provider, cost: int, reasons: Iterable[Reason]) -> Row:
        """Say it of one at its cost, given why it is where it is."""
        asked = self._asked
        places = places_at(asked, provider) if self._has_places else NOT_COUNTED
        arrives, travel = way(asked, provider, cost)
        opens = open_at(provider, arrives, asked.calendar)
        cautions = self._told(provider, opens)
        if self._is_life_first:
            cautions = [*_yielded(asked, reasons), *cautions]
        if places.view.report_time is not None and places.view.kind is PlacesKind.COUNTED:
            is_old = asked.now_time - places.view.report_time > OLD_REPORT_AFTER
            cautions += [_caution("places", "old_report")] if is_old else []
        unknowns = [
            _unknown(constraint.name, finding.question, finding.ask)
            for constraint, finding in reasons
            if finding.verdict is _UNKNOWN
        ]
        needed = ALWAYS_NEEDED if self._known is None else _needed(self._known, provider.rules, *self._also)
        return Row(
            provider,
            cost,
            tuple(unknowns),
            tuple(cautions),
            places.view,
            opens,
            provider.is_vetted(asked.when_time),
            places.items,
            needed,
            travel,
            clocks_left(asked, provider, arrives),
        )

    def _told(self, provider: Provider, opens: OpenState) -> list[Caution]:
        """List what to know besides the constraints."""
        told = [*self._always]
        if provider.reach_out is _NOT_REACHED:
            told.append(_TAKES_NONE)
        elif provider.reach_out is _ENROLLED and not provider.is_confidential:
            heard = provider.receiver_heard_time
            if heard is None or self._asked.now_time - heard > RING_FIRST_AFTER:
                told.append(_RING_FIRST)
        if opens is not _OPEN:
            told.append(_CLOSED if opens is OpenState.CLOSED else _HOURS_UNKNOWN)
        return told


def _yielded(asked: Asked, reasons: Iterable[Reason]) -> Iterable[Caution]:
    """List what would have kept a provider out or back if life did not come first (R59)."""
    for constraint, finding in reasons:
        if finding.verdict is Verdict.UNKNOWN:
            yield _caution(constraint.name, "unknown")
        elif finding.verdict is Verdict.NO and not constraint.excludes(asked.need.service):
            yield _caution(constraint.name, "not_met")


@lru_cache(maxsize=8192)
def _needed(
    known: tuple[bool, ...],
    rules: frozenset[Rule],
    has_languages: bool,  # noqa: FBT001 -- a key
    has_accessibility: bool,  # noqa: FBT001 -- a key
) -> tuple[str, ...]:
    also = ("language",) * has_languages + ("accessibility",) * has_accessibility
    return (*ALWAYS_NEEDED, *fields_needed(known, rules), *also)
