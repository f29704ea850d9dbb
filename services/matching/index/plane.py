"""
Where the rows of a shelf are on the plane of longitude and latitude, and who of them is in boxes, compiled.

A box around each tile decides for 64 rows at once. It only narrows: whoever is in a box is looked at.
"""

from math import cos, inf, radians
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.geo import CELL_RADIUS_M, PlaceArray, Point
from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled, count_of, first_of, part, turned
from services.matching.index.tiles import Boxes, Degrees, boxes_around

Resolutions = npt.NDArray[np.int8]

_LEAST_DEGREE_M: Final = 110_000.0  #: a degree of latitude is nowhere shorter
_POLAR_DEG: Final = 80.0  #: beyond that a box says nothing of an area
_ASTRIDE_DEG: Final = 165.0  #: nor does it where the area may lie half a turn away from the start, on two turns
_MARGIN_DEG: Final = 1e-6
_FEW: Final = 4  #: rows of a tile that are sooner looked at than its box
#: by resolution: no cell reaches farther to the north from its centre
_REACH_DEG: Final[Degrees] = np.array([CELL_RADIUS_M.get(each, 0) / _LEAST_DEGREE_M for each in range(8)])


class Plane(NamedTuple):
    """Where rows are on the plane of longitude and latitude, and a box around each tile of them."""

    boxes_deg: Boxes
    longitude_deg: Degrees
    latitude_deg: Degrees
    resolution: Resolutions  #: of an area; 0: a point

    def near(self, among: Words, start: Point, boxes_deg: Boxes) -> Rows:
        """
        List who of a set may be in a box, or is an area that may reach into one.

        Args:
            among: The set; everybody's place is known.

            start: The boxes are drawn on the turns on which ways from it may meet them.

            boxes_deg: In any number.
        """
        return _near(among, float(start.longitude_deg), boxes_deg, *self)


def plane_of(places: PlaceArray) -> Plane:
    """Lay places out, in their order."""
    boxes_deg = boxes_around(places.longitude_deg, places.latitude_deg)
    return Plane(boxes_deg, places.longitude_deg, places.latitude_deg, places.resolution)


_NUMBERS: Final = types.float64[::1]
_TABLE: Final = types.float64[:, ::1]


@part
def _is_in(west: float, south: float, east: float, north: float, boxes_deg: Boxes) -> bool:
    """Say whether a box meets any other."""
    is_in = False
    for box in range(len(boxes_deg)):
        if (
            west <= boxes_deg[box, 2] + _MARGIN_DEG
            and east >= boxes_deg[box, 0] - _MARGIN_DEG
            and south <= boxes_deg[box, 3] + _MARGIN_DEG
            and north >= boxes_deg[box, 1] - _MARGIN_DEG
        ):
            is_in = True
            break
    return is_in


@part
def _wide_deg(north: float, reach_deg: float) -> float:
    """Say how far to the east an area reaches that reaches so far to the north; infinitely near a pole."""
    return reach_deg / cos(radians(abs(north) + reach_deg)) if abs(north) <= _POLAR_DEG else inf


@compiled(
    types.int64[::1](types.uint64[::1], types.float64, _TABLE, _TABLE, _NUMBERS, _NUMBERS, types.int8[::1]),
    makes_arrays=True,
)
def _near(
    among: Words,
    start_deg: float,
    boxes_deg: Boxes,
    tiles_deg: Boxes,
    longitude_deg: Degrees,
    latitude_deg: Degrees,
    resolution: Resolutions,
) -> Rows:
    """Do what `Plane.near` does: columns are sooner handed over than a record of them."""
    number = 0
    for tile in range(len(among)):
        number += count_of(among[tile])
    found, number = np.empty(number, dtype=np.int64), 0
    for tile in range(len(among)):
        left = among[tile]
        last = min((tile << 6) + 63, len(resolution) - 1)  # points come first
        if count_of(left) > _FEW and resolution[last] == 0:
            west, wide = turned(tiles_deg[tile, 0] - start_deg), tiles_deg[tile, 2] - tiles_deg[tile, 0]
            south, north, east = tiles_deg[tile, 1], tiles_deg[tile, 3], west + wide
            is_on_one_turn = east <= _ASTRIDE_DEG
            if is_on_one_turn and not _is_in(start_deg + west, south, start_deg + east, north, boxes_deg):
                left = NONE
        while left:
            row = (tile << 6) + first_of(left)
            left &= left - ONE
            reach, wide = 0.0, 0.0
            from_start, north = turned(longitude_deg[row] - start_deg), latitude_deg[row]
            if resolution[row] != 0:
                reach = _REACH_DEG[resolution[row] & 7]
                wide = _wide_deg(north, reach) if abs(from_start) <= _ASTRIDE_DEG else inf
            east = start_deg + from_start
            if wide == inf or _is_in(east - wide, north - reach, east + wide, north + reach, boxes_deg):
                found[number] = row
                number += 1
    return found[:number].copy()
