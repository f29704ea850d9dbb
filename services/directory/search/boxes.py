"""Boxes of latitude and longitude that hold everything within a distance, for the database to narrow by."""

import math
from dataclasses import dataclass
from typing import Final

from services.geo import Point, latitude_band_deg

# Shorter than any radius of curvature of WGS84, so that angles come out too wide, never too narrow.
_LEAST_RADIUS_M: Final = 6_330_000.0
# Geodetic and reduced latitude differ by less than this.
_LATITUDE_MARGIN_DEG: Final = 0.2
_ROUNDING_DEG: Final = 1e-9
_QUARTER_DEG: Final = 90.0
_HALF_TURN_DEG: Final = 180.0
_TURN_DEG: Final = 360.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that does not cross the antimeridian, edges inside, in degrees."""

    south_deg: float
    west_deg: float  #: in [-180, east_deg]
    north_deg: float
    east_deg: float  #: in [west_deg, 180]


def boxes_around(centre: Point, cost_mm: int) -> list[Box]:
    """List boxes that together hold every point of at most a cost from a centre."""
    south_deg, north_deg = latitude_band_deg(centre, cost_mm)
    # a cost is rounded: what it stands for may be half a millimetre farther
    half_width_deg = _half_width_deg(centre, (cost_mm + 1) / 1000)
    west_deg, east_deg = centre.longitude_deg - half_width_deg, centre.longitude_deg + half_width_deg
    return [
        Box(south_deg - _ROUNDING_DEG, west, north_deg + _ROUNDING_DEG, east)
        for west, east in unwrapped(west_deg, east_deg)
    ]


def unwrapped(west_deg: float, east_deg: float) -> list[tuple[float, float]]:
    """
    Cut a span of longitudes, west to east, into spans inside [-180, 180].

    Args:
        west_deg: Its western end, in [-540, 180].

        east_deg: Its eastern end, not west of the western, in [-180, 540].

    Returns:
        Spans; -180 and 180 are one line, and whichever a span reaches, both are in.
    """
    if east_deg - west_deg >= _TURN_DEG:
        return [(-_HALF_TURN_DEG, _HALF_TURN_DEG)]
    spans = []
    for shift_deg in (-_TURN_DEG, 0.0, _TURN_DEG):
        west = max(west_deg + shift_deg, -_HALF_TURN_DEG)
        east = min(east_deg + shift_deg, _HALF_TURN_DEG)
        if west <= east:
            spans.append((west, east))
    return spans


def _half_width_deg(centre: Point, distance_m: float) -> float:
    angle = distance_m / _LEAST_RADIUS_M
    latitude_deg = abs(centre.latitude_deg) + _LATITUDE_MARGIN_DEG
    if latitude_deg + math.degrees(angle) >= _QUARTER_DEG:
        return _HALF_TURN_DEG  # a pole is inside, or nearly
    width = math.asin(math.sin(angle) / math.cos(math.radians(latitude_deg)))
    return math.degrees(width) + _ROUNDING_DEG
