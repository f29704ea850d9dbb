"""
Measure nearness on the WGS84 ellipsoid, alike for one place and for a million.

Costs are whole millimetres, so that equal distances are ties whoever measured
them, and the tie is broken by id. On the wire the same number is `cost_m`,
millimetres divided by 1000. The vector functions give exactly the numbers of
the scalar ones: one library call measures both, and both round half to even.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from services.geo.ecef import Position, ecef_of_m
from services.geo.places import (
    FINEST_RESOLUTION,
    AreaCell,
    Origin,
    Place,
    Point,
    cell_at,
    centre_around,
    position_of,
)

_WGS84 = Geod(ellps="WGS84")
_MM_PER_M = 1000.0

#: H3 resolution -> metres. How far apart two people in one cell are on average:
#: 0.826259 (the mean distance between two random points of a regular hexagon of
#: side 1) times the side of the hexagon that has the resolution's mean area.
#: A test derives the table again and compares it with random points in real cells.
MEAN_IN_CELL_M: Mapping[int, int] = MappingProxyType({3: 57_067, 4: 21_568, 5: 8_152, 6: 3_081})

#: H3 resolution -> metres: no place is farther from the centre of its cell than that.
#: A test holds it for all cells of the coarsest resolution and the finer ones inside
#: the largest of them: each resolution is the one before divided by the root of seven.
CELL_RADIUS_M: Mapping[int, int] = MappingProxyType({3: 80_000, 4: 31_000, 5: 12_000, 6: 4_600})

_EXACT = 0  # in PlaceArray.resolution: the position is the place itself


class DistanceBand(StrEnum):
    """How far an area is, as coarsely as it is told to anybody; the values are those of the wire."""

    UNDER_25_KM = "UNDER_25_KM"  #: [0, 25) km
    FROM_25_TO_75_KM = "25_TO_75_KM"  #: [25, 75) km
    OVER_75_KM = "OVER_75_KM"  #: [75 km, …)


_BANDS = (  # where each band but the last ends, in whole millimetres
    (25_000_000, DistanceBand.UNDER_25_KM),
    (75_000_000, DistanceBand.FROM_25_TO_75_KM),
)
#: where the first and the second band end, in whole millimetres; the last has no end
BAND_ENDS_MM: tuple[int, int] = (_BANDS[0][0], _BANDS[1][0])


@dataclass(frozen=True, slots=True)
class PlaceArray:
    """Many places as columns of equal length, as `costs_mm` reads them."""

    latitude_deg: npt.NDArray[np.float64]  #: of the point, or of the cell's centre
    longitude_deg: npt.NDArray[np.float64]  #: of the point, or of the cell's centre
    resolution: npt.NDArray[np.int8]  #: H3 resolution of the cell, 0 for an exact point

    @classmethod
    def of(cls, places: Iterable[Place]) -> Self:
        """Lay places out as columns, in their order."""
        rows = [(position_of(place), place.resolution if isinstance(place, AreaCell) else _EXACT) for place in places]
        return cls(
            np.array([position.latitude_deg for position, _ in rows], dtype=np.float64),
            np.array([position.longitude_deg for position, _ in rows], dtype=np.float64),
            np.array([resolution for _, resolution in rows], dtype=np.int8),
        )

    def take(self, rows: npt.NDArray[np.signedinteger]) -> Self:
        """Choose some of the places by their row numbers, in the order of the numbers."""
        return type(self)(self.latitude_deg[rows], self.longitude_deg[rows], self.resolution[rows])

    def __len__(self) -> int:
        return len(self.latitude_deg)


def distance_m(a: Point, b: Point) -> float:
    """
    Measure the geodesic between two points.

    Returns:
        The length in metres of the shortest way over the WGS84 ellipsoid.
    """
    return float(_WGS84.inv(a.longitude_deg, a.latitude_deg, b.longitude_deg, b.latitude_deg)[2])


def distances_m(
    origin: Point,
    latitude_deg: npt.NDArray[np.float64],
    longitude_deg: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Measure the geodesics from one point to many, in metres, as `distance_m` does."""
    return _geodesics_m(
        np.full(len(latitude_deg), origin.latitude_deg),
        np.full(len(latitude_deg), origin.longitude_deg),
        latitude_deg,
        longitude_deg,
    )


def cost_mm(origin: Origin, place: Place) -> int:
    """
    Measure how far a place is from an origin, in whole millimetres.

    To a point it is the geodesic. To an area it is the geodesic from the centre
    of the origin's own cell of that resolution to the centre of the area, and
    at least the mean distance inside such a cell: the number is the same
    wherever in their cells the person and the site are.
    """
    start = position_of(origin)
    if isinstance(place, Point):
        return round(distance_m(start, place) * _MM_PER_M)
    between_centres_m = distance_m(cell_at(start, place.resolution).centre, place.centre)
    return round(max(between_centres_m, MEAN_IN_CELL_M[place.resolution]) * _MM_PER_M)


def costs_mm(origin: Origin, places: PlaceArray) -> npt.NDArray[np.int64]:
    """Measure how far many places are, in whole millimetres, exactly as `cost_mm` does."""
    return Gauge(origin).costs_mm(places)


class Gauge:
    """
    Measures many times from one origin, and finds once where that lies and the centres of its cells.

    Args:
        origin: Where costs are measured from.
    """

    def __init__(self, origin: Origin) -> None:
        self.position: Final = position_of(origin)  #: where exact points are measured from
        self.position_m: Final = ecef_of_m(self.position)  #: the same in earth-centred metres
        self._starts_m = {_EXACT: self.position_m}

    def _start(self, resolution: int) -> Point:
        """Find where areas of an H3 resolution, or exact points (0), are measured from."""
        return centre_around(self.position, resolution) if resolution else self.position

    def start_m(self, resolution: int) -> Position:
        """Turn where areas of an H3 resolution, or exact points (0), are measured from into earth-centred metres."""
        found = self._starts_m.get(resolution)
        if found is None:
            found = self._starts_m[resolution] = ecef_of_m(self._start(resolution))
        return found

    def costs_mm(self, places: PlaceArray) -> npt.NDArray[np.int64]:
        """Measure how far many places are, in whole millimetres, exactly as `cost_mm` does."""
        if not np.count_nonzero(places.resolution):  # sooner said of a few than `any`
            lengths_m = distances_m(self.position, places.latitude_deg, places.longitude_deg)
            return np.rint(lengths_m * _MM_PER_M).astype(np.int64)
        latitude_deg = np.zeros(FINEST_RESOLUTION + 1)
        longitude_deg = np.zeros(FINEST_RESOLUTION + 1)
        least_m = np.zeros(FINEST_RESOLUTION + 1)
        for resolution in np.flatnonzero(np.bincount(places.resolution)).tolist():
            position = self._start(resolution)
            latitude_deg[resolution] = position.latitude_deg
            longitude_deg[resolution] = position.longitude_deg
            least_m[resolution] = MEAN_IN_CELL_M.get(resolution, 0)
        lengths_m = _geodesics_m(
            latitude_deg[places.resolution],
            longitude_deg[places.resolution],
            places.latitude_deg,
            places.longitude_deg,
        )
        floored_m = np.maximum(lengths_m, least_m[places.resolution])
        return np.rint(floored_m * _MM_PER_M).astype(np.int64)


def band_of(cost_mm: int) -> DistanceBand:
    """Choose the band that a cost in whole millimetres falls in; a farther place is never nearer."""
    return next((band for end_mm, band in _BANDS if cost_mm < end_mm), DistanceBand.OVER_75_KM)


def _geodesics_m(
    from_latitude_deg: npt.NDArray[np.float64],
    from_longitude_deg: npt.NDArray[np.float64],
    to_latitude_deg: npt.NDArray[np.float64],
    to_longitude_deg: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    lengths_m = _WGS84.inv(from_longitude_deg, from_latitude_deg, to_longitude_deg, to_latitude_deg)[2]
    return np.asarray(lengths_m, dtype=np.float64)
