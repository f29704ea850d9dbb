"""
Answer one need: sift the directory through the table of constraints, and list what is left nearest first.

Two lists are never merged: who can, and whom to ask first. Order is the cost in
whole millimetres, with what silence adds, then the id.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from services.geo import Place, cost_mm
from services.matching.arriving import questions
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.question import Question
from services.matching.index.sieve import Reason, Sifted
from services.matching.index.snapshot import Snapshot
from services.matching.model.answer import NeedAnswer, Row
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import YES, Verdict
from services.matching.rows import Rows

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
    judged = [(each, each.judged(asked, provider)) for each in CONSTRAINTS]
    reasons = [(each, finding) for each, finding in judged if finding is not YES]
    (row,) = Rows(asked).rows([(cost_mm(asked.origin, place), provider, reasons)])
    return row


def _nearest(parts: Sequence[Sifted], limit: int) -> tuple[list[_Chosen], list[_Chosen]]:
    """Choose the nearest of all parts who can, and whom to ask first, by cost and then by id."""
    chosen: tuple[list[_Chosen], list[_Chosen]] = [], []
    for part in parts:
        ranked = part.ranked([part.chosen(is_sure=each, limit=limit) for each in (True, False)], limit)
        for among, found in zip(chosen, ranked, strict=True):
            among += [(cost, provider.provider_id, provider, row, part) for cost, provider, row in found]
    if len(parts) > 1:
        for among in chosen:
            among.sort(key=_BY_COST)
            del among[limit:]
    return chosen


def _best(asked: Asked, parts: Sequence[Sifted], limit: int) -> tuple[list[_Chosen], list[_Chosen]]:
    """
    Choose the best of all parts by cost with what silence adds, and then by id: exact, however many were silent.

    Silence only adds. Whoever is farther than the last that was looked at is no better
    than the way there, so it is enough to look until that is worse than the last kept.
    """
    looked_at = limit
    while True:
        chosen = _nearest(parts, looked_at)
        if not asked.silence_mm:
            return chosen
        costs = [sorted((each[0] + asked.silence_of(each[2]), each[1], each) for each in among) for among in chosen]
        kept = [among[:limit] for among in costs]
        if all(
            len(among) < looked_at or best[-1][:2] <= among[-1][:2] for among, best in zip(chosen, kept, strict=True)
        ):
            matches, ask_first = ([each for *_, each in best] for best in kept)
            return matches, ask_first
        looked_at *= 2


def _lists(asked: Asked, parts: Sequence[Sifted], limit: int) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """List the best of all parts who can, and whom to ask first, with all that is to be said of them."""
    matches, ask_first = _best(asked, parts, limit)
    listed = [*matches, *ask_first]
    reasons = _reasons(parts, listed)
    rows = Rows(asked).rows((each[0], each[2], why) for each, why in zip(listed, reasons, strict=True))
    return rows[: len(matches)], rows[len(matches) :]


def _reasons(parts: Sequence[Sifted], chosen: Sequence[_Chosen]) -> Sequence[Sequence[Reason]]:
    """List for each row what is not a plain yes; a part looks at all of its rows at once."""
    if len(parts) == 1:
        return parts[0].reasons([each[3] for each in chosen], [each[2] for each in chosen])
    found: list[Sequence[Reason]] = [()] * len(chosen)
    for part in parts:
        own = [number for number, each in enumerate(chosen) if each[4] is part]
        listed = part.reasons([chosen[number][3] for number in own], [chosen[number][2] for number in own])
        for number, each in zip(own, listed, strict=True):
            found[number] = each
    return found
