"""Turn positions on the ellipsoid into earth-centred, earth-fixed coordinates, where straight lines are soon drawn."""

from math import cos, radians, sin, sqrt

import numpy as np
import numpy.typing as npt

from services.geo.places import Point

Position = tuple[float, float, float]  #: earth-centred x, y and z in metres

EQUATORIAL_RADIUS_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
ECCENTRICITY_SQUARED = _FLATTENING * (2 - _FLATTENING)


def ecef_m(latitude_deg: npt.ArrayLike, longitude_deg: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """
    Turn positions on the WGS84 ellipsoid into earth-centred, earth-fixed coordinates.

    Returns:
        x, y and z in metres along the last axis: shape (3,) for numbers, (n, 3)
        for columns of length n.
    """
    latitude_rad = np.radians(np.asarray(latitude_deg, dtype=np.float64))
    longitude_rad = np.radians(np.asarray(longitude_deg, dtype=np.float64))
    sine = np.sin(latitude_rad)
    normal_m = EQUATORIAL_RADIUS_M / np.sqrt(1 - ECCENTRICITY_SQUARED * sine**2)
    from_axis_m = normal_m * np.cos(latitude_rad)
    return np.stack(
        [
            from_axis_m * np.cos(longitude_rad),
            from_axis_m * np.sin(longitude_rad),
            normal_m * (1 - ECCENTRICITY_SQUARED) * sine,
        ],
        axis=-1,
    )


def ecef_of_m(position: Point) -> Position:
    """Turn one position into earth-centred coordinates in metres, as `ecef_m` does within some nanometres."""
    latitude_rad, longitude_rad = radians(position.latitude_deg), radians(position.longitude_deg)
    sine = sin(latitude_rad)
    normal_m = EQUATORIAL_RADIUS_M / sqrt(1 - ECCENTRICITY_SQUARED * sine * sine)
    from_axis_m = normal_m * cos(latitude_rad)
    return (
        from_axis_m * cos(longitude_rad),
        from_axis_m * sin(longitude_rad),
        normal_m * (1 - ECCENTRICITY_SQUARED) * sine,
    )
