"""
Where the rows of a shelf are, and who of a set of them is near: tiles first, rows of near tiles next, costs last.

Tiles and straight lines only narrow. Whoever they leave is measured by the one
definition of nearness, so the answer is that of measuring everything.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from services.geo import MEAN_IN_CELL_M, Gauge, PlaceArray, ecef_of_m
from services.matching.index import nearing
from services.matching.index.bits import Ecef, Rows, Words
from services.matching.index.tiles import TILE, Tiles, order_of

Costs = npt.NDArray[np.int64]  #: whole millimetres

NOWHERE: Final = 127  #: in place of a resolution: the position is not known
_MARGIN_M: Final = 1.0  #: whoever is so close to a limit is measured


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
        kinds, firsts = np.unique(places.resolution, return_index=True)
        #: resolutions in their order: a kind is a place among them
        self.kinds: tuple[int, ...] = tuple(kinds.tolist())
        # how near an area can be at best
        floors_m = np.array([MEAN_IN_CELL_M.get(kind, 0) for kind in self.kinds], dtype=np.float64)
        starts = np.arange(0, len(ecef), TILE)
        kind_of_tile = np.searchsorted(firsts, starts, side="right") - 1
        last_kind_of_tile = np.searchsorted(firsts, starts + TILE - 1, side="right") - 1
        is_mixed = np.flatnonzero(kind_of_tile != last_kind_of_tile)
        tiles = Tiles.around(ecef, is_mixed)
        floor_of_tile_m = floors_m[kind_of_tile]
        floor_of_tile_m[is_mixed] = 0.0
        #: by word, as bits
        self.kinds_of_tile = ((2 << last_kind_of_tile) - (1 << kind_of_tile)).astype(np.uint8)
        self.land = nearing.Land(
            tiles.centre_m,
            tiles.radius_m,
            kind_of_tile.astype(np.int8),
            floor_of_tile_m,
            firsts,
            floors_m,
            ecef,
        )

    def seen_from(self, gauge: Gauge) -> "View":
        """Look at the shelf from where a person is."""
        return View(self, gauge)


class View:
    """
    A shelf as it is seen from one origin. A cost lies between a row's length and `longest_way_m` of it.

    Args:
        ground: The shelf.

        gauge: Measures from the origin.
    """

    def __init__(self, ground: Ground, gauge: Gauge) -> None:
        self._ground = ground
        self._gauge = gauge
        self._starts_m: Ecef = np.zeros((len(ground.kinds), 3))
        self._known = 0

    def nearest(self, among: Words, limit: int, kinds: int = -1) -> Rows:
        """
        Choose rows of a set that hold its nearest, ties included, and few others.

        Args:
            among: The set.

            limit: How many are wanted.

            kinds: Which kinds of places can be in it, as bits.
        """
        return nearing.nearest(among, limit, self._starts(kinds), self._ground.land)

    def within(self, max_cost_mm: int, among: Words, kinds: int = -1) -> tuple[Words, Rows]:
        """
        Tell who of a set costs more than a number, as far as straight lines can say.

        Returns:
            Those who surely do, and further rows that must be measured.
        """
        beyond = np.empty_like(among)
        farthest_m = max_cost_mm / 1000.0 + nearing.ROUNDING_M
        sure_m = nearing.sure_chord_m(max_cost_mm / 1000.0 - _MARGIN_M)
        return beyond, nearing.within(among, beyond, sure_m, farthest_m, self._starts(kinds), self._ground.land)

    def _starts(self, kinds: int) -> Ecef:
        """Find where kinds of places are measured from; others are not looked at."""
        if kinds & ~self._known:
            for kind, resolution in enumerate(self._ground.kinds):
                if kinds >> kind & 1 and not self._known >> kind & 1:
                    at = self._gauge.start(0 if resolution == NOWHERE else resolution)
                    self._starts_m[kind] = ecef_of_m(at)
            self._known |= kinds
        return self._starts_m
