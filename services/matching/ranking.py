"""
Answer one need: sift the directory through the table of constraints, and list what is left nearest first.

Two lists are never merged: who can, and whom to ask first. Order is the cost in
whole millimetres, then the id.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Final

from services.geo import Place, cost_mm
from services.matching.arriving import arrival_time, clocks_left, questions, travel
from services.matching.constraints.eligibility import fields_needed
from services.matching.constraints.hours import open_at
from services.matching.constraints.places import places_at
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.sieve import Question, Reason, Sifted
from services.matching.index.snapshot import Snapshot
from services.matching.model.answer import Caution, NeedAnswer, OpenState, PlacesKind, Row, Unknown
from services.matching.model.provider import Provider, ReachOut
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict

RING_FIRST_AFTER: Final = timedelta(hours=24)  #: a receiver not heard for so long is rung first
OLD_REPORT_AFTER: Final = timedelta(hours=24)  #: a report of places older than this is marked
#: what every offer shows besides what its rules ask for (R10)
ALWAYS_NEEDED: Final = ("need", "urgency", "arrival", "risk", "precaution", "brought_by")

# made once: the same few are said of many rows
_unknown: Final = lru_cache(maxsize=1024)(Unknown)
_caution: Final = lru_cache(maxsize=1024)(Caution)
_BY_COST: Final = itemgetter(0, 1)  #: whole millimetres, then the id


def find(snapshot: Snapshot, asked: Asked, limit: int) -> NeedAnswer:
    """Answer a need from a whole directory: at most `limit` rows a list."""
    question = Question(asked)
    parts = [Sifted(part, question) for part in snapshot.parts if len(part)]
    excluded: Counter[str] = Counter()
    for part in parts:
        excluded.update(part.excluded)
    return NeedAnswer(
        need=asked.need,
        matches=_rows(asked, parts, limit, is_sure=True),
        ask_first=_rows(asked, parts, limit, is_sure=False),
        excluded=tuple(sorted(excluded.items(), key=lambda pair: (-pair[1], pair[0]))),
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
    return _row(asked, provider, cost_mm(asked.origin, place), reasons)


def _rows(asked: Asked, parts: Sequence[Sifted], limit: int, *, is_sure: bool) -> tuple[Row, ...]:
    """List the nearest of all parts, by cost and then by id."""
    ranked = [
        (cost, provider.provider_id, provider, row, part)
        for part in parts
        for cost, provider, row in part.nearest(is_sure=is_sure, limit=limit)
    ]
    ranked.sort(key=_BY_COST)
    chosen = ranked[:limit]
    reasons: dict[str, list[Reason]] = {}
    for part in parts:
        rows = [(row, provider) for _, _, provider, row, of in chosen if of is part]
        found = part.reasons([row for row, _ in rows], [provider for _, provider in rows])
        reasons.update((provider.provider_id, each) for (_, provider), each in zip(rows, found, strict=True))
    return tuple(_row(asked, provider, cost, reasons[identifier]) for cost, identifier, provider, _, _ in chosen)


def _row(asked: Asked, provider: Provider, cost: int, reasons: Iterable[Reason]) -> Row:
    places = places_at(asked, provider)
    arrives = arrival_time(asked, cost)
    opens = open_at(provider, arrives, asked.calendar)
    cautions = [*_yielded(asked, reasons), *_told(asked, provider, opens)]
    if places.view.report_time is not None and places.view.kind is PlacesKind.COUNTED:
        is_old = asked.now_time - places.view.report_time > OLD_REPORT_AFTER
        cautions += [_caution("places", "old_report")] if is_old else []
    return Row(
        provider=provider,
        cost_mm=cost,
        unknowns=tuple(
            _unknown(constraint.name, finding.question, finding.ask)
            for constraint, finding in reasons
            if finding.verdict is Verdict.UNKNOWN
        ),
        cautions=tuple(cautions),
        places=places.view,
        open=opens,
        is_vetted=provider.is_vetted(asked.when_time),
        items=places.items,
        needed_fields=_needed_fields(asked, provider),
        travel=travel(asked, provider, cost),
        clocks=clocks_left(asked, provider, arrives),
    )


def _yielded(asked: Asked, reasons: Iterable[Reason]) -> Iterable[Caution]:
    """List what would have kept a provider out or back if life did not come first (R59)."""
    if not asked.need.service.life_first:
        return
    for constraint, finding in reasons:
        if finding.verdict is Verdict.UNKNOWN:
            yield _caution(constraint.name, "unknown")
        elif finding.verdict is Verdict.NO and not constraint.excludes(asked.need.service):
            yield _caution(constraint.name, "not_met")


def _told(asked: Asked, provider: Provider, opens: OpenState) -> Iterable[Caution]:
    """List what to know besides the constraints."""
    if asked.need.service.result_may_be_reported:
        yield _caution("service", "result_may_be_reported")
    if provider.reach_out is ReachOut.NONE:
        yield _caution("takes_referrals", "takes_no_referrals")
    elif provider.reach_out is ReachOut.ENROLLED and not provider.is_confidential:
        heard = provider.receiver_heard_time
        if heard is None or asked.now_time - heard > RING_FIRST_AFTER:
            yield _caution("takes_referrals", "ring_first")
    if opens is not OpenState.OPEN:
        yield _caution("open", "closed_on_arrival" if opens is OpenState.CLOSED else "hours_unknown")


def _needed_fields(asked: Asked, provider: Provider) -> tuple[str, ...]:
    person = asked.person
    if person is None:
        return ALWAYS_NEEDED
    also = ("language",) * bool(person.languages) + ("accessibility",) * bool(person.accessibility)
    return (*ALWAYS_NEEDED, *fields_needed(person, provider.rules), *also)
