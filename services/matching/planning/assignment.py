"""
The optimum where people can be placed one by one: linear assignment of people to places.

A row is a person, a column a free place; beside the places each person has a
column of their own for a spot where nothing is counted, or for none at all.
"""

from collections import defaultdict
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from services.matching.planning.model import Placement, Pool, Problem, Spot, Way

MOST_CELLS: Final = 24_000_000  #: of the table of costs: 192 MB
_EXACT: Final = 1 << 52  #: whole numbers below it stay whole as floats, sums of a few too


def place_one_by_one(problem: Problem) -> tuple[Placement, ...] | None:
    """
    Find the cheapest of the plans that place the most.

    Returns:
        The placements; None where it does not suffice: somebody takes more than one place, the table would be too
        large, or costs too far apart for exact arithmetic.
    """
    people = problem.person_count
    spread = _spread(problem)
    weights = problem.weights()
    if max(weights) * (people * spread + 1) >= _EXACT:
        return None
    table = _Table(problem, max(weights) * (people * spread + 1))
    if not table.is_simple or people * (table.width + people) > MOST_CELLS:
        return None
    costs = table.costs([weight * (people * spread + 1) for weight in weights])
    rows, columns = linear_sum_assignment(costs)
    return table.read(dict(zip(rows.tolist(), columns.tolist(), strict=True)))


def _spread(problem: Problem) -> int:
    costs = [spot.cost_mm for party in problem.parties for spot in party.spots]
    return max(costs) - min(costs) if costs else 0


class _Table:
    def __init__(self, problem: Problem, never: int) -> None:
        self._problem = problem
        self._never = never  # more than any penalty
        self._least = min((spot.cost_mm for party in problem.parties for spot in party.spots), default=0)
        #: for each party the cheapest spot at each pool, and the cheapest where nothing is counted
        self._at: list[dict[Pool, tuple[Spot, Way]]] = []
        self._uncounted: list[Spot | None] = []
        self.is_simple = True
        known: dict[int, tuple[dict[Pool, tuple[Spot, Way]], Spot | None]] = {}  # many share their spots
        for party in problem.parties:
            if id(party.spots) not in known:
                known[id(party.spots)] = self._read_spots(party.spots)
            at, uncounted = known[id(party.spots)]
            self._at.append(at)
            self._uncounted.append(uncounted)
        people = problem.person_count
        self._first: dict[Pool, int] = {}  # first column of a pool
        self._pools: list[Pool] = []  # the pool of each column
        for pool in sorted({pool for at in self._at for pool in at}):
            self._first[pool] = len(self._pools)
            self._pools += [pool] * min(problem.free[pool], people)
        self.width = len(self._pools)

    def _read_spots(self, spots: tuple[Spot, ...]) -> tuple[dict[Pool, tuple[Spot, Way]], Spot | None]:
        at: dict[Pool, tuple[Spot, Way]] = {}
        uncounted: Spot | None = None
        for spot in spots:
            for way in spot.ways[0]:
                if not way:
                    uncounted = uncounted or spot
                elif len(way) == 1 and way[0][1] == 1:
                    at.setdefault(way[0][0], (spot, way))
                else:
                    self.is_simple = False
        return at, uncounted

    def costs(self, penalties: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        people = self._problem.person_count
        costs = np.full((people, self.width + people), float(2 * self._never + 1))
        first = 0
        for party, at, uncounted, penalty in zip(
            self._problem.parties, self._at, self._uncounted, penalties, strict=True
        ):
            rows = slice(first, first + party.person_count)
            line = np.full(self.width + people, float(2 * self._never + 1))
            for pool, (spot, _) in at.items():
                begin = self._first[pool]
                line[begin : begin + min(self._problem.free[pool], people)] = spot.cost_mm - self._least
            line[self.width :] = penalty if uncounted is None else uncounted.cost_mm - self._least
            costs[rows] = line
            first += party.person_count
        return costs

    def read(self, column_of: dict[int, int]) -> tuple[Placement, ...]:
        placements: list[Placement] = []
        row = 0
        for party_no, party in enumerate(self._problem.parties):
            found: dict[str, tuple[Spot, dict[Way, int]]] = {}
            for person in range(row, row + party.person_count):
                column = column_of[person]
                chosen: tuple[Spot, Way] | None
                if column < self.width:
                    chosen = self._at[party_no][self._pools[column]]
                else:
                    spot = self._uncounted[party_no]
                    chosen = None if spot is None else (spot, ())
                if chosen is not None:
                    _, drawn = found.setdefault(chosen[0].provider_id, (chosen[0], defaultdict(int)))
                    drawn[chosen[1]] += 1
            row += party.person_count
            for _, (spot, drawn) in sorted(found.items()):
                draws = tuple((0, way, count) for way, count in drawn.items())
                placements.append(Placement(party_no, spot, sum(drawn.values()), draws))
        return tuple(placements)
