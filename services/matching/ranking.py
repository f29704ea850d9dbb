"""
Answer one need: sift the directory through the table of constraints, and list what is left nearest first.

Two lists are never merged: who can, and whom to ask first. Order is the cost in
whole millimetres, then the id.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from heapq import merge
from itertools import islice
from typing import Final

import numpy as np

from services.geo import Place, cost_mm
from services.matching.constraints.eligibility import fields_needed
from services.matching.constraints.hours import open_at
from services.matching.constraints.places import places_at
from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.block import Rows
from services.matching.index.snapshot import Part, Snapshot
from services.matching.model.answer import Caution, NeedAnswer, OpenState, PlacesKind, Row, Unknown
from services.matching.model.provider import Provider, ReachOut
from services.matching.model.request import Asked
from services.matching.model.verdicts import Finding, Verdict

RING_FIRST_AFTER: Final = timedelta(hours=24)  #: a receiver not heard for so long is rung first
OLD_REPORT_AFTER: Final = timedelta(hours=24)  #: a report of places older than this is marked
#: what every offer shows besides what its rules ask for (R10)
ALWAYS_NEEDED: Final = ("need", "urgency", "arrival", "risk", "precaution", "brought_by")

Ranked = list[tuple[int, Provider]]  #: cost in whole millimetres, and who


def find(snapshot: Snapshot, asked: Asked, limit: int) -> NeedAnswer:
    """Answer a need from a whole directory: at most `limit` rows a list."""
    excluded: Counter[str] = Counter()
    matches: list[Ranked] = []
    ask_first: list[Ranked] = []
    for part in snapshot.parts:
        sure, unsure = _sift(part, asked, excluded)
        matches.append(part.block.nearest(asked.origin, sure, limit))
        ask_first.append(part.block.nearest(asked.origin, unsure, limit))
    return NeedAnswer(
        need=asked.need,
        matches=_rows(asked, matches, limit),
        ask_first=_rows(asked, ask_first, limit),
        excluded=tuple(sorted(excluded.items(), key=lambda pair: (-pair[1], pair[0]))),
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
    return _row(asked, provider, cost_mm(asked.origin, place))


def _sift(part: Part, asked: Asked, excluded: Counter[str]) -> tuple[Rows, Rows]:
    """Split a part's providers into those that can and those to ask first; count the others."""
    rows = part.block.rows_offering(asked.need.code)
    if part.is_current is not None:
        rows = rows[part.is_current[rows]]
    _count(excluded, "service", len(part) - len(rows))
    is_unsure = np.zeros(len(rows), dtype=np.bool_)
    for constraint in CONSTRAINTS:
        if not constraint.applies(asked) or not len(rows):
            continue
        verdicts = part.block.judge(constraint, asked, rows)
        is_unsure |= verdicts == Verdict.UNKNOWN
        if constraint.excludes(asked.need.service):
            stays = verdicts != Verdict.NO
            rows, is_unsure = rows[stays], is_unsure[stays]
            _count(excluded, constraint.name, int(np.count_nonzero(~stays)))
    if asked.need.service.life_first:
        is_unsure[:] = False  # an unknown is a caution there (R59)
    return rows[~is_unsure], rows[is_unsure]


def _count(excluded: Counter[str], constraint: str, count: int) -> None:
    if count:
        excluded[constraint] += count


def _rows(asked: Asked, lists: Iterable[Ranked], limit: int) -> tuple[Row, ...]:
    ranked = merge(*lists, key=lambda pair: (pair[0], pair[1].provider_id))
    return tuple(_row(asked, provider, cost) for cost, provider in islice(ranked, limit))


def _row(asked: Asked, provider: Provider, cost: int) -> Row:
    findings = [(each, each.judged(asked, provider)) for each in CONSTRAINTS]
    places = places_at(asked, provider)
    opens = open_at(provider, asked.when_time)
    cautions = [*_yielded(asked, findings), *_told(asked, provider, opens)]
    if places.view.report_time is not None and places.view.kind is PlacesKind.COUNTED:
        is_old = asked.now_time - places.view.report_time > OLD_REPORT_AFTER
        cautions += [Caution("places", "old_report")] if is_old else []
    return Row(
        provider=provider,
        cost_mm=cost,
        unknowns=tuple(
            Unknown(constraint.name, finding.question, finding.ask)
            for constraint, finding in findings
            if finding.verdict is Verdict.UNKNOWN
        ),
        cautions=tuple(cautions),
        places=places.view,
        open=opens,
        is_vetted=provider.is_vetted(asked.when_time),
        items=places.items,
        needed_fields=_needed_fields(asked, provider),
    )


def _yielded(asked: Asked, findings: Iterable[tuple[Constraint, Finding]]) -> Iterable[Caution]:
    """List what would have kept a provider out or back if life did not come first (R59)."""
    if not asked.need.service.life_first:
        return
    for constraint, finding in findings:
        if finding.verdict is Verdict.UNKNOWN:
            yield Caution(constraint.name, "unknown")
        elif finding.verdict is Verdict.NO and not constraint.excludes(asked.need.service):
            yield Caution(constraint.name, "not_met")


def _told(asked: Asked, provider: Provider, opens: OpenState) -> Iterable[Caution]:
    """List what to know besides the constraints."""
    if asked.need.service.result_may_be_reported:
        yield Caution("service", "result_may_be_reported")
    if provider.reach_out is ReachOut.NONE:
        yield Caution("takes_referrals", "takes_no_referrals")
    elif provider.reach_out is ReachOut.ENROLLED and not provider.is_confidential:
        heard = provider.receiver_heard_time
        if heard is None or asked.now_time - heard > RING_FIRST_AFTER:
            yield Caution("takes_referrals", "ring_first")
    if opens is not OpenState.OPEN:
        yield Caution("open", "closed_on_arrival" if opens is OpenState.CLOSED else "hours_unknown")


def _needed_fields(asked: Asked, provider: Provider) -> tuple[str, ...]:
    person = asked.person
    if person is None:
        return ALWAYS_NEEDED
    named = [*ALWAYS_NEEDED, *fields_needed(person, provider.rules)]
    named += ["language"] if person.languages else []
    named += ["accessibility"] if person.accessibility else []
    return tuple(named)
