"""
Who of a shelf has an edge on the straight way there, compiled: whole tiles first, then rows.

Directions and lengths only narrow: a tile or a row is surely before or behind all that is seen in its direction.
Of the others the way is laid beside each edge of its direction by the sums of `services.geo.lines.meets`,
so that both say the same to the last bit.
"""

from math import floor
from typing import Final

import numpy as np
from numba.core import types

from services.geo.lines import Edges
from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled, count_of, first_of, part, quarters_of, turned
from services.matching.index.plane import Plane
from services.matching.index.sectors import LAST, LIST, MARGIN, QUARTER, SECTORS, TABLE, Sight
from services.matching.index.tiles import Boxes, Degrees

_FEW: Final = 8  #: rows of a tile that are sooner looked at than its box
_HALF_TURN_DEG: Final = 180.0
_NUMBERS: Final = types.float64[::1]
_SET: Final = types.uint64[::1]

NOBODY_ASIDE: Final[Words] = np.empty(0, dtype=np.uint64)


def behind(sight: Sight, among: Words, plane: Plane, aside: Words = NOBODY_ASIDE) -> tuple[Words, int, int]:
    """
    Say to whom of a set the way meets an edge, exactly as `services.geo.lines.meets` does.

    Args:
        sight: The edges.

        among: The set.

        plane: Where they are.

        aside: Of whom that is not to be said.

    Returns:
        Those, and below them who of the set is aside; and how many each are.
    """
    found = np.empty((2, len(among)), dtype=np.uint64)
    boxes_deg, longitude_deg, latitude_deg, _ = plane
    met_count, aside_count = _behind(*sight, among, aside, found, boxes_deg, longitude_deg, latitude_deg)
    return found, met_count, aside_count


@part
def _turn(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> int:
    """Say on which side of a way from a to b a point c is."""
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return int(turn > 0.0) - int(turn < 0.0)


@part
def _between(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> bool:
    return min(ax, bx) <= cx <= max(ax, bx) and min(ay, by) <= cy <= max(ay, by)


@part
def _is_met(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> bool:
    """Say whether a way from a to b meets an edge from c to d, exactly as `services.geo.lines.meets` does."""
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
def _is_any_met(ax: float, ay: float, bx: float, by: float, at: int, listed: Rows, edges: Edges) -> bool:
    """Say whether a way from a to b meets an edge that is listed somewhere, or one listed before it."""
    is_met = False
    while at >= 0 and not is_met:
        edge = listed[at, 0]
        is_met = _is_met(ax, ay, bx, by, edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3])
        at = listed[at, 1]
    return is_met


@part
def _told(west: float, south: float, east: float, north: float, near_deg: Degrees, far_deg: Degrees) -> int:
    """Say of a box whose sides are so far away whether it is before all that is seen there (-1), behind (1) or not."""
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
        for place in range(first, last + 1):
            is_before = is_before and most_deg < near_deg[place & LAST]
            is_behind = is_behind and least_deg > far_deg[place & LAST]
            if not (is_before or is_behind):
                break
        told = int(is_behind) - int(is_before)
    return told


@compiled(
    types.UniTuple(types.int64, 2)(  # type: ignore[no-untyped-call]
        *(TABLE, types.float64, types.float64, TABLE, LIST),
        *(_SET, _SET, types.uint64[:, ::1], TABLE, _NUMBERS, _NUMBERS),
    )
)
def _behind(
    edges: Edges,
    east_deg: float,
    north_deg: float,
    limits_deg: Degrees,
    listed: Rows,
    among: Words,
    aside: Words,
    found: Words,
    boxes_deg: Boxes,
    longitude_deg: Degrees,
    latitude_deg: Degrees,
) -> tuple[int, int]:
    """Do what `behind` does: columns are sooner handed over than records of them."""
    near_deg, far_deg = limits_deg
    met_count = left_out_count = 0
    for tile in range(len(among)):
        left_out = among[tile] & aside[tile] if len(aside) else NONE
        left, met = among[tile] ^ left_out, NONE
        if count_of(left) > _FEW:
            west, south = turned(boxes_deg[tile, 0] - east_deg), boxes_deg[tile, 1] - north_deg
            east, north = west + (boxes_deg[tile, 2] - boxes_deg[tile, 0]), boxes_deg[tile, 3] - north_deg
            told = _told(west, south, east, north, near_deg, far_deg)
            met = left if told > 0 else NONE
            left = left if told == 0 else NONE
        while left:
            bit = first_of(left)
            left &= left - ONE
            row = (tile << 6) + bit
            east, to_north = turned(longitude_deg[row] - east_deg), latitude_deg[row]
            length = abs(east) + abs(to_north - north_deg)
            sector = floor(quarters_of(east, to_north - north_deg) * QUARTER) & LAST
            is_met = length > far_deg[sector]
            if not is_met and length >= near_deg[sector]:
                is_met = _is_any_met(east_deg, north_deg, east_deg + east, to_north, listed[sector, 1], listed, edges)
            if is_met:
                met |= ONE << np.uint64(bit)
        found[0, tile], found[1, tile] = met, left_out
        met_count += count_of(met)
        left_out_count += count_of(left_out)
    return met_count, left_out_count
