"""Where people are served."""

from dataclasses import dataclass, field
from typing import Any

import shapely

from services.geo import Point
from services.geo.outlines import nearest_turn


@dataclass(frozen=True, slots=True)
class ServedArea:
    """An outline or a named region; two of the same bytes are one, so that many providers share it."""

    outline: bytes = b""  #: well-known binary, on the plane of longitude and latitude; empty: a region
    region_code: str = ""  #: ISO 3166-1 alpha-2 or ISO 3166-2
    _shape: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.outline:
            shape = shapely.from_wkb(self.outline)
            shapely.prepare(shape)
            object.__setattr__(self, "_shape", shape)

    def has(self, point: Point, country_code: str) -> bool | None:
        """Say whether a point in a country is inside, the rim included; None if nobody can say."""
        if self.outline:
            west_deg, _, east_deg, _ = self._shape.bounds
            turned_deg = float(nearest_turn(point.longitude_deg, (west_deg + east_deg) / 2))
            return bool(shapely.intersects_xy(self._shape, turned_deg, point.latitude_deg))
        country, _, part = self.region_code.partition("-")
        if not country_code:
            return None
        if country != country_code:
            return False
        return None if part else True
