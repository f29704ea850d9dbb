"""
Where a person starts: the point of a town, and the country that a point is in.

The country is that of the nearest town, never a reading of outlines, which are
too coarse near a border.
"""

from collections.abc import Iterable
from typing import Final

from services.errors import NotFound
from services.geo import Gauge, Point
from services.matching.index.towns import Towns
from services.towns import Town

#: Town lists that are read if a setting does not say otherwise: North Africa and the
#: countries next to it, so that a point beyond a border is not taken for this side.
REGION: Final = (
    *("LY", "MA", "DZ", "TN", "EG", "EH", "MR", "ML", "NE", "TD", "SD", "SS", "ER", "ET", "DJ", "SO", "SN", "NG"),
    *("ES", "PT", "FR", "IT", "MT", "GR", "CY", "TR", "SY", "LB", "IL", "PS", "JO", "SA", "YE"),
)


class Origins:
    """
    Knows the towns of a region.

    Args:
        towns: The towns; only their ids, countries and middles are kept.
    """

    def __init__(self, towns: Iterable[Town]) -> None:
        listed = [(each.place_id, each.country_code, each.point) for each in towns]
        self._point_of = {place_id: point for place_id, _, point in listed}
        self._country_of = {place_id: country for place_id, country, _ in listed}
        self._countries = [country for _, country, _ in listed]
        self._towns = Towns([point for _, _, point in listed])

    def town(self, place_id: str) -> tuple[Point, str]:
        """
        Find the middle of a town and its country code.

        Raises:
            NotFound: the list has no such town.
        """
        if place_id not in self._point_of:
            raise NotFound("the list has no town with this place_id")
        return self._point_of[place_id], self._country_of[place_id]

    def country_at(self, gauge: Gauge) -> str:
        """Say in which country it is measured from, by the nearest town; empty if no town is known at all."""
        nearest = self._towns.nearest(gauge)
        return "" if nearest is None else self._countries[nearest]
