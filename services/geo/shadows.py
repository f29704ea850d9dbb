"""
Zones that may not be entered, seen from a start: which goals they hold, and which lie behind them.

A way is straight in longitude and latitude, as in `lines`. It enters a zone by
an edge that has the start on its outer side, so a way may leave the zone in
which it starts, as far as it does not enter it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import shapely

from services.geo.lines import Edges, meets, on_turns, seen, turns_seen
from services.geo.outlines import shifted
from services.geo.places import Point

Boxes = npt.NDArray[np.float64]  #: west, south, east and north in degrees, shape (n, 4)
_NONE: Final = np.empty((0, 4))  #: edges or boxes


@dataclass(frozen=True, slots=True, eq=False)
class Enclosure:
    """An area and its edges, read once of a shape: they are the same wherever it is seen from."""

    shape: Any  #: prepared
    box: tuple[float, float, float, float]  #: west, south, east and north in degrees
    edges: Edges  #: the inside is to the left of each

    @classmethod
    def of(cls, shape: Any) -> Self:
        """Read a valid shape on the plane of longitude and latitude."""
        shapely.prepare(shape)
        rings = shapely.get_rings(shapely.get_parts(shapely.orient_polygons(shape)))
        corners, ring_of = shapely.get_coordinates(rings, return_index=True)
        is_edge = ring_of[:-1] == ring_of[1:]
        return cls(shape, shape.bounds, np.concatenate([corners[:-1][is_edge], corners[1:][is_edge]], axis=1))


class Ground:
    """
    Zones, seen from a start.

    Args:
        zones: The zones.

        start: Where the ways start.

        is_escorted: Whether ways may cross the zones; no goal may be in one even so.
    """

    def __init__(self, zones: Iterable[Enclosure], start: Point, *, is_escorted: bool = False) -> None:
        self.start = start
        #: each zone and the turns in degrees on which a way from the start may meet it
        self._zones = [(zone, turns_seen(zone.box[0], zone.box[2], start)) for zone in zones]
        boxes: list[tuple[float, float, float, float]] = []
        for zone, turns in self._zones:
            west, south, east, north = zone.box
            boxes += [(west + turn, south, east + turn, north) for turn in turns]
        self.boxes: Boxes = np.array(boxes) if boxes else _NONE  #: around the zones
        moved = [] if is_escorted else [on_turns(zone.edges, turns) for zone, turns in self._zones]
        #: of the zones that ways may not enter
        self.edges: Edges = moved[0] if len(moved) == 1 else np.concatenate([_NONE, *moved])

    @cached_property
    def entries(self) -> Edges:
        """The edges by which a way from the start enters: those that have it on their outer side, the right."""
        start = self.start
        here = self.edges - (start.longitude_deg, start.latitude_deg, start.longitude_deg, start.latitude_deg)
        found: Edges = self.edges[here[:, 0] * here[:, 3] - here[:, 1] * here[:, 2] < 0]
        return found

    def forbids(self, goal: Point) -> bool:
        """Say whether a goal is in a zone, or the way there enters one; the rim is inside."""
        return meets(self.start, goal, self.entries) or self.holds(goal)

    def holds(self, goal: Point) -> bool:
        """Say whether a goal is in a zone; the rim is inside."""
        east_deg, north_deg = seen(self.start, goal)
        return any(
            shapely.intersects_xy(zone.shape, east_deg - turn, north_deg)
            for zone, turns in self._zones
            for turn in turns
        )

    def overlap(self, outline: Any) -> tuple[bool, float]:
        """Say whether zones touch an area on the start's turn, and which share of it they hold, in [0, 1]."""
        parts = []
        for zone, turns in self._zones:
            for turn in turns:
                there = shifted(outline, -turn)
                if shapely.intersects(zone.shape, there):
                    parts.append(shifted(shapely.intersection(zone.shape, there), turn))
        return bool(parts), float(shapely.union_all(parts).area / outline.area)
