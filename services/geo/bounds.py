"""
Narrow a search without losing anything: bounds that hold every place of a given cost.

A straight chord through the earth is never longer than the geodesic over it. So
a ball in earth-centred coordinates, as a k-d tree searches it, misses nothing
that `cost_mm` puts within the ball's radius; what it holds is measured again.
"""

import math
from collections.abc import Iterable

from services.geo.cost import distance_m
from services.geo.ecef import ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M
from services.geo.places import Origin, cell_at, position_of

# The meridian bends most at the equator: nowhere is a degree of latitude shorter.
LEAST_MERIDIAN_RADIUS_M = EQUATORIAL_RADIUS_M * (1 - ECCENTRICITY_SQUARED)
# Costs are rounded to a millimetre and coordinates to some nanometres.
_ROUNDING_M = 0.001


def ball_radius_m(origin: Origin, cost_mm: int, resolutions: Iterable[int] = ()) -> float:
    """
    Choose the radius of a ball around an origin that holds every place of at most a cost.

    Args:
        origin: The middle of the ball: `ecef_m` of its `position_of`.

        cost_mm: The greatest cost of interest, in whole millimetres.

        resolutions: The H3 resolutions of the areas among the places, none if
            all are exact points. Areas are measured from the centre of the
            origin's cell, so they need a ball that is larger by the way there.

    Returns:
        The radius in metres, in the straight line.
    """
    start = position_of(origin)
    shift_m = max(
        (distance_m(start, cell_at(start, resolution).centre) for resolution in resolutions),
        default=0.0,
    )
    return cost_mm / 1000.0 + shift_m + _ROUNDING_M


def latitude_band_deg(origin: Origin, cost_mm: int, resolutions: Iterable[int] = ()) -> tuple[float, float]:
    """
    Choose the band of latitude that holds every place of at most a cost, for a database to narrow by.

    Args:
        origin: Where costs are measured from.

        cost_mm: The greatest cost of interest, in whole millimetres.

        resolutions: As for `ball_radius_m`; an area counts by its centre.

    Returns:
        South and north in degrees, in [-90, 90].
    """
    reach_deg = math.degrees(ball_radius_m(origin, cost_mm, resolutions) / LEAST_MERIDIAN_RADIUS_M)
    latitude_deg = position_of(origin).latitude_deg
    return max(-90.0, latitude_deg - reach_deg), min(90.0, latitude_deg + reach_deg)
