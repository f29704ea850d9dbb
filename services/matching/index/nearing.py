"""
Straight lines from where a person is, to the tiles of a shelf and to its rows: bounds of the ways there, compiled.

They only narrow: whoever they leave is measured, to the millimetre of the one definition of nearness.
"""

from math import asin, inf, pi, sin, sqrt
from typing import Final, NamedTuple

import numpy as np
from numba.core import types

from services.geo import Position
from services.matching.index.bits import Ecef, Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled, first_of, part

ROUNDING_M: Final = 0.002  #: costs are rounded to a millimetre, coordinates to some nanometres
_POLAR_RADIUS_M: Final = 6_356_752.0
_EQUATORIAL_RADIUS_M: Final = 6_378_138.0
_LEAST_RADIUS_M: Final = 6_335_439.0  #: of the meridian at the equator, where the ellipsoid bends most
_FAR_M: Final = 9_000_000.0
_MARGIN_M: Final = 1.0  #: whoever is so close to a limit is measured


class Land(NamedTuple):
    """Where the rows of a shelf are, and its tiles: each word of a set is one."""

    balls_m: Ecef  #: around each tile: its centre, and the radius, infinite where it holds several kinds of places
    firsts: Rows  #: the first row of each kind
    #: of each kind: how far the person may be from where it is measured from, and how near it can be at best
    margins_m: Ecef
    ecef_m: Ecef  #: of each row, shape (n, 3)


_POSITION: Final = types.UniTuple(types.float64, 3)  # type: ignore[no-untyped-call]
_SET: Final = types.uint64[::1]
_ROWS: Final = types.int64[::1]
_TABLE: Final = types.float64[:, ::1]
LAND: Final = _TABLE, _ROWS, _TABLE, _TABLE  #: as arguments of their own: a tuple is told apart far later


@part
def longest_way_m(chord_m: float) -> float:
    """
    Bound a geodesic by the straight line through the earth.

    Nowhere does a geodesic bend more than a circle of the least radius of curvature, so between the same ends
    it is no longer than the arc of that. Far away, where the arc would be more than half the circle,
    the way over the sphere around the earth is at least as long as over the ellipsoid within.
    """
    if chord_m <= _FAR_M:
        return 2 * _LEAST_RADIUS_M * asin(chord_m / (2 * _LEAST_RADIUS_M))
    return 2 * _EQUATORIAL_RADIUS_M * asin(min(chord_m / (2 * _POLAR_RADIUS_M), 1.0))


@part
def sure_chord_m(way_m: float) -> float:
    """Choose a straight line of which no geodesic is longer than a way; the inverse of `longest_way_m`."""
    chord_m = 2 * _LEAST_RADIUS_M * sin(min(way_m / (2 * _LEAST_RADIUS_M), pi / 2))
    if chord_m <= _FAR_M:
        return chord_m
    return max(_FAR_M, 2 * _POLAR_RADIUS_M * sin(min(way_m / (2 * _EQUATORIAL_RADIUS_M), pi / 2)))


@part
def _bounds_m(kind: int, at_m: Ecef, radius_m: float, start_m: Position, land: Land) -> tuple[float, float]:
    """Bound the lengths of places of a kind in a ball: from where they are measured, and at least what they cost."""
    x, y, z = at_m[0] - start_m[0], at_m[1] - start_m[1], at_m[2] - start_m[2]
    middle_m, away_m = sqrt(x * x + y * y + z * z), radius_m + land.margins_m[kind, 0]
    floor_m = land.margins_m[kind, 1]
    return max(middle_m - away_m, floor_m), max(middle_m + away_m, floor_m)


@part
def kind_of(row: int, land: Land) -> int:
    """Find the kind of place that a row is."""
    kind = 0
    while kind + 1 < len(land.firsts) and row >= land.firsts[kind + 1]:
        kind += 1
    return kind


@part
def tile_m(tile: int, start_m: Position, land: Land) -> tuple[float, float]:
    """Bound the lengths of the rows that a tile can have."""
    ball_m = land.balls_m[tile]
    if ball_m[3] == inf:
        return 0.0, inf
    return _bounds_m(kind_of(tile << 6, land), ball_m, ball_m[3], start_m, land)


@part
def row_m(row: int, start_m: Position, land: Land) -> tuple[float, float]:
    """Bound the length of a row."""
    return _bounds_m(kind_of(row, land), land.ecef_m[row], 0.0, start_m, land)


@compiled(_ROWS(_SET, _SET, types.float64, _POSITION, *LAND), makes_arrays=True)
def within(
    among: Words,
    beyond: Words,
    way_m: float,
    start_m: Position,
    balls_m: Ecef,
    firsts: Rows,
    margins_m: Ecef,
    ecef_m: Ecef,
) -> Rows:
    """
    Tell who of a set is farther than a way, as far as straight lines can say.

    `beyond` becomes those who surely are. Where the rows are is said by the fields of `Land`.

    Returns:
        The rows that must be measured, ascending.
    """
    land = Land(balls_m, firsts, margins_m, ecef_m)
    farthest_m, sure_m = way_m + ROUNDING_M, sure_chord_m(way_m - _MARGIN_M)
    unsure = np.empty(len(land.ecef_m), dtype=np.int64)
    number = 0
    for tile in range(len(among)):
        left, far = among[tile], NONE
        if left:
            least_m, most_m = tile_m(tile, start_m, land)
            if least_m > farthest_m:
                left, far = NONE, left
            elif most_m <= sure_m:
                left = NONE
        while left:
            bit = first_of(left)
            left &= left - ONE
            least_m, most_m = row_m((tile << 6) + bit, start_m, land)
            if least_m > farthest_m:
                far |= ONE << np.uint64(bit)
            elif most_m > sure_m:
                unsure[number] = (tile << 6) + bit
                number += 1
        beyond[tile] = far
    return unsure[:number]
