"""
Who of a shelf has an edge on the straight way there, compiled: whole tiles first, then rows.

Directions and lengths only narrow: a tile or a row is surely before or behind all that is seen in its direction.
Of the others the way is laid beside each edge of its direction by the sums of `services.geo.lines.meets`,
so that both say the same to the last bit.
"""

from math import floor
from typing import Final, NamedTuple

import numpy as np
from numba.core import types

from services.geo import Point
from services.geo.lines import Edges
from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled, first_of, part, quarters_of, turned
from services.matching.index.plane import PLANE, Plane
from services.matching.index.sectors import MARGIN, NUMBERS, QUARTER, ROWS, SECTORS, TABLE, by_sector
from services.matching.index.tiles import Degrees

_LAST: Final = SECTORS - 1
_HALF_TURN_DEG: Final = 180.0


class Skyline(NamedTuple):
    """Edges that no way may meet, as they are seen from a start."""

    east_deg: float  #: of the start
    north_deg: float
    near_deg: Degrees  #: by sector: nobody nearer has an edge on the way
    far_deg: Degrees  #: everybody farther has
    firsts: Rows  #: by sector: where its edges begin among `listed`, and at last their end
    listed: Rows  #: numbers of edges
    edges: Edges

    def behind(self, among: Words, plane: Plane) -> Words:
        """Say to whom of a set the way meets an edge, exactly as `services.geo.lines.meets` does."""
        found = np.empty_like(among)
        behind(among, found, plane, self)
        return found


def skyline(edges: Edges, start: Point) -> Skyline:
    """See edges from a start, on the turns on which a way from there may meet them."""
    table, east_deg, north_deg = np.ascontiguousarray(edges), float(start.longitude_deg), float(start.latitude_deg)
    return Skyline(east_deg, north_deg, *by_sector(table, east_deg, north_deg), table)


_SKYLINE: Final = types.NamedTuple(  # type: ignore[no-untyped-call]
    [types.float64, types.float64, NUMBERS, NUMBERS, ROWS, ROWS, TABLE], Skyline
)


@part
def _turn(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """Say on which side of a way from a to b a point c is."""
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return int(turn > 0.0) - int(turn < 0.0)


@part
def _between(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> bool:
    return min(ax, bx) <= cx <= max(ax, bx) and min(ay, by) <= cy <= max(ay, by)


@part
def _is_met(ax: float, ay: float, bx: float, by: float, edge: int, edges: Edges) -> bool:
    """Say whether a way from a to b meets an edge from c to d, exactly as `services.geo.lines.meets` does."""
    cx, cy, dx, dy = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
    to_c, to_d = _turn(ax, ay, bx, by, cx, cy), _turn(ax, ay, bx, by, dx, dy)
    to_a, to_b = _turn(cx, cy, dx, dy, ax, ay), _turn(cx, cy, dx, dy, bx, by)
    return (
        (to_c != to_d and to_a != to_b)
        or (to_c == 0 and _between(ax, ay, bx, by, cx, cy))
        or (to_d == 0 and _between(ax, ay, bx, by, dx, dy))
        or (to_a == 0 and _between(cx, cy, dx, dy, ax, ay))
        or (to_b == 0 and _between(cx, cy, dx, dy, bx, by))
    )


@part
def _is_row_behind(row: int, plane: Plane, sky: Skyline) -> bool:
    """Say whether the way to a row meets an edge."""
    east, to_north = turned(plane.longitude_deg[row] - sky.east_deg), plane.latitude_deg[row]
    north = to_north - sky.north_deg
    length, sector = abs(east) + abs(north), floor(quarters_of(east, north) * QUARTER) & _LAST
    is_behind: bool = length > sky.far_deg[sector]
    if not is_behind and length >= sky.near_deg[sector]:
        to_east = sky.east_deg + east
        for place in range(sky.firsts[sector], sky.firsts[sector + 1]):
            if _is_met(sky.east_deg, sky.north_deg, to_east, to_north, sky.listed[place], sky.edges):
                is_behind = True
                break
    return is_behind


@part
def _told(tile: int, plane: Plane, sky: Skyline) -> int:
    """Say of a tile whether it is surely before all that is seen there (-1), surely behind (1), or neither (0)."""
    west = turned(plane.boxes_deg[tile, 0] - sky.east_deg)
    east = west + (plane.boxes_deg[tile, 2] - plane.boxes_deg[tile, 0])
    south, north = plane.boxes_deg[tile, 1] - sky.north_deg, plane.boxes_deg[tile, 3] - sky.north_deg
    least_deg = max(west, -east, 0.0) + max(south, -north, 0.0)
    most_deg = max(-west, east) + max(-south, north)
    told = 0
    if least_deg > MARGIN and east < _HALF_TURN_DEG - MARGIN:  # else the start is in it, or it lies on two turns
        is_east, is_west, is_north, is_south = west > 0.0, east < 0.0, south > 0.0, north < 0.0
        # the corners between which it is seen, from the east over the north
        one_east = west if is_south or (is_east and not is_north) else east
        one_north = south if is_east or (is_north and not is_west) else north
        other_east = west if is_north or (is_east and not is_south) else east
        other_north = north if is_east or (is_south and not is_west) else south
        first = floor(quarters_of(one_east, one_north) * QUARTER - MARGIN * QUARTER)
        last = floor(quarters_of(other_east, other_north) * QUARTER + MARGIN * QUARTER)
        if last < first:
            last += SECTORS
        is_before, is_behind = True, True
        for number in range(first, last + 1):
            is_before = is_before and most_deg < sky.near_deg[number & _LAST]
            is_behind = is_behind and least_deg > sky.far_deg[number & _LAST]
            if not (is_before or is_behind):
                break
        told = int(is_behind) - int(is_before)
    return told


@compiled(types.void(types.uint64[::1], types.uint64[::1], PLANE, _SKYLINE))
def behind(among: Words, found: Words, plane: Plane, sky: Skyline) -> None:
    """Say to whom of a set the way meets an edge; they become the other set."""
    for tile in range(len(among)):
        left, met = among[tile], NONE
        if left:
            told = _told(tile, plane, sky)
            if told > 0:
                met = left
            if told != 0:
                left = NONE
        while left:
            bit = first_of(left)
            left &= left - ONE
            if _is_row_behind((tile << 6) + bit, plane, sky):
                met |= ONE << np.uint64(bit)
        found[tile] = met
