"""
The passes over tiles, compiled: straight lines from where a person is to those who may be near.

They only narrow: whoever they choose is measured by the one definition of nearness.
"""

from math import asin, inf, pi, sin, sqrt
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.matching.index.bits import Ecef, Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled, count_of, first_of, part

ROUNDING_M: Final = 0.002  #: costs are rounded to a millimetre, coordinates to some nanometres
_POLAR_RADIUS_M: Final = 6_356_752.0
_EQUATORIAL_RADIUS_M: Final = 6_378_138.0


class Land(NamedTuple):
    """Where the rows of a shelf are, and its tiles: each word of a set is one."""

    centre_m: Ecef  #: of each tile, shape (words, 3)
    radius_m: Ecef  #: around it; infinite where it holds several kinds of places
    kind_of_tile: npt.NDArray[np.int8]
    floor_of_tile_m: Ecef  #: how near it can be at best
    firsts: Rows  #: the first row of each kind
    floors_m: Ecef  #: how near each kind can be at best
    ecef_m: Ecef  #: of each row, shape (n, 3)


_LENGTHS: Final = types.float64[::1]
_POSITIONS: Final = types.float64[:, ::1]
_LAND: Final = types.NamedTuple(  # type: ignore[no-untyped-call]
    [_POSITIONS, _LENGTHS, types.int8[::1], _LENGTHS, types.int64[::1], _LENGTHS, _POSITIONS], Land
)
_SET: Final = types.uint64[::1]
_ROWS: Final = types.int64[::1]


@part
def longest_way_m(chord_m: float) -> float:
    """
    Bound a geodesic by the straight line through the earth.

    Over the sphere around the earth the way is at least as long as over the ellipsoid within.
    """
    return 2 * _EQUATORIAL_RADIUS_M * asin(min(chord_m / (2 * _POLAR_RADIUS_M), 1.0))


def sure_chord_m(way_m: float) -> float:
    """Choose a straight line of which no geodesic is longer than a way; the inverse of `longest_way_m`."""
    return 2 * _POLAR_RADIUS_M * sin(min(way_m / (2 * _EQUATORIAL_RADIUS_M), pi / 2))


@part
def _straight_m(one_m: Ecef, other_m: Ecef) -> float:
    x, y, z = one_m[0] - other_m[0], one_m[1] - other_m[1], one_m[2] - other_m[2]
    return sqrt(x * x + y * y + z * z)


@part
def _length_m(row: int, starts_m: Ecef, land: Land) -> float:
    """Measure the straight line to a row, at least what an area costs at best."""
    kind = 0
    while kind + 1 < len(land.firsts) and row >= land.firsts[kind + 1]:
        kind += 1
    floor_m: float = land.floors_m[kind]
    return max(_straight_m(land.ecef_m[row], starts_m[kind]), floor_m)


@part
def _bounds_m(tile: int, starts_m: Ecef, land: Land) -> tuple[float, float]:
    """Bound a tile: the lengths of the nearest and of the farthest row that it can have."""
    middle_m = _straight_m(land.centre_m[tile], starts_m[land.kind_of_tile[tile]])
    radius_m, floor_m = land.radius_m[tile], land.floor_of_tile_m[tile]
    return max(middle_m - radius_m, floor_m), max(middle_m + radius_m, floor_m)


@part
def _hold(lengths_m: Ecef, counts: Rows, size: int, held: int, length_m: float, count: int, wanted: int) -> Any:
    """
    Keep the shortest of many lengths that hold so many together as are wanted; the longest of them stands first.

    Returns:
        How many lengths are kept, and how many they hold.
    """
    if held >= wanted and length_m >= lengths_m[0]:
        return size, held
    place = size
    while place and lengths_m[(place - 1) >> 1] < length_m:
        above = (place - 1) >> 1
        lengths_m[place], counts[place] = lengths_m[above], counts[above]
        place = above
    lengths_m[place], counts[place] = length_m, count
    size, held = size + 1, held + count
    while held - counts[0] >= wanted:
        size, held = size - 1, held - counts[0]
        moved_m, moved, place = lengths_m[size], counts[size], 0
        while 2 * place + 1 < size:
            below = 2 * place + 1
            if below + 1 < size and lengths_m[below + 1] > lengths_m[below]:
                below += 1
            if lengths_m[below] <= moved_m:
                break
            lengths_m[place], counts[place] = lengths_m[below], counts[below]
            place = below
        lengths_m[place], counts[place] = moved_m, moved
    return size, held


@part
def _reach_m(lengths_m: Ecef, held: int, wanted: int) -> float:
    """Bound the lengths of all whose cost is not above that of the last of the wanted; infinite without so many."""
    return longest_way_m(lengths_m[0]) + ROUNDING_M if held >= wanted else inf


@part
def _chosen(rows: Rows, lengths_m: Ecef, number: int, reach_m: float) -> Rows:
    """Move rows within reach to the front."""
    chosen = 0
    for place in range(number):
        if lengths_m[place] <= reach_m:
            rows[chosen] = rows[place]
            chosen += 1
    return rows[:chosen]


@compiled(_ROWS(_SET, types.int64, _POSITIONS, _LAND))
def nearest(among: Words, limit: int, starts_m: Ecef, land: Land) -> Rows:
    """
    Choose rows of a set that hold its nearest, ties included, and few others.

    Args:
        among: The set.

        limit: How many are wanted, at least one.

        starts_m: Where each kind of place is measured from, shape (kinds, 3).

        land: Where the rows are.
    """
    lengths_m, counts = np.empty(limit + 1), np.empty(limit + 1, dtype=np.int64)
    least_m = np.empty(len(among))
    number = size = held = 0
    for tile in range(len(among)):
        if among[tile]:
            least_m[tile], most_m = _bounds_m(tile, starts_m, land)
            count = count_of(among[tile])
            number += count
            size, held = _hold(lengths_m, counts, size, held, most_m, count, limit)
    reach_m = _reach_m(lengths_m, held, limit)
    rows, row_lengths_m = np.empty(number, dtype=np.int64), np.empty(number)
    number = size = held = 0
    for tile in range(len(among)):
        left = among[tile]
        while left and least_m[tile] <= reach_m:
            row = (tile << 6) + first_of(left)
            left &= left - ONE
            length_m = _length_m(row, starts_m, land)
            if length_m <= reach_m:
                rows[number], row_lengths_m[number] = row, length_m
                number += 1
                size, held = _hold(lengths_m, counts, size, held, length_m, 1, limit)
        reach_m = min(reach_m, _reach_m(lengths_m, held, limit))
    return _chosen(rows, row_lengths_m, number, reach_m)


@compiled(_ROWS(_SET, _SET, types.float64, types.float64, _POSITIONS, _LAND))
def within(among: Words, beyond: Words, sure_m: float, farthest_m: float, starts_m: Ecef, land: Land) -> Rows:
    """
    Tell who of a set is beyond a distance, as far as straight lines can say.

    Args:
        among: The set.

        beyond: Becomes those who surely are.

        sure_m: Whose length is at most this surely is not.

        farthest_m: Whose length is above this surely is.

        starts_m: Where each kind of place is measured from, shape (kinds, 3).

        land: Where the rows are.

    Returns:
        The rows that must be measured.
    """
    unsure = np.empty(len(land.ecef_m), dtype=np.int64)
    number = 0
    for tile in range(len(among)):
        left, far = among[tile], NONE
        if left:
            least_m, most_m = _bounds_m(tile, starts_m, land)
            if least_m > farthest_m:
                left, far = NONE, left
            elif most_m <= sure_m:
                left = NONE
        while left:
            bit = first_of(left)
            left &= left - ONE
            length_m = _length_m((tile << 6) + bit, starts_m, land)
            if length_m > farthest_m:
                far |= ONE << np.uint64(bit)
            elif length_m > sure_m:
                unsure[number] = (tile << 6) + bit
                number += 1
        beyond[tile] = far
    return unsure[:number]
