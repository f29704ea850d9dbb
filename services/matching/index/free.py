"""
Whether houses have a free place, in columns: the twin of `constraints.places`, held equal to it by a test.

Hardly two houses agree in their places, so judging each value once would judge
every house; and places turn with every hold.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matching.constraints.places import ASK_POPULATION, may_be_child_alone, wanted_places
from services.matching.index import viewing
from services.matching.index.facets import Numbers
from services.matching.index.kept import Sets
from services.matching.index.reports import ABSENT, OPEN, UNSAID, Counts, Reports
from services.matching.index.telling import Told
from services.matching.index.values import some
from services.matching.index.viewing import Views
from services.matching.model.provider import Provider
from services.matching.model.request import ANYONE, Asked, TakenPlaces
from services.matching.model.verdicts import Finding

Found = npt.NDArray[np.int8]
Slots = npt.NDArray[np.int16]

#: population, None where it is not known, and count
Wanted = tuple[tuple[str | None, int], ...]

_MOST_KEPT: Final = 64  #: wants; beyond that all are forgotten
# the order in which the better of two reports, and the worse of two wants, is chosen; a population that nobody
# knows is that of a person, who is the only want
_YES, _ASK_PLACES, _ASK_POPULATION, _NO, _NONE = range(5)


class _Judged(NamedTuple):
    """What is found of each house that reports, for one want."""

    found: Found
    #: the slot of the report that is told of; below 0 for none: -1 less the number of the population that is told
    told: Slots


class _Left(NamedTuple):
    """What is left of places while nothing else is taken."""

    taken: TakenPlaces | None
    free: Counts
    judged: dict[tuple[Wanted, bool], _Judged]  #: by what is wanted, of a child alone or not


class FreePlaces:
    """
    What is free at the houses of a shelf, and what that says to a question.

    Args:
        providers: Those of the block.

        rows: Rows of the block, in the order of the shelf.

        populations: Numbers those for whom places are kept.
    """

    def __init__(self, providers: Sequence[Provider], rows: npt.NDArray[np.int32], populations: Numbers) -> None:
        self._reports = Reports(providers, rows, populations)
        self._row_count = len(rows)
        self._populations = populations
        self._left = _Left(None, self._reports.free, {})

    def sets(self, asked: Asked, unknown: Finding) -> Sets:
        """
        Say who of the shelf has no room for what is asked, and of whom nobody knows.

        Args:
            asked: A question.

            unknown: The kind of unknown that is meant; of those who have no room it is said with `ASK_PLACES`.
        """
        wanted = wanted_places(asked)
        is_of_population = unknown is ASK_POPULATION
        if not wanted or (is_of_population and wanted[0][0] is not None):
            return None, None
        found = np.full(self._row_count, _ASK_PLACES, dtype=np.int8)
        found[self._reports.rows] = self._judged(asked, wanted, self._left_by(asked.taken)).found
        if is_of_population:
            return None, some(found == _ASK_POPULATION)
        return some(found == _NO), some(found == _ASK_PLACES)

    def look(self, asked: Asked, told: Told, part: int, old_before_us: int, views: Views) -> None:
        """
        Look up what is told of places at those who are listed.

        Args:
            asked: The question.

            told: Who is listed; it is noted whose report is old.

            part: The number of the part of the directory that this shelf is of.

            old_before_us: A report from before is old, in microseconds since 1970.

            views: Of each who is listed; filled in for those of the part.
        """
        wanted, left, reports = wanted_places(asked), self._left_by(asked.taken), self._reports
        viewing.look(
            told,
            part,
            reports.numbers,
            self._judged(asked, wanted, left).told,
            left.free,
            reports.reported_us,
            reports.populations,
            self._populations[(wanted[0][0] if wanted else None) or ""],
            asked.taken is not None,
            old_before_us,
            views,
        )

    def _left_by(self, taken: TakenPlaces | None) -> _Left:
        """Take off what is held and booked; done once for each state of it, and mostly that changes nothing here."""
        left = self._left
        if left.taken is not taken:
            free = self._reports.less(taken) if taken else self._reports.free
            is_same = (left.taken is None) == (taken is None) and np.array_equal(left.free, free)
            left = self._left = _Left(taken, free, left.judged if is_same else {})
        return left

    def _judged(self, asked: Asked, wanted: Wanted, left: _Left) -> _Judged:
        """Judge the houses that report, once while nothing else is taken."""
        key = wanted, may_be_child_alone(asked)
        known = left.judged.get(key)
        if known is None:
            if len(left.judged) >= _MOST_KEPT:
                left.judged.clear()
            known = left.judged[key] = self._judge(*key, left) if wanted else self._overview(left)
        return known

    def _judge(self, wanted: Wanted, is_child_alone: bool, left: _Left) -> _Judged:  # noqa: FBT001 -- a part of a key
        """Judge them for places that somebody wants."""
        reports, free = self._reports, left.free
        if is_child_alone and reports.keeps_apart.any():
            free = free.copy()
            for slot in reports.slots.get(ANYONE, ()):
                free[slot, reports.keeps_apart] = ABSENT
        used = dict.fromkeys(reports.slots, np.zeros(len(reports), dtype=np.int64))
        worst, *others = [self._one(free, used, *each, is_known=left.taken is not None) for each in wanted]
        for other in others:
            is_worse = other.found > worst.found
            worst = _Judged(np.where(is_worse, other.found, worst.found), np.where(is_worse, other.told, worst.told))
        return worst

    def _one(
        self, free: Counts, used: dict[str, Counts], population: str | None, count: int, *, is_known: bool
    ) -> _Judged:
        """Judge one want, and note whose places it takes: a population's own before those for anyone."""
        reports = self._reports
        slots = {name: reports.slots.get(name, []) for name in (population or ANYONE, ANYONE)}
        nobody = -1 - self._populations[population or ""]
        found = np.full(len(reports), _NONE, dtype=np.int8)
        told = np.full(len(reports), nobody, dtype=np.int16)
        for name, of_population in slots.items():
            for slot in of_population:
                judged = _room(free[slot], used[name], count, is_known=is_known)
                is_better = judged < found
                found[is_better], told[is_better] = judged[is_better], slot
        for name, of_population in slots.items():
            is_taken = (found == _YES) & np.isin(told, of_population)
            if is_taken.any():
                used[name] = used[name] + np.where(is_taken, count, 0)
        found[found == _NONE] = _ASK_PLACES
        if population is None:
            is_open = (found != _YES) & reports.has_others
            found[is_open], told[is_open] = _ASK_POPULATION, nobody
        return _Judged(found, told)

    def _overview(self, left: _Left) -> _Judged:
        """Tell of the report with the most free places, where nobody says for whom they should be."""
        free, order = left.free, self._reports.order
        is_counted = (free > UNSAID) & (free < OPEN) & (left.taken is not None)
        rank = np.where(is_counted, np.maximum(free, 0) + 1, 0) - (free == ABSENT)
        best = rank == rank.max(axis=0, initial=-1)
        told = np.where(best, order, len(order)).argmin(axis=0) if len(order) else np.zeros(0)
        return _Judged(np.full(len(self._reports), _YES, dtype=np.int8), told.astype(np.int16))


def _room(there: Counts, used: Counts, count: int, *, is_known: bool) -> Found:
    """Judge one slot of the houses: whether so many are left of it."""
    judged = np.where(there - used >= count, _YES, _NO) if is_known else np.full(len(there), _ASK_PLACES)
    judged[there == OPEN] = _YES
    judged[there == UNSAID] = _ASK_PLACES
    judged[there == ABSENT] = _NONE
    return judged.astype(np.int8)
