"""
Does a way cross a line? For closed borders and front lines that a coordinator has drawn (R60).

Stretches are straight in latitude and longitude, the shorter way round, as they
are drawn on a map. The way itself is taken as straight too: who goes there does
not follow a geodesic, and a line that reaches past both sides stops either.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from services.geo.places import Point

_TURN_DEG: Final = 360.0

Flat = tuple[float, float]


def crosses(start: Point, goal: Point, line: Sequence[Point]) -> bool:
    """
    Say whether the straight way between two points meets a line; touching it is meeting it.

    Args:
        start: One end of the way.

        goal: Its other end; the way goes the shorter way round the earth.

        line: At least two points.
    """
    east, north = start.longitude_deg, start.latitude_deg
    way = _near(goal, east)
    at_deg = _near(line[0], east)[0]
    stretch: list[Flat] = []
    for point in line:
        at_deg += math.remainder(point.longitude_deg - at_deg, _TURN_DEG)
        stretch.append((at_deg, point.latitude_deg))
    # a long line may meet the way on another turn than its first point
    return any(
        _meet((east, north), way, (one[0] + turn, one[1]), (other[0] + turn, other[1]))
        for turn in (-_TURN_DEG, 0.0, _TURN_DEG)
        for one, other in pairwise(stretch)
    )


def _near(point: Point, east_deg: float) -> Flat:
    return east_deg + math.remainder(point.longitude_deg - east_deg, _TURN_DEG), point.latitude_deg


def _meet(a: Flat, b: Flat, c: Flat, d: Flat) -> bool:
    sides = (_side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b))
    if sides[0] != sides[1] and sides[2] != sides[3]:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _between(*points) for side, points in zip(sides, ends, strict=True))


def _side(a: Flat, b: Flat, c: Flat) -> int:
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)


def _between(a: Flat, b: Flat, c: Flat) -> bool:
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
