"""
Edges by the directions in which they are seen from a start, compiled: how near the nearest is, how far one sees.

Lengths are those of a city of blocks (east and north are added): along a way they grow as others do,
along an edge inside a quarter they change evenly, and no root is taken.
"""

from math import floor, inf
from typing import Final, NamedTuple

import numpy as np
from numba.core import types

from services.geo import Point
from services.geo.lines import Edges
from services.matching.index.bits import Rows
from services.matching.index.compiling import compiled, part, quarters_of
from services.matching.index.tiles import Degrees

SECTORS: Final = 256  #: of all directions
QUARTER: Final = SECTORS // 4
LAST: Final = SECTORS - 1
MARGIN: Final = 1e-8  #: of a length, and degrees: whoever is so close to a limit is looked at
_BESIDE: Final = 1e-7  #: of a sector: who is so close to its side may be in the next one
_NARROW: Final = 1e-6  #: an edge that is seen under a smaller angle points at the start
_NOT: Final = 2  #: a line of edges did not come in by a side of the sector; by the first side: 1, by the other: 0

_NUMBER: Final = types.float64
TABLE: Final = types.float64[:, ::1]
LIST: Final = types.int64[:, ::1]


class Sight(NamedTuple):
    """Edges that no way may meet, as they are seen from a start."""

    edges: Edges
    east_deg: float  #: of the start
    north_deg: float
    #: nobody nearer has an edge on the way, everybody farther has; shape (2, sectors)
    limits_deg: Degrees
    #: numbers of edges, and where the one before it of its sector is listed, or -1; shape (n, 2). First comes
    #: for each sector only the place of its last one
    listed: Rows


def sight_of(edges: Edges, start: Point, *, is_entered: bool = False) -> Sight:
    """
    See edges from a start.

    Args:
        edges: On the turns on which ways from the start may meet them.

        start: Where ways begin.

        is_entered: Whether only edges count that have the start to their right, as in `services.geo.shadows`.
    """
    east_deg, north_deg = float(start.longitude_deg), float(start.latitude_deg)
    room = 2 * (SECTORS + len(edges))
    limits_deg, listed, number = seen(edges, is_entered, east_deg, north_deg, room)
    if number > room:
        limits_deg, listed, _ = seen(edges, is_entered, east_deg, north_deg, number)
    return Sight(edges, east_deg, north_deg, limits_deg, listed)


@part
def _side_deg(sector: int, px: float, py: float, qx: float, qy: float) -> float:
    """Measure how far one sees along the first side of a sector before an edge that spans it."""
    turn = (sector & LAST) / QUARTER
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
    is_here = min(p_deg, q_deg) <= MARGIN or (is_narrow and px * qx + py * qy < 0.0)
    if is_narrow and (high < low) == (abs(high - low) < QUARTER):
        low, high = high, low  # its turn is within a rounding of nothing: what is meant is the shorter way round
    if high < low:
        high += SECTORS
    if is_narrow:
        low_deg = high_deg = min(p_deg, q_deg)
    if is_here:  # in every direction
        low, low_deg, high, high_deg = 0.5, 0.0, SECTORS - 0.5, 0.0
    return low, low_deg, high, high_deg, not (is_narrow or is_here)


@compiled(
    types.Tuple([TABLE, LIST, types.int64])(  # type: ignore[no-untyped-call]
        TABLE, types.boolean, _NUMBER, _NUMBER, types.int64
    ),
    makes_arrays=True,
)
def seen(
    edges: Edges,
    is_entered: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
    east_deg: float,
    north_deg: float,
    room: int,
) -> tuple[Degrees, Rows, int]:
    """
    Sort edges by the directions in which they are seen from a start.

    Where edges go on where others end, to the bit, no way passes between them. So one sees through a sector
    no farther than any line of such edges that comes in by one side of it and goes out by the other.

    Returns:
        Limits and the list, as in `Sight`; and how long the list would be if there were room.
    """
    limits_deg = np.full((2, SECTORS), inf)
    near_deg, far_deg = limits_deg
    listed, number = np.empty((room, 2), dtype=np.int64), SECTORS
    listed[:SECTORS] = -1
    came, most_deg = np.full(SECTORS, _NOT), np.zeros(SECTORS)  # of the line of edges: whence, how far at most
    visited = np.full(SECTORS, -1)  # by which edge last
    qx = qy = q_deg = q_at = inf
    is_plain = False
    for edge in range(len(edges)):
        goes_on = is_plain and edges[edge, 0] == edges[edge - 1, 2] and edges[edge, 1] == edges[edge - 1, 3]
        px, py, p_deg, p_at = qx, qy, q_deg, q_at
        if not goes_on:
            px, py = edges[edge, 0] - east_deg, edges[edge, 1] - north_deg
            p_deg, p_at = abs(px) + abs(py), quarters_of(px, py) * QUARTER
        qx, qy = edges[edge, 2] - east_deg, edges[edge, 3] - north_deg
        q_deg, q_at = abs(qx) + abs(qy), quarters_of(qx, qy) * QUARTER
        is_up = px * qy - py * qx >= 0.0
        if is_entered and is_up:
            is_plain = False
            continue
        low, low_deg, high, high_deg, is_plain = _stretch(px, py, p_deg, p_at, qx, qy, q_deg, q_at)
        side_deg = low_deg
        for place in range(floor(low - _BESIDE), floor(high + _BESIDE) + 1):
            sector = place & LAST
            if number < room:
                listed[number, 0], listed[number, 1] = edge, listed[sector, 1]
                listed[sector, 1] = number
            number += 1
            one_deg = side_deg if low < place else low_deg
            side_deg = _side_deg(place + 1, px, py, qx, qy) if is_plain and high > place + 1 else high_deg
            least_deg = min(one_deg, side_deg)
            near_deg[sector] = min(near_deg[sector], least_deg - least_deg * MARGIN - MARGIN)
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
                    far_deg[sector] = min(far_deg[sector], reach_deg + reach_deg * MARGIN + MARGIN)
                visited[sector] = edge
    return limits_deg, listed, number
