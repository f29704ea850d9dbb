"""Parts of the earth to search in: circles, boxes and polygons, across the antimeridian too."""

import math
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from services.directory.model import refuse
from services.directory.search.boxes import Box, boxes_around, unwrapped
from services.geo import Point, distances_m
from services.geo.outlines import Ring, laid_out

FARTHEST_M: Final = 20_003_932.0  #: half a meridian of WGS84: no two points are farther apart
_TURN_DEG: Final = 360.0

Degrees = npt.NDArray[np.float64]
Inside = npt.NDArray[np.bool_]


class Area(Protocol):
    """A part of the earth."""

    def boxes(self) -> list[Box]:
        """List boxes that together hold it."""

    def has(self, latitude_deg: Degrees, longitude_deg: Degrees) -> Inside:
        """Say of each of many points whether it is inside, edges among it."""


@dataclass(frozen=True, slots=True)
class Circle:
    """All within a distance of a centre."""

    centre: Point
    radius_m: float  #: in (0, 20003932], by WGS84 geodesic

    def __post_init__(self) -> None:
        if not 0 < self.radius_m <= FARTHEST_M:
            raise refuse("radius_m", f"must be in (0, {FARTHEST_M:.0f}]")

    def boxes(self) -> list[Box]:
        return boxes_around(self.centre, math.ceil(self.radius_m * 1000))

    def has(self, latitude_deg: Degrees, longitude_deg: Degrees) -> Inside:
        return distances_m(self.centre, latitude_deg, longitude_deg) <= self.radius_m


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxArea:
    """A rectangle of latitudes and longitudes; with west > east it crosses the antimeridian."""

    south_deg: float  #: in [-90, 90]
    west_deg: float  #: in [-180, 180]
    north_deg: float  #: in [south_deg, 90]
    east_deg: float  #: in [-180, 180]

    def __post_init__(self) -> None:
        for name, value, limit in (
            ("south_deg", self.south_deg, 90),
            ("west_deg", self.west_deg, 180),
            ("north_deg", self.north_deg, 90),
            ("east_deg", self.east_deg, 180),
        ):
            if not -limit <= value <= limit:
                raise refuse(name, f"must be in [-{limit}, {limit}]")
        if self.south_deg > self.north_deg:
            raise refuse("north_deg", "must not be below south_deg")

    def boxes(self) -> list[Box]:
        east_deg = self.east_deg + (_TURN_DEG if self.west_deg > self.east_deg else 0.0)
        return [Box(self.south_deg, west, self.north_deg, east) for west, east in unwrapped(self.west_deg, east_deg)]

    def has(self, latitude_deg: Degrees, longitude_deg: Degrees) -> Inside:
        inside = np.zeros(len(latitude_deg), dtype=np.bool_)
        for box in self.boxes():
            inside |= (box.west_deg <= longitude_deg) & (longitude_deg <= box.east_deg)
        return inside & (self.south_deg <= latitude_deg) & (latitude_deg <= self.north_deg)


@dataclass(frozen=True, slots=True)
class Polygon:
    """What an outline holds."""

    exterior: Ring
    interiors: tuple[Ring, ...] = ()
    _shape: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shape = laid_out(self.exterior, self.interiors)
        shapely.prepare(shape)
        object.__setattr__(self, "_shape", shape)

    def boxes(self) -> list[Box]:
        west_deg, south_deg, east_deg, north_deg = self._shape.bounds
        return [Box(south_deg, west, north_deg, east) for west, east in unwrapped(west_deg, east_deg)]

    def has(self, latitude_deg: Degrees, longitude_deg: Degrees) -> Inside:
        inside = np.zeros(len(latitude_deg), dtype=np.bool_)
        for shift_deg in (-_TURN_DEG, 0.0, _TURN_DEG):
            inside |= shapely.intersects_xy(self._shape, longitude_deg + shift_deg, latitude_deg)
        return inside
