"""
Edges by the directions in which they are seen from a start, compiled: how near the nearest is, how far one sees.

Lengths are those of a city of blocks (east and north are added): along a way they grow as others do,
along an edge inside a quarter they change evenly, and no root is taken.
"""

from math import floor, inf
from typing import Any, Final

import numpy as np
from numba.core import types

from services.geo.lines import Edges
from services.matching.index.bits import Rows
from services.matching.index.compiling import compiled, part, quarters_of
from services.matching.index.tiles import Degrees

SECTORS: Final = 256  #: of all directions
QUARTER: Final = SECTORS // 4
MARGIN: Final = 1e-8  #: of a length, and degrees: whoever is so close to a limit is looked at
_BESIDE: Final = 1e-7  #: of a sector: who is so close to its side may be in the next one
_NARROW: Final = 1e-6  #: an edge that is seen under a smaller angle points at the start
_ROUNDS: Final = 4  #: through the edges of a sector, to see whether they leave a gap
_TURNS: Final = np.arange(SECTORS) / QUARTER
_EAST: Final[Degrees] = np.abs(_TURNS - 2.0) - 1.0  #: where the first side of each sector goes
_NORTH: Final[Degrees] = np.abs((_TURNS + 3.0) % 4.0 - 2.0) - 1.0

NUMBERS: Final = types.float64[::1]
TABLE: Final = types.float64[:, ::1]
ROWS: Final = types.int64[::1]
_SORTED: Final = types.Tuple([NUMBERS, NUMBERS, ROWS, ROWS])  # type: ignore[no-untyped-call]


@part
def _seen(edge: int, edges: Edges, east: float, north: float) -> Any:
    """
    See an edge from a start: it spans sectors from one to another; the second may be beyond the last.

    Returns:
        The two sectors, both ends in their order, whether it is a plain one, and whether the start is on it or nearly.
    """
    px, py = edges[edge, 0] - east, edges[edge, 1] - north
    qx, qy = edges[edge, 2] - east, edges[edge, 3] - north
    if px * qy - py * qx < 0.0:
        px, py, qx, qy = qx, qy, px, py
    p_deg, q_deg = abs(px) + abs(py), abs(qx) + abs(qy)
    is_narrow = px * qy - py * qx <= _NARROW * p_deg * q_deg
    is_here = min(p_deg, q_deg) <= MARGIN or (is_narrow and px * qx + py * qy < 0.0)
    begin, end = quarters_of(px, py) * QUARTER, quarters_of(qx, qy) * QUARTER
    if is_narrow and (end < begin) == (abs(end - begin) < QUARTER):
        begin, end = end, begin
    if end < begin:
        end += SECTORS
    if is_here:
        begin, end = 0.5, SECTORS - 0.5
    return begin, end, px, py, qx, qy, not (is_narrow or is_here), is_here


@part
def _side_deg(sector: int, px: float, py: float, qx: float, qy: float) -> float:
    """Measure how far one sees along the first side of a sector before an edge that spans it."""
    east, north = _EAST[sector & (SECTORS - 1)], _NORTH[sector & (SECTORS - 1)]
    length: float = (px * qy - py * qx) / (east * (qy - py) - north * (qx - px))
    return length


@part
def _far_deg(first: int, end: int, spans: Degrees) -> float:
    """
    Say how far one sees at most in a sector: as far as edges that leave no gap; infinitely if they do.

    One edge goes on where another ends only if they share that very corner, or if it began well before.
    """
    reach, most_deg, east, north = 0.0, 0.0, inf, inf
    for turn in range(_ROUNDS):
        for step in range(end - first):
            span = spans[first + step if turn & 1 == 0 else end - 1 - step]  # lines go either way round
            is_on = span[0] < reach - _BESIDE or (span[3] == east and span[4] == north)
            if is_on and span[1] > reach:
                reach, east, north, most_deg = span[1], span[5], span[6], max(most_deg, span[2])
        if reach > 1.0 + _BESIDE:
            break
    return most_deg + most_deg * MARGIN + MARGIN if reach > 1.0 + _BESIDE else inf


@compiled(_SORTED(TABLE, types.float64, types.float64))
def by_sector(edges: Edges, east: float, north: float) -> tuple[Degrees, Degrees, Rows, Rows]:
    """
    Sort edges by the directions in which they are seen from a start.

    Returns:
        By sector: nobody nearer has an edge on the way, everybody farther has, and where its edges begin in a
        list of their numbers, which is the last.
    """
    firsts = np.zeros(SECTORS + 1, dtype=np.int64)
    for edge in range(len(edges)):
        begin, end, _px, _py, _qx, _qy, _is_plain, _is_here = _seen(edge, edges, east, north)
        for number in range(floor(begin - _BESIDE), floor(end + _BESIDE) + 1):
            firsts[(number & (SECTORS - 1)) + 1] += 1
    for sector in range(SECTORS):
        firsts[sector + 1] += firsts[sector]
    free, listed = firsts.copy(), np.empty(firsts[SECTORS], dtype=np.int64)
    spans = np.empty((len(listed), 7))  # from where to where inside the sector, how far away at most, and both ends
    near_deg, far_deg = np.full(SECTORS, inf), np.full(SECTORS, inf)
    for edge in range(len(edges)):
        begin, end, px, py, qx, qy, is_plain, is_here = _seen(edge, edges, east, north)
        for number in range(floor(begin - _BESIDE), floor(end + _BESIDE) + 1):
            sector = number & (SECTORS - 1)
            place = free[sector]
            free[sector] += 1
            listed[place] = edge
            p_deg, q_deg = abs(px) + abs(py), abs(qx) + abs(qy)
            span = spans[place]
            span[0], span[1], span[3], span[4], span[5], span[6] = begin - number, end - number, px, py, qx, qy
            if not is_plain or end <= number or begin >= number + 1:
                span[0] = span[3] = inf  # it hides nothing for sure
            else:
                if begin < number:
                    p_deg = _side_deg(number, px, py, qx, qy)
                if end > number + 1:
                    q_deg = _side_deg(number + 1, px, py, qx, qy)
            span[2] = max(p_deg, q_deg)
            least_deg = 0.0 if is_here else min(p_deg, q_deg)
            near_deg[sector] = min(near_deg[sector], least_deg - least_deg * MARGIN - MARGIN)
    for sector in range(SECTORS):
        far_deg[sector] = _far_deg(firsts[sector], firsts[sector + 1], spans)
    return near_deg, far_deg, firsts, listed
