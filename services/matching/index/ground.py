"""
Where the rows of a shelf are, and who of a set of them is near: tiles first, rows of near tiles next, costs last.

Tiles and straight lines only narrow. Whoever they leave is measured by the one
definition of nearness, so the answer is that of measuring everything.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from services.geo import MEAN_IN_CELL_M, Gauge, PlaceArray, ecef_of_m
from services.matching.index.bits import Ecef, Rows, Words, rows_of, rows_of_words
from services.matching.index.tiles import TILE, Tiles, longest_way_m, order_of, sure_chord_m

Costs = npt.NDArray[np.int64]  #: whole millimetres

NOWHERE: Final = 127  #: in place of a resolution: the position is not known
_ROUNDING_M: Final = 0.002  #: costs are rounded to a millimetre, coordinates to some nanometres
_MARGIN_M: Final = 1.0  #: whoever is so close to a limit is measured
_OUTRIGHT: Final = 8  #: so many more than are wanted are measured without narrowing first
_FEW: Final = 512  #: so many are looked at without a glance at their tiles first


def arranged(ecef: Ecef, resolution: npt.NDArray[np.int8]) -> Rows:
    """
    Choose the order of a shelf: exact points, then areas by resolution, each laid out in tiles, then who is nowhere.

    Args:
        ecef: Earth-centred coordinates in metres, shape (n, 3).

        resolution: Of the area; 0 for an exact point, or `NOWHERE`.
    """
    parts = [np.empty(0, dtype=np.intp)]
    for kind in np.unique(resolution).tolist():
        rows = np.flatnonzero(resolution == kind)
        parts.append(rows if kind == NOWHERE else rows[order_of(ecef[rows])])
    return np.concatenate(parts)


class Ground:
    """
    The positions of a shelf, in the order of `arranged`.

    Args:
        ecef: Earth-centred coordinates in metres, shape (n, 3).

        places: The same rows as degrees and resolutions.
    """

    def __init__(self, ecef: Ecef, places: PlaceArray) -> None:
        self.ecef_m = ecef
        kinds, firsts = np.unique(places.resolution, return_index=True)
        self._firsts = firsts
        #: resolutions in their order, and how near an area can be at best
        self._kinds: Sequence[int] = kinds.tolist()
        self._floors_m = np.array([MEAN_IN_CELL_M.get(kind, 0.0) for kind in self._kinds])
        kind_of_tile = np.searchsorted(firsts, np.arange(0, len(ecef), TILE), side="right") - 1
        is_mixed = np.unique(firsts[firsts % TILE != 0] // TILE)
        self.tiles = Tiles.around(ecef, is_mixed)
        self._kind_of_tile = kind_of_tile if kind_of_tile.any() else None
        self._floor_of_tile_m = self._floors_m[kind_of_tile]
        self._floor_of_tile_m[is_mixed] = 0.0

    def seen_from(self, gauge: Gauge) -> "View":
        """Look at the shelf from where a person is."""
        starts_m = np.array([ecef_of_m(gauge.start(0 if kind == NOWHERE else kind)) for kind in self._kinds])
        return View(self, starts_m, self._floor_of_tile_m, self._kind_of_tile)

    def lengths_m(self, starts_m: Ecef, rows: Rows) -> Ecef:
        """Measure straight lines to rows, given ascending, at least what an area costs at best."""
        away_m = self.ecef_m.take(rows, axis=0)
        are_plain = len(self._kinds) == 1 or rows[-1] < self._firsts[1]
        firsts = [0] if are_plain else rows.searchsorted(self._firsts).tolist()
        stretches = [each for each in enumerate(pairwise([*firsts, len(rows)])) if each[1][0] < each[1][1]]
        for kind, (first, end) in stretches:
            away_m[first:end] -= starts_m[kind]
        lengths_m: Ecef = np.sqrt(np.einsum("ij,ij->i", away_m, away_m))
        for kind, (first, end) in stretches:
            if self._kinds[kind]:  # a point may be as near as can be
                np.maximum(lengths_m[first:end], self._floors_m[kind], out=lengths_m[first:end])
        return lengths_m


class View:
    """
    A shelf as it is seen from one origin. A cost lies between its length and `longest_way_m` of it.

    Args:
        ground: The shelf.

        starts_m: Where each kind of place is measured from.

        floor_m: How near each tile can be at best, whatever its ball.

        kind_of_tile: None where all tiles but the mixed are of the first kind.
    """

    def __init__(self, ground: Ground, starts_m: Ecef, floor_m: Ecef, kind_of_tile: Rows | None) -> None:
        self._ground = ground
        self._starts_m = starts_m
        self._floor_m = floor_m
        self._kind_of_tile = kind_of_tile
        self._bounds_m: tuple[Ecef, Ecef] | None = None

    def nearest(self, among: Words, count: int, limit: int) -> Rows:
        """
        Choose rows of a set that hold its nearest, ties included, and few others.

        Args:
            among: The set.

            count: How many are in it.

            limit: How many are wanted.
        """
        if count <= limit + _OUTRIGHT:
            return rows_of(among)
        rows = rows_of(among) if count <= _FEW else self._near(among, limit)
        lengths_m = self._ground.lengths_m(self._starts_m, rows)
        return rows[lengths_m <= _reach_m(float(np.partition(lengths_m, limit - 1)[limit - 1]))]

    def _near(self, among: Words, limit: int) -> Rows:
        """Choose rows of those tiles that can hold any of the nearest."""
        least_m, all_most_m = self._bounds()
        tiles = np.flatnonzero(among)
        most_m = all_most_m[tiles]
        # each tile holds somebody, so no more of them than are wanted can be needed to hold all who are
        first = np.argpartition(most_m, limit)[:limit] if len(tiles) > limit else np.arange(len(tiles))
        first = first[most_m[first].argsort()]
        held = np.bitwise_count(among[tiles[first]]).cumsum(dtype=np.intp)
        reach_m = _reach_m(float(most_m[first[held.searchsorted(limit)]]))
        return rows_of_words(among, tiles[least_m[tiles] <= reach_m])

    def within(self, max_cost_mm: int, among: Words) -> tuple[Words, Rows, Rows]:
        """
        List who of a set costs at most a number, as far as straight lines can say.

        Returns:
            Whole tiles that do, further rows that do, and those that must be measured; what is said of
            rows outside `among` says nothing.
        """
        farthest_m = max_cost_mm / 1000.0 + _ROUNDING_M
        sure_m = sure_chord_m(max_cost_mm / 1000.0 - _MARGIN_M)
        least_m, most_m = self._bounds()
        is_inside = most_m <= sure_m
        inside = np.where(is_inside, ~np.uint64(0), np.uint64(0))
        edge = np.flatnonzero((least_m <= farthest_m) & ~is_inside & (among != 0))
        rows = rows_of_words(among, edge)
        if not len(rows):
            return inside, rows, rows
        lengths_m = self._ground.lengths_m(self._starts_m, rows)
        is_sure = lengths_m <= sure_m
        return inside, rows[is_sure], rows[~is_sure & (lengths_m <= farthest_m)]

    def _bounds(self) -> tuple[Ecef, Ecef]:
        """Bound each tile: the lengths of the nearest and of the farthest row that it can have."""
        if self._bounds_m is None:
            tiles, starts_m, kinds = self._ground.tiles, self._starts_m, self._kind_of_tile
            away_m = tiles.centre_m - (starts_m[0] if kinds is None else starts_m[kinds])
            middle_m = np.sqrt(np.einsum("ij,ij->i", away_m, away_m))
            self._bounds_m = (
                np.maximum(middle_m - tiles.radius_m, self._floor_m),
                np.maximum(middle_m + tiles.radius_m, self._floor_m),
            )
        return self._bounds_m


def _reach_m(length_m: float) -> float:
    """Bound the lengths of all whose cost is not above that of somebody at a length."""
    return longest_way_m(length_m) + _ROUNDING_M
