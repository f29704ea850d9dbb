"""
Where a person starts: the point of a town, and the country that a point is in.

The country is that of the nearest town, never a reading of outlines, which are
too coarse near a border.
"""

from collections.abc import Iterable, Sequence
from math import floor
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from services.errors import NotFound
from services.geo import Origin, Point, ecef_m, ecef_of_m, position_of
from services.matching.index.compiling import compiled
from services.towns import Town

#: Town lists that are read if a setting does not say otherwise: North Africa and the
#: countries next to it, so that a point beyond a border is not taken for this side.
REGION: Final = (
    *("LY", "MA", "DZ", "TN", "EG", "EH", "MR", "ML", "NE", "TD", "SD", "SS", "ER", "ET", "DJ", "SO", "SN", "NG"),
    *("ES", "PT", "FR", "IT", "MT", "GR", "CY", "TR", "SY", "LB", "IL", "PS", "JO", "SA", "YE"),
)
#: half a degree north and half a degree east are together no longer, in metres, anywhere
_HALF_SQUARE_M: Final = 112_000.0

Positions = npt.NDArray[np.float64]  #: earth-centred, in metres, of shape (n, 3)


@compiled("i8(f8[:,::1], f8, f8, f8)")
def nearest(positions_m: Positions, x_m: float, y_m: float, z_m: float) -> int:
    """Find the row that is nearest to a position, the first of those that are as near; -1 in none."""
    found = -1
    least_m2 = np.inf
    for row in range(len(positions_m)):
        away_x, away_y, away_z = positions_m[row, 0] - x_m, positions_m[row, 1] - y_m, positions_m[row, 2] - z_m
        away_m2 = away_x * away_x + away_y * away_y + away_z * away_z
        if away_m2 < least_m2:
            found, least_m2 = row, away_m2
    return found


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
        self._countries = np.array([country for _, country, _ in listed])
        latitudes_deg = np.array([point.latitude_deg for _, _, point in listed])
        longitudes_deg = np.array([point.longitude_deg for _, _, point in listed])
        self._ecef_m = ecef_m(latitudes_deg, longitudes_deg)
        self._tree = cKDTree(self._ecef_m) if listed else None
        #: square of a degree -> countries of the towns that can be nearest in it, and where they are
        self._squares: dict[tuple[int, int], tuple[Sequence[str], Positions]] = {}

    def town(self, place_id: str) -> tuple[Point, str]:
        """
        Find the middle of a town and its country code.

        Raises:
            NotFound: the list has no such town.
        """
        if place_id not in self._point_of:
            raise NotFound("the list has no town with this place_id")
        return self._point_of[place_id], self._country_of[place_id]

    def country_at(self, origin: Origin) -> str:
        """Say in which country an origin lies, by the nearest town; empty if no town is known at all."""
        if self._tree is None:
            return ""
        position = position_of(origin)
        square = floor(position.latitude_deg), floor(position.longitude_deg)
        known = self._squares.get(square)
        if known is None:
            known = self._squares[square] = self._nearby(self._tree, *square)
        countries, towns_m = known
        if len(countries) == 1:
            return countries[0]
        return countries[nearest(towns_m, *ecef_of_m(position))]

    def _nearby(self, tree: Any, south_deg: int, west_deg: int) -> tuple[Sequence[str], Positions]:
        """List the towns that can be nearest in a square of a degree: one stands for all if they are of one country."""
        middle_m = ecef_m(south_deg + 0.5, west_deg + 0.5)
        nearest_m, _ = tree.query(middle_m)
        # who is nearest somewhere is no farther from there than the middle's nearest, and so from the middle
        towns = sorted(tree.query_ball_point(middle_m, nearest_m + 2 * _HALF_SQUARE_M))
        countries = self._countries[towns].tolist()
        return (countries[:1] if len(set(countries)) == 1 else countries), self._ecef_m[towns]
