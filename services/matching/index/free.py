"""
The places of many houses in columns: the twin of `constraints.places`, held equal to it by a test.

Hardly two houses agree in their places, so judging each value once would judge
every house; and places turn with every hold.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.places import (
    ASK_PLACES,
    ASK_POPULATION,
    keeps_children_apart,
    may_be_child_alone,
    places,
    wanted_places,
)
from services.matching.index.bits import Rows
from services.matching.index.kept import Sets
from services.matching.index.values import some
from services.matching.model.provider import Provider
from services.matching.model.request import ANYONE, Asked, TakenPlaces
from services.matching.model.verdicts import NO, YES, Finding

Counts = npt.NDArray[np.int64]
Found = npt.NDArray[np.int8]

#: population, None where it is not known, and count
Wanted = tuple[tuple[str | None, int], ...]

_ABSENT: Final = -(1 << 40)  #: nothing is reported for the population
_UNSAID: Final = _ABSENT + 1  #: a total, and nobody knows how many are taken
_OPEN: Final = 1 << 40  #: not counted: always room
# the order in which the better of two reports, and the worse of two wants, is chosen; a population that nobody
# knows is that of a person, who is the only want
_FINDINGS: Final = (YES, ASK_PLACES, ASK_POPULATION, NO)
_YES, _ASK_PLACES, _ASK_POPULATION, _NO, _NONE = range(5)


class FreePlaces:
    """
    What is reported free at those providers of a shelf that report places.

    Args:
        providers: All providers of the shelf, by row.
    """

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._row_count = len(providers)
        self._rows: Rows = np.array([row for row, each in enumerate(providers) if each.place_reports], dtype=np.intp)
        reporting = [providers[row] for row in self._rows]
        self._pools = [each.pool_id for each in reporting]
        names = {report.population for each in reporting for report in each.place_reports} | {ANYONE}
        self._column = {name: column for column, name in enumerate(sorted(names))}
        self._free: Counts = np.full((len(names), len(reporting)), _ABSENT, dtype=np.int64)
        self._odd: list[tuple[int, Provider]] = []  # who reports one population twice is judged alone
        for place, each in enumerate(reporting):
            for report in each.place_reports:
                at = self._column[report.population], place
                if self._free[at] != _ABSENT:
                    self._odd.append((int(self._rows[place]), each))
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
        found[self._rows] = self._judged(asked, wanted)
        for row, provider in self._odd:
            found[row] = _FINDINGS.index(places(asked, provider))
        if is_of_population:
            return None, some(found == _ASK_POPULATION)
        return some(found == _NO), some(found == _ASK_PLACES)

    def _judged(self, asked: Asked, wanted: Wanted) -> Found:
        """Judge those that report, for places that somebody wants."""
        free = self._less_taken(asked.taken)
        used: dict[str, Counts] = {}
        worst: Found = np.zeros(len(self._rows), dtype=np.int8)
        if may_be_child_alone(asked) and self._keeps_apart.any():
            free = free.copy()
            free[self._column[ANYONE], self._keeps_apart] = _ABSENT
        for population, count in wanted:
            worst = np.maximum(worst, self._one(free, used, population, count, is_known=asked.taken is not None))
        return worst

    def _one(
        self, free: Counts, used: dict[str, Counts], population: str | None, count: int, *, is_known: bool
    ) -> Found:
        """Judge one want, and note whose places it takes: a population's own before those for anyone."""
        names = [ANYONE] if population in {None, ANYONE} else [str(population), ANYONE]
        options = {name: self._judge(free, used, name, count, is_known=is_known) for name in names}
        best = np.minimum.reduce(list(options.values()))
        is_left = best == _YES
        for name, option in options.items():
            is_taken = is_left & (option == _YES)
            is_left &= ~is_taken
            if is_taken.any():
                used[name] = used.get(name, np.zeros(len(self._rows), dtype=np.int64)) + np.where(is_taken, count, 0)
        if population is None:
            best = np.where((best != _YES) & self._has_others, _ASK_POPULATION, best)
        return np.where(best == _NONE, _ASK_PLACES, best).astype(np.int8)

    def _judge(self, free: Counts, used: dict[str, Counts], name: str, count: int, *, is_known: bool) -> Found:
        column = self._column.get(name)
        if column is None:
            return np.full(len(self._rows), _NONE, dtype=np.int8)
        there = free[column]
        has_room = there - used[name] >= count if name in used else there >= count
        counted = np.where(has_room, _YES, _NO) if is_known else np.full(len(there), _ASK_PLACES)
        counted[there == _OPEN] = _YES
        counted[there == _UNSAID] = _ASK_PLACES
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
