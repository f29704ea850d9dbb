"""
Does a way cross a line? For closed borders and front lines that a coordinator has drawn (R60), and edges of zones.

Stretches are straight in latitude and longitude, the shorter way round, as they
are drawn on a map. The way itself is taken as straight too: who goes there does
not follow a geodesic, and a line that reaches past both sides stops either.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from services.geo.places import Point

TURN_DEG: Final = 360.0
_MARGIN_TURNS: Final = 1e-9
_AS_THEY_ARE: Final = (0.0,)  #: the only turn, nearly always

Flat = tuple[float, float]  #: longitude and latitude in degrees; the longitude on any turn
Corners = npt.NDArray[np.float64]  #: the same of many, shape (n, 2)
Edges = npt.NDArray[np.float64]  #: both ends of each of many, shape (n, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """The edges of a line on the plane, without a jump at the antimeridian: read once, whoever sees it from where."""

    edges: Edges
    west_deg: float  #: between which longitudes they are
    east_deg: float

    @classmethod
    def of(cls, line: Sequence[Point]) -> Self:
        """Read a line of at least two points."""
        corners = laid_out(line)
        edges = np.concatenate([corners[:-1], corners[1:]], axis=1)
        return cls(edges, float(corners[:, 0].min()), float(corners[:, 0].max()))

    def seen_from(self, start: Point) -> Edges:
        """List them on each turn on which a way from a start may meet them."""
        return on_turns(self.edges, turns_seen(self.west_deg, self.east_deg, start))


def crosses(start: Point, goal: Point, line: Sequence[Point]) -> bool:
    """
    Say whether the straight way between two points meets a line; touching it is meeting it.

    Args:
        start: One end of the way.

        goal: Its other end; the way goes the shorter way round the earth.

        line: At least two points.
    """
    return meets(start, goal, Stretches.of(line).seen_from(start))


def laid_out(line: Sequence[Point]) -> Corners:
    """Lay a line out on the plane, without a jump at the antimeridian."""
    at_deg = line[0].longitude_deg
    corners = []
    for point in line:
        at_deg = beside_deg(point.longitude_deg, at_deg)
        corners.append((at_deg, point.latitude_deg))
    return np.array(corners, dtype=np.float64)


def beside_deg(longitude_deg: float, reference_deg: float) -> float:
    """Move a longitude by whole turns to within half a turn of another; where none is needed it stays what it is."""
    return longitude_deg - TURN_DEG * round((longitude_deg - reference_deg) / TURN_DEG)


def turns_seen(west_deg: float, east_deg: float, start: Point) -> Sequence[float]:
    """List by how many degrees what lies between two longitudes is moved where a way from a start may meet it."""
    start_deg = start.longitude_deg
    first = math.ceil((start_deg - TURN_DEG / 2 - east_deg) / TURN_DEG - _MARGIN_TURNS)
    last = math.floor((start_deg + TURN_DEG / 2 - west_deg) / TURN_DEG + _MARGIN_TURNS)
    return _AS_THEY_ARE if first == last == 0 else [turn * TURN_DEG for turn in range(first, last + 1)]


def on_turns(edges: Edges, turns: Sequence[float]) -> Edges:
    """Lay edges out on each of some turns."""
    if turns is _AS_THEY_ARE:
        return edges
    return np.concatenate([np.empty((0, 4)), *(np.add(edges, (turn, 0.0, turn, 0.0)) for turn in turns)])


def seen(start: Point, goal: Point) -> Flat:
    """Say where a goal is on the turn on which the way from a start is the shorter one."""
    east_deg = start.longitude_deg
    return east_deg + math.remainder(goal.longitude_deg - east_deg, TURN_DEG), goal.latitude_deg


def meets(start: Point, goal: Point, edges: Edges) -> bool:
    """Say whether the straight way between two points meets any of some edges, as they are laid out for the start."""
    a, b = (start.longitude_deg, start.latitude_deg), seen(start, goal)
    c, d = (edges[:, 0], edges[:, 1]), (edges[:, 2], edges[:, 3])
    sides = (_side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b))
    met = (sides[0] != sides[1]) & (sides[2] != sides[3])
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    for side, points in zip(sides, ends, strict=True):
        met |= (side == 0) & _between(*points)
    return bool(met.any())


def _side(a: Any, b: Any, c: Any) -> Any:
    return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _between(a: Any, b: Any, c: Any) -> Any:
    is_by_east = (np.minimum(a[0], b[0]) <= c[0]) & (c[0] <= np.maximum(a[0], b[0]))
    return is_by_east & (np.minimum(a[1], b[1]) <= c[1]) & (c[1] <= np.maximum(a[1], b[1]))
