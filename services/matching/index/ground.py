"""
Where the providers of one service are: a k-d tree over earth-centred coordinates, and exact costs.

The tree only narrows. What lies in a ball around the origin that holds every
place of a cost is measured again by the one definition of nearness, so the
answer is that of measuring everything.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from services.geo import Gauge, PlaceArray, Point, ball_radius_m, ecef_m
from services.matching.index.bits import Rows, Words, are_in

Costs = npt.NDArray[np.int64]  #: whole millimetres
Ecef = npt.NDArray[np.float64]  #: metres, shape (n, 3)

_TREE_FROM: Final = 256  #: fewer are measured outright
_SCAN_WORTH: Final = 8  #: asking a tree for one neighbour costs as much as measuring so many chords
_NEAR_MM: Final = 200_000_000  #: within that a tree lists faster than a scan
_MORE: Final = 2  #: measured beyond what is wanted, to see that the rest is farther
_SLACK: Final = 8  #: more neighbours than expected at the first try
_WIDER: Final = 6  #: times as many at the second
_POLAR_RADIUS_M: Final = 6_356_752.0
_EQUATORIAL_RADIUS_M: Final = 6_378_138.0
_ANYWHERE: Final = Point(0.0, 0.0)  #: a ball of exact points is as large everywhere


class Stretch:
    """
    Rows of a shelf that follow each other and are all exact points, or all areas of one resolution.

    Areas are apart because their cost starts at the centre of the origin's
    cell and has a floor: from that centre the ball holds for them as well.
    """

    def __init__(self, first: int, resolution: int, ecef: Ecef, places: PlaceArray) -> None:
        self.first = first
        self.resolution = resolution
        self._ecef_m = ecef
        self._places = places
        self._tree = cKDTree(ecef, balanced_tree=False, copy_data=False) if len(ecef) >= _TREE_FROM else None

    def __len__(self) -> int:
        return len(self._ecef_m)

    def nearest(self, gauge: Gauge, among: Words, rows: Rows | None, count: int, limit: int) -> tuple[Costs, Rows]:
        """
        Choose the nearest of a set.

        Args:
            gauge: Measures from where the person is.

            among: The set, in rows of the shelf.

            rows: The same as a list, as far as it lies in this stretch; None to find it when needed.

            count: How many of the set lie in this stretch.

            limit: How many to choose.

        Returns:
            Costs and rows of the shelf, at least those of the `limit` nearest, ties included.
        """
        start_m = self._start_m(gauge)
        if rows is None:
            found = self._by_tree(gauge, start_m, among, count, limit)
            if found is not None:
                return found
            inside = self.first + np.arange(len(self))
            rows = inside[are_in(among, inside)]
        local = rows - self.first
        chords_m = self._chords_m(start_m, local)
        if len(local) <= limit + _MORE:
            return self._costs_mm(gauge, local), rows
        order = np.argpartition(chords_m, limit + _MORE)[: limit + _MORE + 1]
        guess = local[order]
        costs = self._costs_mm(gauge, guess)
        radius_m = _ball_m(int(np.partition(costs, limit - 1)[limit - 1]))
        if chords_m[order].max() > radius_m:  # so is every chord that is not among them
            return costs, guess + self.first
        local = local[chords_m <= radius_m]
        return self._costs_mm(gauge, local), local + self.first

    def within(self, gauge: Gauge, max_cost_mm: int, rows: Rows | None) -> Rows:
        """
        List the rows of the shelf whose cost is at most a number.

        Args:
            gauge: Measures from where the person is.

            max_cost_mm: The number, in whole millimetres.

            rows: Those that matter, in rows of the shelf; None for all.
        """
        start_m, reach_m = self._start_m(gauge), _ball_m(max_cost_mm)
        if rows is not None:
            near = rows - self.first
        elif self._tree is not None and max_cost_mm < _NEAR_MM:
            found = self._tree.query_ball_point(start_m, reach_m, return_sorted=False)
            near = np.array(found, dtype=np.intp)
        else:
            near = np.arange(len(self))
        chords_m = self._chords_m(start_m, near)
        is_near = chords_m <= reach_m
        near, chords_m = near[is_near], chords_m[is_near]
        # over the sphere around the earth the way is at least as long as over the ellipsoid within
        longest_m = 2 * _EQUATORIAL_RADIUS_M * np.arcsin(np.minimum(chords_m / (2 * _POLAR_RADIUS_M), 1.0))
        # the floor may lift the cost of any area
        is_sure = (longest_m + 1.0 < max_cost_mm / 1000.0) & (not self.resolution)
        unsure = near[~is_sure]
        inside = unsure[self._costs_mm(gauge, unsure) <= max_cost_mm]
        return np.concatenate([near[is_sure], inside]) + self.first

    def _by_tree(self, gauge: Gauge, start_m: Ecef, among: Words, count: int, limit: int) -> tuple[Costs, Rows] | None:
        """Walk outwards from the start; None if measuring the whole set is less work."""
        if self._tree is None:
            return None
        neighbours = len(self) * limit // count + limit + _SLACK
        for wanted in (min(neighbours, len(self)), min(neighbours * _WIDER, len(self))):
            if wanted * _SCAN_WORTH > len(self):
                return None
            found = self._tree.query(start_m, wanted)
            chords_m, local = np.atleast_1d(found[0]), np.atleast_1d(found[1]).astype(np.intp)
            is_in = are_in(among, local + self.first)
            local, reached_m = local[is_in], chords_m[is_in]
            if len(local) < limit:
                continue
            costs = self._costs_mm(gauge, local[:limit])
            radius_m = _ball_m(int(costs.max()))
            if chords_m[-1] > radius_m:
                more = local[limit:][reached_m[limit:] <= radius_m]
                local = np.concatenate([local[:limit], more])
                return np.concatenate([costs, self._costs_mm(gauge, more)]), local + self.first
            ball = np.array(self._tree.query_ball_point(start_m, radius_m, return_sorted=False), dtype=np.intp)
            ball = ball[are_in(among, ball + self.first)]
            return self._costs_mm(gauge, ball), ball + self.first
        return None

    def _start_m(self, gauge: Gauge) -> Ecef:
        start = gauge.start(self.resolution)
        return ecef_m(start.latitude_deg, start.longitude_deg)

    def _chords_m(self, start_m: Ecef, local: Rows | slice) -> Ecef:
        away_m = self._ecef_m[local] - start_m
        chords: Ecef = np.sqrt(np.einsum("ij,ij->i", away_m, away_m))
        return chords

    def _costs_mm(self, gauge: Gauge, local: Rows) -> Costs:
        return gauge.costs_mm(self._places.take(local)) if len(local) else np.empty(0, dtype=np.int64)


def _ball_m(cost_mm: int) -> float:
    """Choose the radius of the ball around a start that holds every place of at most a cost."""
    return ball_radius_m(_ANYWHERE, cost_mm)
