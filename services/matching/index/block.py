"""
Providers in columns: many are judged and measured at once, with the answers of a full scan.

A constraint is judged by its one pure function, once for all providers that
agree in what it looks at. A block never changes once it is built, so readers
need no lock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.geo import Origin, PlaceArray, Point, ball_radius_m, costs_mm, ecef_m, position_of
from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.model.provider import Claim, Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict

Rows = npt.NDArray[np.intp]  #: numbers of providers in a block, ascending
Mask = npt.NDArray[np.bool_]
Verdicts = npt.NDArray[np.int8]  #: of `Verdict`, one a row

#: judged by columns of numbers rather than by what providers have in common
_MEASURED: Final = frozenset({"position", "distance", "safety"})
_NOWHERE: Final = Point(0.0, 0.0)  #: fills the columns of a provider without a place; never measured
_FEW: Final = 32  #: rows that are measured outright


@dataclass(frozen=True, slots=True)
class _Facet:
    """The values that some attributes have among the providers of a block."""

    value_of: npt.NDArray[np.int32]  #: provider -> number of its value
    example_of: Rows  #: number of a value -> a provider that has it


class Block:
    """
    Some providers, ready to be asked.

    Args:
        providers: In any order; each id once.
    """

    def __init__(self, providers: Iterable[Provider]) -> None:
        self.providers = tuple(providers)
        self.row_of = {each.provider_id: row for row, each in enumerate(self.providers)}
        self._has_place: Mask = np.array([each.place is not None for each in self.providers], dtype=np.bool_)
        self._places = PlaceArray.of(each.place or _NOWHERE for each in self.providers)
        self._resolutions = [int(each) for each in np.unique(self._places.resolution) if each]
        self._ecef_m = ecef_m(self._places.latitude_deg, self._places.longitude_deg).reshape(-1, 3)
        self._rows_by_code = _rows_by_code(self.providers)
        looked_at = {each.looks_at for each in CONSTRAINTS if each.name not in _MEASURED}
        self._facets = {attributes: _facet(self.providers, attributes) for attributes in looked_at}

    def __len__(self) -> int:
        return len(self.providers)

    def rows_offering(self, code: str) -> Rows:
        """List the providers that claim a service, or of which nobody knows whether they offer it."""
        return self._rows_by_code.get(code, np.empty(0, dtype=np.intp))

    def judge(self, constraint: Constraint, asked: Asked, rows: Rows) -> Verdicts:
        """Judge some providers by one constraint that applies, exactly as `constraint.judge` does each."""
        if constraint.name == "position":
            return _no_where(~self._has_place[rows])
        if constraint.name == "distance":
            return _no_where(~self._is_within(asked, rows))
        if constraint.name == "safety":
            excluded = [self.row_of[each] for each in asked.excluded_provider_ids if each in self.row_of]
            return _no_where(np.isin(rows, excluded))
        facet = self._facets[constraint.looks_at]
        values = facet.value_of[rows]
        is_present = np.zeros(len(facet.example_of), dtype=np.bool_)
        is_present[values] = True
        verdict_of = np.zeros(len(facet.example_of), dtype=np.int8)
        for value in np.flatnonzero(is_present):
            verdict_of[value] = constraint.judge(asked, self.providers[facet.example_of[value]]).verdict
        return verdict_of[values]

    def nearest(self, origin: Origin, rows: Rows, limit: int) -> list[tuple[int, Provider]]:
        """
        Choose the nearest of some providers that have a place.

        Returns:
            At most `limit` of them with their costs in whole millimetres, by
            cost and then by id: what sorting all of them would begin with.
        """
        if len(rows) > max(limit, _FEW):
            rows = self._near_enough(origin, rows, limit)
        costs = costs_mm(origin, self._places.take(rows))
        reached = [(int(cost), self.providers[row]) for cost, row in zip(costs, rows, strict=True)]
        return sorted(reached, key=lambda pair: (pair[0], pair[1].provider_id))[:limit]

    def _near_enough(self, origin: Origin, rows: Rows, limit: int) -> Rows:
        """Drop rows that cannot be among the nearest: those outside a ball that holds `limit` others."""
        chords_m = self._chords_m(origin, rows)
        guess = rows[np.argpartition(chords_m, limit - 1)[:limit]]
        farthest_mm = int(costs_mm(origin, self._places.take(guess)).max())
        return rows[chords_m <= ball_radius_m(origin, farthest_mm, self._resolutions)]

    def _is_within(self, asked: Asked, rows: Rows) -> Mask:
        if asked.max_cost_mm is None:
            return np.ones(len(rows), dtype=np.bool_)
        radius_m = ball_radius_m(asked.origin, asked.max_cost_mm, self._resolutions)
        is_within = self._chords_m(asked.origin, rows) <= radius_m
        near = np.flatnonzero(is_within)
        is_within[near] = costs_mm(asked.origin, self._places.take(rows[near])) <= asked.max_cost_mm
        return is_within | ~self._has_place[rows]  # `position` speaks for those

    def _chords_m(self, origin: Origin, rows: Rows) -> npt.NDArray[np.float64]:
        start = position_of(origin)
        away_m = self._ecef_m[rows] - ecef_m(start.latitude_deg, start.longitude_deg)
        lengths_m: npt.NDArray[np.float64] = np.linalg.norm(away_m, axis=1)
        return lengths_m


def _no_where(mask: Mask) -> Verdicts:
    return np.where(mask, np.int8(Verdict.NO), np.int8(Verdict.YES))


def _rows_by_code(providers: tuple[Provider, ...]) -> Mapping[str, Rows]:
    rows: dict[str, list[int]] = {}
    for row, provider in enumerate(providers):
        for code, claim in provider.claims:
            if claim is not Claim.NO:
                rows.setdefault(code, []).append(row)
    return {code: np.array(each, dtype=np.intp) for code, each in rows.items()}


def _facet(providers: tuple[Provider, ...], attributes: tuple[str, ...]) -> _Facet:
    read = attrgetter(*attributes) if attributes else lambda _: ()
    number_of: dict[Any, int] = {}
    value_of = np.empty(len(providers), dtype=np.int32)
    example_of: list[int] = []
    for row, provider in enumerate(providers):
        number = number_of.setdefault(read(provider), len(number_of))
        value_of[row] = number
        if number == len(example_of):
            example_of.append(row)
    return _Facet(value_of, np.array(example_of, dtype=np.intp))
