"""
The optimum where groups bind: a mixed-integer programme in two steps, solved by HiGHS.

First the most that can be placed, then the least cost at which so many are.

Only where a whole party goes, and who is at which site, are chosen in whole
numbers. Once that is chosen, the rest is a flow of single people into places,
and the corners of a flow are whole numbers: also where it must place the most,
because that is a face of it. Whoever takes several places at once is no flow,
and is chosen in whole numbers too.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from services.matching.planning.model import Placement, Pool, Problem, Spot, Way

MOST_COLUMNS: Final = 200_000
_MM_PER_M: Final = 1000
_OPTIMAL: Final = 0  #: a status of scipy's milp
_NEARLY: Final = 1e-5
_LEAST_S: Final = 0.5  #: for the second step, whatever the first has used


@dataclass(frozen=True, slots=True)
class Bounded:
    """What was found, and what is proven of it."""

    placements: tuple[Placement, ...]
    is_most: bool  #: proven: no plan places more
    bound_mm: int  #: no plan that places as many costs less


def place_jointly(
    problem: Problem, least_weight: int, limit_s: float, clock: Callable[[], float] = monotonic
) -> Bounded | None:
    """
    Find the cheapest of the plans that place the most.

    Args:
        problem: What is to be placed.

        least_weight: What a plan that is known already places; all of it is the most there can be.

        limit_s: How long to look, in seconds.

        clock: In seconds.

    Returns:
        The best that was found; None if there is none, or the programme would be too large.
    """
    programme = _Programme(problem)
    if not 0 < len(programme.columns) <= MOST_COLUMNS:
        return None
    started = clock()
    is_most = least_weight == programme.whole
    if not is_most:
        first = programme.solve(-programme.weights, limit_s / 2)
        if first.x is None:
            return None
        # a fraction means that at a corner with the same parties there is more
        least_weight = max(least_weight, math.ceil(float(programme.weights @ first.x) - _NEARLY))
        # weights are whole numbers, so whatever is above this bound is at least one above
        is_most = first.status == _OPTIMAL or -first.mip_dual_bound < least_weight + 1
    left_s = max(limit_s - (clock() - started), _LEAST_S)
    second = programme.solve(programme.costs_m, left_s, least_weight)
    if second.x is None:
        return None
    if not programme.is_whole(second.x):  # somewhere inside a face, not at a corner of it
        chosen = programme.solve(programme.costs_m, _LEAST_S, least_weight, second.x)
        if chosen.x is None:
            return None
        second.x = chosen.x
    placements = programme.read(np.round(second.x).astype(np.int64))
    cost_mm = sum(each.spot.cost_mm * each.unit_count for each in placements)
    if second.status == _OPTIMAL:
        return Bounded(placements, is_most, cost_mm)
    bound_mm = int(np.floor(second.mip_dual_bound * _MM_PER_M))
    return Bounded(placements, is_most, min(bound_mm, cost_mm))


@dataclass(frozen=True, slots=True)
class _Column:
    """
    A number to be chosen: units of a party at a spot (`member` None), or people of a member that take places one way.

    A column without a spot says that a party is at a site at all.
    """

    party_no: int
    spot: Spot | None
    member: int | None
    way: Way
    most: int
    is_unit: bool  #: it counts units of the party
    is_flow: bool  #: it comes out in whole numbers once those of the others are chosen


@dataclass(slots=True)
class _Rows:
    """Sums of columns that must stay within bounds."""

    entries: list[tuple[int, int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, terms: Mapping[int, float], low: float, high: float) -> None:
        self.entries += [(len(self.low), column, value) for column, value in terms.items()]
        self.low.append(low)
        self.high.append(high)


class _Programme:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.columns: list[_Column] = []
        self._rows = _Rows()
        self._placed: list[tuple[int, int]] = []  # row of each party that has a spot, and its units
        self._uses: dict[Pool, dict[int, float]] = defaultdict(dict)
        self._at_site: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)  # by label and site
        shared = self._shared_labels()
        for party_no in range(len(problem.parties)):
            self._add_party(party_no, shared)
        for pool, terms in self._uses.items():
            self._rows.add(terms, 0, problem.free[pool])
        for terms in self._at_site.values():
            self._rows.add(terms, 0, 1)
        weights = problem.weights()
        #: what a plan weighs that places all who have a spot
        self.whole = sum(w * p.unit_count for w, p in zip(weights, problem.parties, strict=True) if p.spots)
        self.weights = np.array([weights[each.party_no] if each.is_unit else 0 for each in self.columns])
        self.costs_m = np.array(
            [each.spot.cost_mm / _MM_PER_M if each.is_unit and each.spot else 0.0 for each in self.columns]
        )

    def solve(self, objective: Any, limit_s: float, least_weight: int | None = None, chosen: Any = None) -> Any:
        """Solve; with what is `chosen` the whole parties stay where they are there, and all must be whole."""
        rows = _Rows(list(self._rows.entries), list(self._rows.low), list(self._rows.high))
        if least_weight == self.whole:  # said of each party, which is far easier than of all together
            for row, count in self._placed:
                rows.low[row] = count
        elif least_weight is not None:
            rows.add({c: float(w) for c, w in enumerate(self.weights) if w}, least_weight, np.inf)
        at, columns, values = zip(*rows.entries, strict=True)
        table = csr_array((values, (at, columns)), shape=(len(rows.low), len(self.columns)))
        low, high = np.zeros(len(self.columns)), np.array([each.most for each in self.columns], dtype=float)
        is_flow = np.array([each.is_flow for each in self.columns])
        if chosen is not None:
            low, high = np.where(is_flow, low, np.round(chosen)), np.where(is_flow, high, np.round(chosen))
            is_flow[:] = False
        return milp(
            objective,
            constraints=LinearConstraint(table, np.array(rows.low), np.array(rows.high)),
            bounds=Bounds(low, high),
            integrality=(~is_flow).astype(np.int8),
            options={"time_limit": limit_s, "mip_rel_gap": 0.0},
        )

    @staticmethod
    def is_whole(x: Any) -> bool:
        """Whether all numbers are whole, but for what arithmetic leaves."""
        return bool(np.all(np.abs(x - np.round(x)) < _NEARLY))

    def read(self, chosen: Any) -> tuple[Placement, ...]:
        units: dict[tuple[int, str], int] = defaultdict(int)
        draws: dict[tuple[int, str], list[tuple[int, Way, int]]] = defaultdict(list)
        spots: dict[tuple[int, str], Spot] = {}
        for column, number in zip(self.columns, chosen.tolist(), strict=True):
            if column.spot is None or not number:
                continue
            at = column.party_no, column.spot.provider_id
            spots[at] = column.spot
            if column.is_unit:
                units[at] += number
            if column.member is not None:
                draws[at].append((column.member, column.way, number))
        return tuple(
            Placement(party_no, spots[party_no, provider_id], count, tuple(draws[party_no, provider_id]))
            for (party_no, provider_id), count in sorted(units.items())
        )

    def _shared_labels(self) -> set[str]:
        listed = [label for each in self._problem.parties for label in each.apart]
        return {label for label in listed if listed.count(label) > 1}

    def _add(self, column: _Column) -> int:
        self.columns.append(column)
        return len(self.columns) - 1

    def _add_party(self, party_no: int, shared: set[str]) -> None:
        party = self._problem.parties[party_no]
        placed: dict[int, float] = {}
        at_site: dict[str, dict[int, float]] = defaultdict(dict)
        for spot in party.spots:
            added = self._add_whole(party_no, spot) if party.is_whole else self._add_people(party_no, spot)
            for number in added:
                placed[number] = 1
                at_site[spot.site][number] = 1
        if placed:
            self._placed.append((len(self._rows.low), party.unit_count))
            self._rows.add(placed, 0, party.unit_count)
        labels = party.apart & shared
        for site, terms in at_site.items() if labels else ():
            # whoever is at the site makes the party be there
            there = self._add(_Column(party_no, None, None, (), 1, is_unit=False, is_flow=False))
            self._rows.add({**terms, there: -float(party.unit_count)}, -np.inf, 0)
            for label in labels:
                self._at_site[label, site][there] = 1

    def _add_people(self, party_no: int, spot: Spot) -> list[int]:
        most = self._problem.parties[party_no].unit_count
        added = []
        for way in spot.ways[0]:
            number = self._add(_Column(party_no, spot, 0, way, most, is_unit=True, is_flow=_is_flow(way)))
            added.append(number)
            for pool, count in way:
                self._uses[pool][number] = count
        return added

    def _add_whole(self, party_no: int, spot: Spot) -> list[int]:
        party = self._problem.parties[party_no]
        there = self._add(_Column(party_no, spot, None, (), 1, is_unit=True, is_flow=False))
        for member, count in enumerate(party.counts()):
            terms = {there: -float(count)}
            for way in spot.ways[member]:
                number = self._add(_Column(party_no, spot, member, way, count, is_unit=False, is_flow=_is_flow(way)))
                terms[number] = 1
                for pool, places in way:
                    self._uses[pool][number] = places
            self._rows.add(terms, 0, 0)
        return [there]


def _is_flow(way: Way) -> bool:
    return all(count == 1 for _, count in way) and len(way) <= 1
