"""
Find all goals at once to which a straight way meets something: what it hides, seen from the start.

A way is straight in longitude and latitude, as in `lines`. Seen from the start,
an edge hides a wedge: itself and all that lies behind it. A goal is in the
wedge if and only if the way there meets the edge. So one look at the start
answers for a million goals by whether each is inside a shape.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from services.geo.lines import crosses
from services.geo.outlines import TURN_DEG, nearest_turn, shifted
from services.geo.places import Point

Degrees = npt.NDArray[np.float64]
Inside = npt.NDArray[np.bool_]

_FAR_DEG: Final = 2000.0  #: beyond every goal: ways are shorter than half a turn
_STRAIGHT: Final = 1e-3  #: two directions that are so nearly opposite have no good middle
_UNSURE_DEG: Final = 1e-7  #: nearer to the rim of a shadow each way is looked at by itself


class Ground:
    """
    Zones that may not be entered, seen from a start.

    A way may leave the zone in which it starts, as far as it does not enter it again.

    Args:
        zones: Valid shapes on the plane of longitude and latitude.

        start: Where the ways start.

        is_escorted: Whether ways may cross the zones; no goal may be in one even so.
    """

    def __init__(self, zones: Iterable[Any], start: Point, *, is_escorted: bool = False) -> None:
        self.start = start
        copies = [copy for zone in zones for copy in _copies(zone, start.longitude_deg)]
        self.zones = shapely.union_all(copies)
        shadows = [] if is_escorted else [wedge for copy in copies for wedge in _wedges_of_zone(copy, start)]
        self._forbidden = shapely.union_all([*copies, *shadows])
        shapely.prepare(self.zones)
        shapely.prepare(self._forbidden)

    def forbids(self, longitude_deg: Degrees, latitude_deg: Degrees) -> Inside:
        """Say of each goal whether it is in a zone, or the way there enters one; the rim is inside."""
        inside: Inside = shapely.intersects_xy(self._forbidden, self.turned(longitude_deg), latitude_deg)
        return inside

    def turned(self, longitude_deg: Degrees) -> Degrees:
        """Move longitudes by whole turns to where `zones` are drawn."""
        turned_deg: Degrees = nearest_turn(longitude_deg, self.start.longitude_deg)
        return turned_deg


class Barrier:
    """
    A line that no way may meet, seen from a start: `lines.crosses` for many goals.

    Args:
        line: At least two points.

        start: Where the ways start.
    """

    def __init__(self, line: Sequence[Point], start: Point) -> None:
        self._line = line
        self.start = start
        here = (start.longitude_deg, start.latitude_deg)
        copies = _copies(laid_out_line(line), start.longitude_deg)
        shadow = shapely.union_all([wedge for copy in copies for wedge in _wedges(shapely.get_coordinates(copy), here)])
        self._surely, self._perhaps = shadow.buffer(-_UNSURE_DEG), shadow.buffer(_UNSURE_DEG)
        self._is_here = any(shapely.Point(here).distance(copy) <= _UNSURE_DEG for copy in copies)
        shapely.prepare(self._surely)
        shapely.prepare(self._perhaps)

    def stops(self, longitude_deg: Degrees, latitude_deg: Degrees) -> Inside:
        """Say of each goal whether the way there meets the line, exactly as `crosses` does."""
        east_deg = nearest_turn(longitude_deg, self.start.longitude_deg)
        met: Inside = shapely.intersects_xy(self._surely, east_deg, latitude_deg)
        unsure = ~met & shapely.intersects_xy(self._perhaps, east_deg, latitude_deg)
        # half a turn away either way round is the shorter one
        unsure |= np.abs(np.abs(east_deg - self.start.longitude_deg) - TURN_DEG / 2) <= _UNSURE_DEG
        if self._is_here:
            unsure[:] = True
        for row in np.flatnonzero(unsure).tolist():
            goal = Point(float(latitude_deg[row]), float(longitude_deg[row]))
            met[row] = crosses(self.start, goal, self._line)
        return met


def laid_out_line(line: Sequence[Point]) -> Any:
    """Lay a line out without a jump at the antimeridian."""
    longitudes = [line[0].longitude_deg]
    for point in line[1:]:
        longitudes.append(float(nearest_turn(point.longitude_deg, longitudes[-1])))
    return shapely.LineString(list(zip(longitudes, [point.latitude_deg for point in line], strict=True)))


def _copies(shape: Any, start_deg: float) -> list[Any]:
    """List a shape on each turn on which a way from the start may meet it."""
    west_deg, east_deg = start_deg - TURN_DEG / 2, start_deg + TURN_DEG / 2
    turns = [shifted(shape, turn) for turn in (-2 * TURN_DEG, -TURN_DEG, 0.0, TURN_DEG, 2 * TURN_DEG)]
    return [each for each in turns if each.bounds[0] <= east_deg and each.bounds[2] >= west_deg]


def _wedges_of_zone(zone: Any, start: Point) -> list[Any]:
    """List what the edges hide by which a way enters a zone: those that have the start on their outer side."""
    here = (start.longitude_deg, start.latitude_deg)
    oriented = shapely.orient_polygons(zone)  # the inside is to the left of every edge
    rings = [ring for part in shapely.get_parts(oriented) for ring in (part.exterior, *part.interiors)]
    return [wedge for ring in rings for wedge in _wedges(shapely.get_coordinates(ring), here, is_one_sided=True)]


def _wedges(corners: Degrees, here: tuple[float, float], *, is_one_sided: bool = False) -> list[Any]:
    """Draw the wedge of each edge between corners, seen from a point; none of an edge that points at it."""
    one, other = corners[:-1] - here, corners[1:] - here
    side = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]  # negative: the point is on the right
    seen = side < 0 if is_one_sided else side != 0
    one, other, side = one[seen], other[seen], side[seen]
    if not len(one):
        return []
    to_one, to_other = _directions(one), _directions(other)
    middle = to_one + to_other
    away = (other - one)[:, ::-1] * (-1.0, 1.0) * -np.sign(side)[:, None]
    is_straight = np.hypot(middle[:, 0], middle[:, 1]) < _STRAIGHT
    middle[is_straight] = away[is_straight]
    far = [direction * _FAR_DEG for direction in (to_other, _directions(middle), to_one)]
    wedges = np.stack([one, other, *far, one], axis=1) + here
    drawn: Any = shapely.polygons(wedges)
    return list(drawn)


def _directions(ways: Degrees) -> Degrees:
    lengths: Degrees = np.hypot(ways[:, 0], ways[:, 1])
    return ways / lengths[:, None]
