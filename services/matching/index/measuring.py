"""
Measure ways over the ellipsoid, compiled.

`services.geo` alone says how long a way is. What is found here differs from that by some nanometres, so a cost
is settled where no such difference could round it otherwise; the others are left to the definition.
"""

from math import asin, atan2, floor, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.geo import Position
from services.matching.index.bits import Ecef, Rows
from services.matching.index.compiling import compiled, part

Costs = npt.NDArray[np.int64]  #: whole millimetres
Numbers = npt.NDArray[np.int32]  #: rows of a block, which are in the order of ids
Waves = tuple[float, float, float, float]

UNSURE: Final = -1  #: in place of a cost: it is left to the definition

_MM_PER_M: Final = 1000.0
_SURE_MM: Final = 0.001  #: sixty times what was ever seen between a way found here and the definition
_EQUATORIAL_RADIUS_M: Final = 6_378_137.0
_FLATTENING: Final = 1 / 298.257223563
_POLAR_RADIUS_M: Final = _EQUATORIAL_RADIUS_M * (1 - _FLATTENING)
_N: Final = _FLATTENING / (2 - _FLATTENING)  #: the third flattening
_SECOND_ECCENTRICITY_SQUARED: Final = (2 - _FLATTENING) * _FLATTENING / (1 - _FLATTENING) ** 2
_LEAST_COSINE: Final = -0.05  #: of an arc: beyond a quarter of the earth the turn is found too slowly
_SHORT: Final = 0.5  #: the sine of an arc
_ALONG_THE_EQUATOR: Final = 1e-12  #: the squared cosine of a course is no more
_STILL: Final = 1e-16  #: the square of a step, as part of the sine of the arc: what it leaves is less than a nanometre
_ROUNDS: Final = 12  #: two do nearly always

_POSITION: Final = types.UniTuple(types.float64, 3)  # type: ignore[no-untyped-call]
_POSITIONS: Final = types.float64[:, ::1]
_COSTS: Final = types.int64[::1]
_ROWS: Final = types.int64[::1]


@part
def _waves(sine: float, cosine: float, middle: float) -> Waves:
    """Sum the sines of twice, four, six and eight times the way along a circle, over an arc of it."""
    squared, twice = middle * middle, sine * cosine
    return (
        2 * middle * sine,
        (8 * squared - 4) * twice,
        (8 * squared - 6) * middle * sine * (4 * cosine * cosine - 1),
        (64 * squared * (squared - 1) + 8) * twice * (2 * cosine * cosine - 1),
    )


@part
def _turn_rad(e: float, bearing: float, arc_rad: float, waves: Waves) -> float:
    """Tell by how much longitudes are farther apart on the sphere; `e` is how flattened the circle is."""
    found = arc_rad
    found += waves[0] * e * ((1 - _N) / 4 + e * ((1 - _N * _N) / 8 + e * (3 + 3 * _N - _N * _N) / 64))
    found += waves[1] * e * e * ((2 - 3 * _N + _N * _N) / 32 + e * (3 - 2 * _N - 3 * _N * _N) / 64)
    found += waves[2] * e * e * e * (5 - 9 * _N + 5 * _N * _N) / 192
    slope = 1 - e * ((1 - _N) / 2 + e * ((2 + _N - 3 * _N * _N) / 8 + e * (1 + 3 * _N + _N * _N) / 16))
    return _FLATTENING * bearing * slope * found


@part
def _length_m(e: float, arc_rad: float, waves: Waves) -> float:
    """Measure over the ellipsoid what is an arc on the sphere; `e` is how flattened the circle is."""
    found = arc_rad
    found -= waves[0] * e * (1 / 2 - e * e * 3 / 16)
    found -= waves[1] * e * e * (1 / 16 - e * e / 32)
    found -= e * e * e * (waves[2] / 48 + waves[3] * e * 5 / 512)
    return _POLAR_RADIUS_M * (1 + e * e * (1 / 4 + e * e / 64)) / (1 - e) * found


@part
def way_m(start_m: Position, end_m: Ecef) -> float:
    """
    Measure a way by the great circle that stands for it on a sphere.

    There latitudes are the reduced ones, and the longitudes of the ends are farther apart, by a turn that depends
    on the circle: it is found by going round, from what it is where the way is short. Turn and length are the series
    of C. F. F. Karney, Algorithms for geodesics (2013), as far as they change a nanometre.

    Returns:
        The length in metres, or -1.0 where the way goes round more than a quarter of the earth.
    """
    sine_1, cosine_1 = start_m[2] / _POLAR_RADIUS_M, sqrt(start_m[0] ** 2 + start_m[1] ** 2) / _EQUATORIAL_RADIUS_M
    sine_2, cosine_2 = end_m[2] / _POLAR_RADIUS_M, sqrt(end_m[0] ** 2 + end_m[1] ** 2) / _EQUATORIAL_RADIUS_M
    east, along = abs(start_m[0] * end_m[1] - start_m[1] * end_m[0]), start_m[0] * end_m[0] + start_m[1] * end_m[1]
    across = sqrt(east * east + along * along)
    east, along = (east / across, along / across) if across > 0.0 else (0.0, 1.0)
    turn_rad = _FLATTENING * cosine_1 * cosine_2 * east
    for _ in range(_ROUNDS):
        squared = turn_rad * turn_rad  # so small that what is left out of sine and cosine is nothing
        turned = turn_rad * (1 - squared / 6 * (1 - squared / 20))
        not_turned = 1 - squared / 2 * (1 - squared / 12)
        eastward, onward = east * not_turned + along * turned, along * not_turned - east * turned
        northward = cosine_1 * sine_2 - sine_1 * cosine_2 * onward
        sine = sqrt((cosine_2 * eastward) ** 2 + northward * northward)
        cosine = sine_1 * sine_2 + cosine_1 * cosine_2 * onward
        if cosine < _LEAST_COSINE:
            return -1.0
        if sine == 0.0:
            return 0.0
        bearing = cosine_1 * cosine_2 * eastward / sine  # the sine of the circle's course over the equator
        steepness = 1 - bearing * bearing
        middle = cosine - 2 * sine_1 * sine_2 / steepness if steepness > _ALONG_THE_EQUATOR else 0.0
        flattened = _SECOND_ECCENTRICITY_SQUARED * steepness
        e = flattened / (2 * (1 + sqrt(1 + flattened)) + flattened)
        # the first is sooner, and as exact where the arc is short
        arc_rad = asin(sine) if sine < _SHORT and cosine > 0.0 else atan2(sine, cosine)
        waves = _waves(sine, cosine, middle)
        step_rad = _turn_rad(e, bearing, arc_rad, waves) - turn_rad
        if step_rad * step_rad < _STILL * sine:
            return _length_m(e, arc_rad, waves) + _EQUATORIAL_RADIUS_M * bearing * step_rad
        turn_rad += step_rad
    return -1.0


@part
def settled_mm(start_m: Position, end_m: Ecef, floor_m: float) -> int:
    """Measure a way of at least so many metres in whole millimetres; `UNSURE` where these could be others."""
    length_m = way_m(start_m, end_m)
    cost_mm = max(length_m, floor_m) * _MM_PER_M
    whole_mm = floor(cost_mm)
    from_half_mm = cost_mm - whole_mm - 0.5
    if length_m < 0.0 or abs(from_half_mm) <= _SURE_MM:
        return UNSURE
    return int(whole_mm + (from_half_mm > 0.0))


@compiled(types.int64(_ROWS, _COSTS, types.int64, types.int64, _POSITION, types.float64, _POSITIONS))
def settle(rows: Rows, costs_mm: Costs, first: int, end: int, start_m: Position, floor_m: float, ecef_m: Ecef) -> int:
    """
    Measure rows in whole millimetres, as far as they are sure.

    Args:
        rows: Whom to measure.

        costs_mm: Becomes the cost of each, or `UNSURE`.

        first: The place of the first of them that is measured.

        end: The place after the last.

        start_m: Where they are measured from.

        floor_m: What they cost at least.

        ecef_m: Where each row is, shape (n, 3).

    Returns:
        How many are unsure.
    """
    unsure = 0
    for place in range(first, end):
        costs_mm[place] = settled_mm(start_m, ecef_m[rows[place]], floor_m)
        unsure += costs_mm[place] == UNSURE
    return unsure
