"""
The places of many houses in columns: the twin of `constraints.places`, held equal to it by a test.

Hardly two houses agree in their places, so judging each value once would judge
every house; and places turn with every hold.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.places import keeps_children_apart, may_be_child_alone
from services.matching.index.bits import Rows
from services.matching.model.provider import Provider
from services.matching.model.request import ANYONE, Asked, TakenPlaces
from services.matching.model.verdicts import Verdict

Counts = npt.NDArray[np.int64]
Verdicts = npt.NDArray[np.int8]

#: population, None where it is not known, and count
Wanted = tuple[tuple[str | None, int], ...]

_ABSENT: Final = -(1 << 40)  #: nothing is reported for the population
_UNSAID: Final = _ABSENT + 1  #: a total, and nobody knows how many are taken
_OPEN: Final = 1 << 40  #: not counted: always room
# the order in which the better of two reports, and the worse of two wants, is chosen
_YES, _UNKNOWN, _NO, _NONE = range(4)
_VERDICT_OF: Final = np.array([Verdict.YES, Verdict.UNKNOWN, Verdict.NO], dtype=np.int8)


class FreePlaces:
    """
    What is reported free at those providers of a shelf that report places.

    Args:
        providers: All providers of the shelf, by row.
    """

    def __init__(self, providers: Sequence[Provider]) -> None:
        self.rows: Rows = np.array([row for row, each in enumerate(providers) if each.place_reports], dtype=np.intp)
        reporting = [providers[row] for row in self.rows]
        self._pools = [each.pool_id for each in reporting]
        names = {report.population for each in reporting for report in each.place_reports} | {ANYONE}
        self._column = {name: column for column, name in enumerate(sorted(names))}
        self._free: Counts = np.full((len(names), len(reporting)), _ABSENT, dtype=np.int64)
        #: who reports one population twice is judged alone
        self.odd: list[int] = []
        for place, each in enumerate(reporting):
            for report in each.place_reports:
                at = self._column[report.population], place
                if self._free[at] != _ABSENT:
                    self.odd.append(int(self.rows[place]))
                self._free[at] = (
                    _OPEN
                    if report.total is None
                    else _UNSAID
                    if report.occupied is None
                    else report.total - report.occupied
                )
        others = np.delete(self._free, self._column[ANYONE], axis=0)
        self._has_others = (others != _ABSENT).any(axis=0) if len(others) else np.zeros(len(reporting), dtype=np.bool_)
        self._keeps_apart = np.array([keeps_children_apart(each) for each in reporting], dtype=np.bool_)
        self._places_of_pool: dict[str, list[int]] | None = None
        self._known: tuple[TakenPlaces | None, Counts] = (None, self._free)

    def judge(self, asked: Asked, wanted: Wanted) -> Verdicts:
        """Judge those that report, in the order of `rows`, for places that somebody wants."""
        free = self._less_taken(asked.taken)
        used: dict[str, Counts] = {}
        worst = np.zeros(len(self.rows), dtype=np.int8)
        if may_be_child_alone(asked) and self._keeps_apart.any():
            free = free.copy()
            free[self._column[ANYONE], self._keeps_apart] = _ABSENT
        for population, count in wanted:
            worst = np.maximum(worst, self._one(free, used, population, count, is_known=asked.taken is not None))
        return _VERDICT_OF[worst]

    def _one(
        self, free: Counts, used: dict[str, Counts], population: str | None, count: int, *, is_known: bool
    ) -> Verdicts:
        """Judge one want, and note whose places it takes: a population's own before those for anyone."""
        names = [ANYONE] if population in {None, ANYONE} else [str(population), ANYONE]
        options = {name: self._judge(free, used, name, count, is_known=is_known) for name in names}
        best = np.minimum.reduce(list(options.values()))
        is_left = best == _YES
        for name, option in options.items():
            is_taken = is_left & (option == _YES)
            is_left &= ~is_taken
            if is_taken.any():
                used[name] = used.get(name, np.zeros(len(self.rows), dtype=np.int64)) + np.where(is_taken, count, 0)
        if population is None:
            best = np.where((best != _YES) & self._has_others, _UNKNOWN, best)
        return np.where(best == _NONE, _UNKNOWN, best).astype(np.int8)

    def _judge(self, free: Counts, used: dict[str, Counts], name: str, count: int, *, is_known: bool) -> Verdicts:
        column = self._column.get(name)
        if column is None:
            return np.full(len(self.rows), _NONE, dtype=np.int8)
        there = free[column]
        has_room = there - used[name] >= count if name in used else there >= count
        counted = np.where(has_room, _YES, _NO) if is_known else np.full(len(there), _UNKNOWN)
        counted[there == _OPEN] = _YES
        counted[there == _UNSAID] = _UNKNOWN
        counted[there == _ABSENT] = _NONE
        return counted.astype(np.int8)

    def _less_taken(self, taken: TakenPlaces | None) -> Counts:
        """Take off what is held and booked; done once for each state of it."""
        if not taken:
            return self._free
        if self._known[0] is taken:
            return self._known[1]
        if self._places_of_pool is None:
            self._places_of_pool = {}
            for place, pool_id in enumerate(self._pools):
                self._places_of_pool.setdefault(pool_id, []).append(place)
        free = self._free.copy()
        for (pool_id, population), count in taken.items():
            column = self._column.get(population)
            for place in self._places_of_pool.get(pool_id, ()):
                if column is not None and _UNSAID < free[column, place] < _OPEN:
                    # an overfull house is as full as a full one, or what is taken would count twice
                    free[column, place] -= count
        self._known = (taken, free)
        return free
