"""
Zones that may not be entered, seen from a start: which goals they hold, and which lie behind them.

A way is straight in longitude and latitude, as in `lines`. It enters a zone by
an edge that has the start on its outer side, so a way may leave the zone in
which it starts, as far as it does not enter it again.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from services.geo.lines import Edges, meets, on_turns, seen, turns_seen
from services.geo.outlines import shifted
from services.geo.places import Point

Boxes = npt.NDArray[np.float64]  #: west, south, east and north in degrees, shape (n, 4)
_NO_EDGES: Final[Edges] = np.empty((0, 4))


class Ground:
    """
    Zones, seen from a start.

    Args:
        zones: Valid shapes on the plane of longitude and latitude.

        start: Where the ways start.

        is_escorted: Whether ways may cross the zones; no goal may be in one even so.
    """

    def __init__(self, zones: Iterable[Any], start: Point, *, is_escorted: bool = False) -> None:
        self.start = start
        #: each zone and the turns in degrees on which a way from the start may meet it
        self._zones = [(zone, turns_seen(zone.bounds[0], zone.bounds[2], start)) for zone in zones]
        boxes = [np.add(zone.bounds, (turn, 0.0, turn, 0.0)) for zone, turns in self._zones for turn in turns]
        self.boxes: Boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)  #: around the zones
        self.entries = _NO_EDGES  #: the edges by which a way from the start enters
        if not is_escorted:
            self.entries = np.concatenate([_NO_EDGES, *[_entries(*each, start) for each in self._zones]])
        for zone, _ in self._zones:
            shapely.prepare(zone)

    def forbids(self, goal: Point) -> bool:
        """Say whether a goal is in a zone, or the way there enters one; the rim is inside."""
        return meets(self.start, goal, self.entries) or self.holds(goal)

    def holds(self, goal: Point) -> bool:
        """Say whether a goal is in a zone; the rim is inside."""
        east_deg, north_deg = seen(self.start, goal)
        return any(
            shapely.intersects_xy(zone, east_deg - turn, north_deg) for zone, turns in self._zones for turn in turns
        )

    def overlap(self, outline: Any) -> tuple[bool, float]:
        """Say whether zones touch an area on the start's turn, and which share of it they hold, in [0, 1]."""
        parts = []
        for zone, turns in self._zones:
            for turn in turns:
                there = shifted(outline, -turn)
                if shapely.intersects(zone, there):
                    parts.append(shifted(shapely.intersection(zone, there), turn))
        return bool(parts), float(shapely.union_all(parts).area / outline.area)


def _entries(zone: Any, turns: Iterable[float], start: Point) -> Edges:
    """List the edges of a zone that have the start on their outer side; none that points at it."""
    rings = shapely.get_rings(
        shapely.get_parts(shapely.orient_polygons(zone))
    )  # the inside is to the left of each edge
    corners, ring_of = shapely.get_coordinates(rings, return_index=True)
    is_edge = ring_of[:-1] == ring_of[1:]
    edges = on_turns(np.concatenate([corners[:-1][is_edge], corners[1:][is_edge]], axis=1), list(turns))
    one, other = (
        edges[:, :2] - (start.longitude_deg, start.latitude_deg),
        edges[:, 2:] - (start.longitude_deg, start.latitude_deg),
    )
    entries: Edges = edges[one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0] < 0]  # the start is to the right
    return entries
