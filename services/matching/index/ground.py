"""
Where the rows of a shelf are, and who of a set of them is near: tiles first, rows of near tiles next, costs last.

Tiles and straight lines only narrow. Whoever they leave is measured, to the millimetre of the
one definition of nearness, so the answer is that of measuring everything.
"""

from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from services.geo import CELL_RADIUS_M, MEAN_IN_CELL_M, Gauge, PlaceArray, Position
from services.matching.index import measuring, nearing
from services.matching.index.bits import Ecef, Rows, Words
from services.matching.index.measuring import Costs
from services.matching.index.tiles import TILE, Tiles, order_of

NOWHERE: Final = 127  #: in place of a resolution: the position is not known

_UNKNOWN: Final[Position] = (inf, inf, inf)
_MOST_KINDS: Final = 18  #: exact points, cells of each resolution, and nowhere
#: of no kind of places it is known where they are measured from
NO_STARTS: Final[Ecef] = np.array([_UNKNOWN] * _MOST_KINDS)


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
        found, firsts = np.unique(places.resolution, return_index=True)
        kinds = found.tolist()
        tiles = Tiles.around(ecef, is_mixed=np.unique(firsts[firsts % TILE != 0] // TILE))
        floors_m = [float(MEAN_IN_CELL_M.get(kind, 0)) for kind in kinds]
        self.land: Final = nearing.Land(
            np.column_stack([tiles.centre_m, tiles.radius_m]),
            firsts,
            np.column_stack([[float(CELL_RADIUS_M.get(kind, 0)) for kind in kinds], floors_m]),
            ecef,
        )
        ends = [*firsts[1:].tolist(), len(ecef)]  # one even if there is nobody, and no kind
        #: of each kind: its resolution, what it costs at least in metres, and the row after its last
        self._kinds = list(zip(kinds, floors_m, ends, strict=False))

    def within(self, gauge: Gauge, max_cost_mm: int, among: Words) -> tuple[Words, Rows]:
        """
        Tell who of a set costs more than a number, as far as straight lines can say.

        Returns:
            Those who surely do, and further rows that must be measured, ascending.
        """
        beyond = np.empty_like(among)
        return beyond, nearing.within(among, beyond, max_cost_mm / 1000.0, gauge.start_m(0), *self.land)

    def starts_m(self, gauge: Gauge, kinds: int) -> Ecef:
        """Find where areas are measured from, for the kinds of places that have a bit; infinite for the others."""
        starts_m = NO_STARTS.copy()
        while kinds:
            kind = kinds.bit_length() - 1
            starts_m[kind] = gauge.start_m(self._kinds[kind][0])
            kinds -= 1 << kind
        return starts_m

    def settle(self, gauge: Gauge, rows: Rows, costs_mm: Costs) -> int:
        """
        Measure rows as far as they are sure without the definition.

        Args:
            gauge: Knows where each kind of place is measured from.

            rows: Whom to measure, ascending; at least one.

            costs_mm: Becomes the cost of each, or `UNSURE`.

        Returns:
            How many are unsure.
        """
        first = unsure = 0
        for resolution, floor_m, end in self._kinds:
            last = len(rows) if rows.item(-1) < end else int(rows.searchsorted(end))
            if last > first:
                start_m = gauge.start_m(resolution)
                unsure += measuring.settle(rows, costs_mm, first, last, start_m, floor_m, self.land.ecef_m)
            if last == len(rows):
                break
            first = last
        return unsure
