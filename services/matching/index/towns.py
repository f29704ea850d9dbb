"""Which town is nearest to a point, found by a compiled walk: nothing is kept of where anybody asked."""

from collections.abc import Sequence
from math import floor, inf, radians, sin, sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.geo import Gauge, Point, Position, ecef_m
from services.matching.index.compiling import compiled, part

Firsts = npt.NDArray[np.int64]
#: of each town its longitude in degrees, and earth-centred x, y and z in metres: shape (n, 4)
Places = npt.NDArray[np.float64]

_BANDS: Final = 180  #: of a degree of latitude each, from the south
_SOUTH_DEG: Final = 90
_TURN_DEG: Final = 360.0
_HALF_TURN_DEG: Final = 180.0
#: the least that a meridian bends by, as at the equator: so two parallels are as far apart as on such a circle, or more
_LEAST_RADIUS_M: Final = 6_335_439.0


@part
def _apart_m(latitudes_deg: float) -> float:
    """Tell how far two parallels are from each other at least; those that are not apart are less than nothing."""
    return 2 * _LEAST_RADIUS_M * sin(radians(latitudes_deg) / 2)


@part
def _place_of(longitude_deg: float, places: Any, first: int, end: int) -> int:
    """Find the first row of a band that is not west of a longitude; its end if all are."""
    low, high = first, end
    while low < high:
        middle = (low + high) // 2
        if places[middle, 0] < longitude_deg:
            low = middle + 1
        else:
            high = middle
    return low


@part
def _nearest_of_band(
    way: tuple[int, float],
    band: tuple[int, int],
    point: tuple[float, float, float, float],
    places: Any,
) -> tuple[int, float]:
    """Walk along a band, first to the east and then to the west, for as long as anybody there can be nearer."""
    found, least_m = way
    first, end = band
    longitude_deg, x_m, y_m, z_m = point
    from_axis_m = sqrt(x_m * x_m + y_m * y_m)
    start = _place_of(longitude_deg, places, first, end) - first
    for heading in (1, -1):
        for step in range(end - first):
            row = first + (start + step if heading > 0 else start - 1 - step) % (end - first)
            turn_deg = heading * (places[row, 0] - longitude_deg)
            if turn_deg < 0:
                turn_deg += _TURN_DEG
            # the rest are sooner met the other way round, or behind this meridian, which is as far as that
            if turn_deg > _HALF_TURN_DEG or from_axis_m * sin(radians(turn_deg)) > least_m:
                break
            x_away_m, y_away_m, z_away_m = places[row, 1] - x_m, places[row, 2] - y_m, places[row, 3] - z_m
            away_m = sqrt(x_away_m * x_away_m + y_away_m * y_away_m + z_away_m * z_away_m)
            if away_m < least_m:
                found, least_m = row, away_m
    return found, least_m


@compiled("i8(i8[::1], f8[:,::1], f8, f8, UniTuple(f8, 3))")
def nearest(firsts: Firsts, places: Places, latitude_deg: float, longitude_deg: float, position_m: Position) -> int:
    """
    Find the nearest town: bands of a degree of latitude are looked at from the point's own outwards.

    Args:
        firsts: Where each band begins in the places, and where the last ends.

        places: Of the towns; their longitudes rise within a band.

        latitude_deg: In [-90, 90].

        longitude_deg: In [-180, 180].

        position_m: The same position, earth-centred.

    Returns:
        Its row; -1 if there is no town.
    """
    found, least_m = -1, inf
    point = longitude_deg, position_m[0], position_m[1], position_m[2]
    home = min(floor(latitude_deg) + _SOUTH_DEG, _BANDS - 1)
    for turn in range(2 * _BANDS):
        away = (turn + 1) // 2
        if away > 0 and _apart_m(away - 1) > least_m:
            break  # all others are at least so many degrees away
        number = home + away if turn % 2 else home - away
        if not 0 <= number < _BANDS:
            continue
        south_deg = number - _SOUTH_DEG
        if _apart_m(max(south_deg - latitude_deg, latitude_deg - south_deg - 1)) <= least_m:
            band = firsts[number], firsts[number + 1]
            found, least_m = _nearest_of_band((found, least_m), band, point, places)
    return found


class Towns:
    """
    Where towns are, in the order in which the nearest is looked for.

    Args:
        points: Of the towns.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        latitudes_deg = np.array([each.latitude_deg for each in points], np.float64)
        longitudes_deg = np.array([each.longitude_deg for each in points], np.float64)
        bands = np.minimum(np.floor(latitudes_deg).astype(np.int64) + _SOUTH_DEG, _BANDS - 1)
        order = np.lexsort((longitudes_deg, bands))
        self._firsts = np.searchsorted(bands[order], np.arange(_BANDS + 1))
        self._places = np.column_stack([longitudes_deg, ecef_m(latitudes_deg, longitudes_deg)])[order]
        self._numbers: list[int] = order.tolist()

    def nearest(self, gauge: Gauge) -> int | None:
        """Find the number of the town that is nearest to where a gauge measures from; None if there is none."""
        point = gauge.position
        row = nearest(self._firsts, self._places, point.latitude_deg, point.longitude_deg, gauge.position_m)
        return None if row < 0 else self._numbers[row]
