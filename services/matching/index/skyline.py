"""
Who of a shelf has an edge on the straight way there, compiled.

Edges are sorted by the directions in which they are seen from the start: how near the nearest is, and how far one
sees. That only narrows: whoever is surely before or behind all that is seen in a direction is decided, whole tiles
at once. For others the way is laid beside each edge of the direction by the sums of `services.geo.lines.meets`,
so that both say the same to the last bit.

Lengths are those of a city of blocks (east and north are added): along a way they grow as others do,
along an edge inside a quarter they change evenly, and no root is taken.
"""

from math import floor, inf
from typing import Final

import numpy as np
from numba.core import types

from services.geo import Point
from services.geo.lines import Edges
from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled, count_of, first_of, part, quarters_of, turned
from services.matching.index.plane import Plane
from services.matching.index.tiles import Boxes, Degrees

_SECTORS: Final = 256  #: of all directions
_LAST: Final = _SECTORS - 1
_QUARTER: Final = _SECTORS // 4
_MARGIN: Final = 1e-8  #: of a length, and degrees: whoever is so close to a limit is looked at
_BESIDE: Final = 1e-7  #: of a sector: who is so close to its side may be in the next one
_NARROW: Final = 1e-6  #: an edge that is seen under a smaller angle points at the start
_FEW: Final = 8  #: rows of a tile that are sooner looked at than its box
_HALF_TURN_DEG: Final = 180.0

NOBODY: Final[Words] = np.empty(0, dtype=np.uint64)

_NUMBER: Final = types.float64
_NUMBERS: Final = types.float64[::1]
_TABLE: Final = types.float64[:, ::1]
_SET: Final = types.uint64[::1]
_SIGHT: Final = types.Tuple([_NUMBERS, _NUMBERS, types.int64[::1], types.int64[:, ::1], types.int64])  # type: ignore[no-untyped-call]
_NOT: Final = 2  #: a line of edges did not come in by a side of the sector; by the first side: 1, by the other: 0


def behind(
    edges: Edges, start: Point, among: Words, plane: Plane, *, aside: Words = NOBODY, is_entered: bool = False
) -> tuple[Words, int, int]:
    """
    Say to whom of a set the way meets an edge, exactly as `services.geo.lines.meets` does.

    Args:
        edges: On the turns on which a way from the start may meet them.

        start: Where ways begin.

        among: The set.

        plane: Where they are.

        aside: Of whom that is not to be said.

        is_entered: Whether only edges count that have the start to their right, as in `services.geo.shadows`.

    Returns:
        Those, and below them who of the set is aside; and how many each are.
    """
    found = np.empty((2, len(among)), dtype=np.uint64)
    east_deg, north_deg = float(start.longitude_deg), float(start.latitude_deg)
    boxes_deg, longitude_deg, latitude_deg, _ = plane
    met_count, aside_count = _behind(
        edges, is_entered, east_deg, north_deg, among, aside, found, boxes_deg, longitude_deg, latitude_deg
    )
    return found, met_count, aside_count


@part
def _side_deg(sector: int, px: float, py: float, qx: float, qy: float) -> float:
    """Measure how far one sees along the first side of a sector before an edge that spans it."""
    turn = (sector & _LAST) / _QUARTER
    east, north = abs(turn - 2.0) - 1.0, abs((turn + 3.0 if turn < 1.0 else turn - 1.0) - 2.0) - 1.0
    length: float = (px * qy - py * qx) / (east * (qy - py) - north * (qx - px))
    return length


@part
def _stretch(
    px: float, py: float, p_deg: float, p_at: float, qx: float, qy: float, q_deg: float, q_at: float
) -> tuple[float, float, float, float, bool]:
    """
    Say how an edge from p to q is seen.

    Returns:
        From where to where, in sectors, and how far away it is at both; the second may be beyond the last sector.
        And whether that is all of it: else it points at the start or is there, and the lengths are its least.
    """
    turn, low, low_deg, high, high_deg = px * qy - py * qx, p_at, p_deg, q_at, q_deg
    if turn < 0.0:
        low, low_deg, high, high_deg = q_at, q_deg, p_at, p_deg
    is_narrow = abs(turn) <= _NARROW * p_deg * q_deg
    is_here = min(p_deg, q_deg) <= _MARGIN or (is_narrow and px * qx + py * qy < 0.0)
    if is_narrow and (high < low) == (abs(high - low) < _QUARTER):
        low, high = high, low
    if high < low:
        high += _SECTORS
    if is_narrow:
        low_deg = high_deg = min(p_deg, q_deg)
    if is_here:
        low, low_deg, high, high_deg = 0.5, 0.0, _SECTORS - 0.5, 0.0
    return low, low_deg, high, high_deg, not (is_narrow or is_here)


@compiled(_SIGHT(_TABLE, types.boolean, _NUMBER, _NUMBER, types.int64))
def _seen(
    edges: Edges,
    is_entered: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
    east_deg: float,
    north_deg: float,
    room: int,
) -> tuple[Degrees, Degrees, Rows, Rows, int]:
    """
    Sort edges by the directions in which they are seen from a start.

    Where edges go on where others end, to the bit, no way passes between them. So one sees through a sector
    no farther than any line of such edges that comes in by one side of it and goes out by the other.

    Returns:
        By sector: nobody nearer has an edge on the way; everybody farther has; and where the last of its edges is
        listed, or -1. The list is of numbers of edges, and where the one before it of its sector is. And how long
        the list would be if there were room.
    """
    near_deg, far_deg = np.full(_SECTORS, inf), np.full(_SECTORS, inf)
    lasts, listed, number = np.full(_SECTORS, -1), np.empty((room, 2), dtype=np.int64), 0
    came, most_deg = np.full(_SECTORS, _NOT), np.zeros(_SECTORS)  # of the line of edges: whence, how far at most
    visited = np.full(_SECTORS, -1)  # by which edge last
    qx = qy = q_deg = q_at = inf
    is_plain = False
    for edge in range(len(edges)):
        goes_on = is_plain and edges[edge, 0] == edges[edge - 1, 2] and edges[edge, 1] == edges[edge - 1, 3]
        px, py, p_deg, p_at = qx, qy, q_deg, q_at
        if not goes_on:
            px, py = edges[edge, 0] - east_deg, edges[edge, 1] - north_deg
            p_deg, p_at = abs(px) + abs(py), quarters_of(px, py) * _QUARTER
        qx, qy = edges[edge, 2] - east_deg, edges[edge, 3] - north_deg
        q_deg, q_at = abs(qx) + abs(qy), quarters_of(qx, qy) * _QUARTER
        is_up = px * qy - py * qx >= 0.0
        if is_entered and is_up:
            is_plain = False
            continue
        low, low_deg, high, high_deg, is_plain = _stretch(px, py, p_deg, p_at, qx, qy, q_deg, q_at)
        side_deg = low_deg
        for place in range(floor(low - _BESIDE), floor(high + _BESIDE) + 1):
            sector = place & _LAST
            if number < room:
                listed[number, 0], listed[number, 1] = edge, lasts[sector]
                lasts[sector] = number
            number += 1
            one_deg = side_deg if low < place else low_deg
            side_deg = _side_deg(place + 1, px, py, qx, qy) if is_plain and high > place + 1 else high_deg
            least_deg = min(one_deg, side_deg)
            near_deg[sector] = min(near_deg[sector], least_deg - least_deg * _MARGIN - _MARGIN)
            if is_plain:
                reach_deg = max(one_deg, side_deg)
                begins_before, ends_after = low < place - _BESIDE, high > place + 1 + _BESIDE
                comes, goes = (begins_before, ends_after) if is_up else (ends_after, begins_before)
                if comes:
                    came[sector], most_deg[sector] = is_up, reach_deg
                elif goes_on and visited[sector] == edge - 1:
                    most_deg[sector] = max(most_deg[sector], reach_deg)
                else:
                    came[sector] = _NOT
                if goes and came[sector] == is_up:
                    reach_deg = most_deg[sector]
                    far_deg[sector] = min(far_deg[sector], reach_deg + reach_deg * _MARGIN + _MARGIN)
                visited[sector] = edge
    return near_deg, far_deg, lasts, listed, number


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
    if least_deg > _MARGIN and east < _HALF_TURN_DEG - _MARGIN:  # else the start is in it, or it lies on two turns
        is_east, is_west, is_north, is_south = west > 0.0, east < 0.0, south > 0.0, north < 0.0
        # the corners between which it is seen, from the east over the north
        one_east = west if is_south or (is_east and not is_north) else east
        one_north = south if is_east or (is_north and not is_west) else north
        other_east = west if is_north or (is_east and not is_south) else east
        other_north = north if is_east or (is_south and not is_west) else south
        first = floor(quarters_of(one_east, one_north) * _QUARTER - _MARGIN * _QUARTER)
        last = floor(quarters_of(other_east, other_north) * _QUARTER + _MARGIN * _QUARTER)
        if last < first:
            last += _SECTORS
        is_before, is_behind = True, True
        for place in range(first, last + 1):
            is_before = is_before and most_deg < near_deg[place & _LAST]
            is_behind = is_behind and least_deg > far_deg[place & _LAST]
            if not (is_before or is_behind):
                break
        told = int(is_behind) - int(is_before)
    return told


@compiled(
    types.UniTuple(types.int64, 2)(  # type: ignore[no-untyped-call]
        _TABLE, types.boolean, _NUMBER, _NUMBER, _SET, _SET, types.uint64[:, ::1], _TABLE, _NUMBERS, _NUMBERS
    )
)
def _behind(
    edges: Edges,
    is_entered: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
    east_deg: float,
    north_deg: float,
    among: Words,
    aside: Words,
    found: Words,
    boxes_deg: Boxes,
    longitude_deg: Degrees,
    latitude_deg: Degrees,
) -> tuple[int, int]:
    """Do what `behind` does, with what it is given in plain columns: those are sooner handed over than records."""
    room = 2 * len(edges) + _SECTORS
    near_deg, far_deg, lasts, listed, number = _seen(edges, is_entered, east_deg, north_deg, room)
    if number > room:
        near_deg, far_deg, lasts, listed, _ = _seen(edges, is_entered, east_deg, north_deg, number)
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
            sector = floor(quarters_of(east, to_north - north_deg) * _QUARTER) & _LAST
            is_met = length > far_deg[sector]
            if not is_met and length >= near_deg[sector]:
                is_met = _is_any_met(east_deg, north_deg, east_deg + east, to_north, lasts[sector], listed, edges)
            if is_met:
                met |= ONE << np.uint64(bit)
        found[0, tile], found[1, tile] = met, left_out
        met_count += count_of(met)
        left_out_count += count_of(left_out)
    return met_count, left_out_count
