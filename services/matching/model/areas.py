"""Where people are served."""

from dataclasses import dataclass, field
from typing import Any

import shapely

from services.geo import Point
from services.geo.lines import TURN_DEG


@dataclass(frozen=True, slots=True)
class ServedArea:
    """An outline or a named region; two of the same bytes are one, so that many providers share it."""

    outline: bytes = b""  #: well-known binary, on the plane of longitude and latitude; empty: a region
    region_code: str = ""  #: ISO 3166-1 alpha-2 or ISO 3166-2
    _shape: Any = field(init=False, repr=False, compare=False, default=None)
    _bounds: tuple[float, float, float, float] = field(init=False, repr=False, compare=False, default=(0, 0, 0, 0))

    def __post_init__(self) -> None:
        if self.outline:
            shape = shapely.from_wkb(self.outline)  # not prepared: several threads ask it
            object.__setattr__(self, "_shape", shape)
            object.__setattr__(self, "_bounds", shape.bounds)

    def has(self, point: Point, country_code: str) -> bool | None:
        """Say whether a point in a country is inside, the rim included; None if nobody can say."""
        if self.outline:
            west_deg, south_deg, east_deg, north_deg = self._bounds
            if not south_deg <= point.latitude_deg <= north_deg:
                return False
            turns = [point.longitude_deg + turn for turn in (-TURN_DEG, 0.0, TURN_DEG)]
            return any(
                west_deg <= each <= east_deg and bool(shapely.intersects_xy(self._shape, each, point.latitude_deg))
                for each in turns
            )
        country, _, part = self.region_code.partition("-")
        if not country_code:
            return None
        if country != country_code:
            return False
        return None if part else True
