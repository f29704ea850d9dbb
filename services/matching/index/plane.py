"""
Where the rows of a shelf are on the plane of longitude and latitude, and who of them is in boxes, compiled.

A box around each tile decides for 64 rows at once. It only narrows: whoever is in a box is looked at.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.geo import CELL_RADIUS_M, PlaceArray, Point
from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import ONE, compiled, first_of, part, turned
from services.matching.index.tiles import Boxes, Degrees, boxes_around

_LEAST_DEGREE_M: Final = 110_000.0  #: a degree of latitude is nowhere shorter
_POLAR_DEG: Final = 80.0  #: beyond that a box says nothing of an area
_ASTRIDE_DEG: Final = 165.0  #: nor does it where the area may lie half a turn away from the start, on two turns
_MARGIN_DEG: Final = 1e-6
#: by resolution: no cell reaches farther to the north from its centre
_REACH_DEG: Final[Degrees] = np.array([CELL_RADIUS_M.get(each, 0) / _LEAST_DEGREE_M for each in range(8)])


class Plane(NamedTuple):
    """Where rows are on the plane of longitude and latitude, and a box around each tile of them."""

    boxes_deg: Boxes
    longitude_deg: Degrees
    latitude_deg: Degrees
    resolution: npt.NDArray[np.int8]  #: of an area; 0: a point

    def near(self, among: Words, start: Point, boxes_deg: Boxes) -> Rows:
        """
        List who of a set may be in a box, or is an area that may reach into one.

        Args:
            among: The set; everybody's place is known.

            start: The boxes are drawn on the turns on which ways from it may meet them.

            boxes_deg: In any number.
        """
        return near(among, float(start.longitude_deg), boxes_deg, self)


def plane_of(places: PlaceArray) -> Plane:
    """Lay places out, in their order."""
    boxes_deg = boxes_around(places.longitude_deg, places.latitude_deg)
    return Plane(boxes_deg, places.longitude_deg, places.latitude_deg, places.resolution)


_NUMBERS: Final = types.float64[::1]
_TABLE: Final = types.float64[:, ::1]
PLANE: Final = types.NamedTuple([_TABLE, _NUMBERS, _NUMBERS, types.int8[::1]], Plane)  # type: ignore[no-untyped-call]


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
def _is_tile_in(tile: int, start_deg: float, boxes_deg: Boxes, plane: Plane) -> bool:
    """Say whether a tile may have rows in a box: for sure only of one of points, all on one turn."""
    west, east = plane.boxes_deg[tile, 0], plane.boxes_deg[tile, 2]
    last = min((tile << 6) + 63, len(plane.resolution) - 1)  # points come first
    from_start = turned(west - start_deg)
    if plane.resolution[last] > 0 or from_start + (east - west) > _ASTRIDE_DEG:
        return True
    west, east = start_deg + from_start, start_deg + from_start + (east - west)
    return _is_in(west, plane.boxes_deg[tile, 1], east, plane.boxes_deg[tile, 3], boxes_deg)


@part
def _is_row_in(row: int, start_deg: float, boxes_deg: Boxes, plane: Plane) -> bool:
    """Say whether a row may be in a box, or reach into one."""
    from_start, north = turned(plane.longitude_deg[row] - start_deg), plane.latitude_deg[row]
    reach = _REACH_DEG[plane.resolution[row] & 7]
    east = start_deg + from_start
    if reach == 0.0:
        return _is_in(east, north, east, north, boxes_deg)
    if abs(north) > _POLAR_DEG or abs(from_start) > _ASTRIDE_DEG:
        return True
    wide = reach / np.cos(np.radians(abs(north) + reach))
    return _is_in(east - wide, north - reach, east + wide, north + reach, boxes_deg)


@compiled(types.int64[::1](types.uint64[::1], types.float64, _TABLE, PLANE))
def near(among: Words, start_deg: float, boxes_deg: Boxes, plane: Plane) -> Rows:
    """List who of a set may be in a box or reach into one, as seen from a longitude."""
    found = np.empty(len(plane.longitude_deg), dtype=np.int64)
    number = 0
    for tile in range(len(among)):
        left = among[tile]
        if not (left and _is_tile_in(tile, start_deg, boxes_deg, plane)):
            continue
        while left:
            row = (tile << 6) + first_of(left)
            left &= left - ONE
            if _is_row_in(row, start_deg, boxes_deg, plane):
                found[number] = row
                number += 1
    return found[:number].copy()
