"""
Lay outlines out on a plane of longitude and latitude, without a jump at the antimeridian.

Edges are straight lines there and go the shorter way round, as they are drawn
on a map. Kept apart from the rest of the package, because it needs shapely.
"""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import h3
import numpy as np
import shapely
from pyproj import Geod

from services.errors import InvalidInput, Violation
from services.geo.bounds import LEAST_MERIDIAN_RADIUS_M
from services.geo.lines import TURN_DEG, beside_deg
from services.geo.places import Point

MAX_RING: Final = 5000  #: points of one ring
LARGEST_DISC_M: Final = 2_000_000.0  #: radius of a circle that can be laid out

_LEAST_RING: Final = 4
_WGS84: Final = Geod(ellps="WGS84")
_CORNERS: Final = 96  #: of the ring that is drawn around a circle
_WIDER: Final = 1.003  #: so that no point of the circle is outside, up to the latitude below
_POLAR_FROM_DEG: Final = 85.0  #: a circle that reaches so far takes in all that is nearer to the pole
_MARGIN_DEG: Final = 1e-6  #: closes the seams between cells

Ring = tuple[Point, ...]


def laid_out(exterior: Ring, interiors: tuple[Ring, ...] = ()) -> Any:
    """
    Lay a ring and its holes out.

    Returns:
        A valid shapely polygon.

    Raises:
        InvalidInput: there is none.
    """
    start_deg = exterior[0].longitude_deg if exterior else 0.0
    named = [("exterior", exterior), *((f"interiors[{index}]", ring) for index, ring in enumerate(interiors))]
    rings = [_ring(name, ring, start_deg) for name, ring in named]
    shape = shapely.Polygon(rings[0], rings[1:])
    if not shape.is_valid:
        raise _refuse("exterior", "must be a ring that does not cross itself, with its holes inside")
    return shape


def laid_out_box(*, south_deg: float, west_deg: float, north_deg: float, east_deg: float) -> Any:
    """
    Lay a rectangle of latitudes and longitudes out; with west > east it crosses the antimeridian.

    Raises:
        InvalidInput: an edge is out of range, or north is not above south.
    """
    for name, value, limit in (
        ("south_deg", south_deg, 90),
        ("west_deg", west_deg, 180),
        ("north_deg", north_deg, 90),
        ("east_deg", east_deg, 180),
    ):
        if not -limit <= value <= limit:
            raise _refuse(name, f"must be in [-{limit}, {limit}]")
    if south_deg > north_deg:
        raise _refuse("north_deg", "must not be below south_deg")
    shape = shapely.box(west_deg, south_deg, east_deg + (TURN_DEG if west_deg > east_deg else 0.0), north_deg)
    return shape if shape.area else shape.buffer(_MARGIN_DEG)  # an edge or a corner is a place, too


def laid_out_disc(centre: Point, radius_m: float) -> Any:
    """
    Draw a ring around a circle: it holds all of it, and at most 0.3 % more radius than it has.

    Beyond 85 degrees of latitude it holds everything from the circle to the pole.

    Raises:
        InvalidInput: the radius is not in (0, 2000000].
    """
    if not 0 < radius_m <= LARGEST_DISC_M:
        raise _refuse("radius_m", f"must be in (0, {LARGEST_DISC_M:.0f}]")
    reach_m = radius_m * _WIDER
    reach_deg = math.degrees(reach_m / LEAST_MERIDIAN_RADIUS_M)
    south_deg, north_deg = centre.latitude_deg - reach_deg, centre.latitude_deg + reach_deg
    west_deg, east_deg = centre.longitude_deg - TURN_DEG / 2, centre.longitude_deg + TURN_DEG / 2
    if north_deg > _POLAR_FROM_DEG:
        return shapely.box(west_deg, south_deg, east_deg, 90.0)
    if south_deg < -_POLAR_FROM_DEG:
        return shapely.box(west_deg, -90.0, east_deg, north_deg)
    azimuths_deg = np.arange(_CORNERS) * (TURN_DEG / _CORNERS)
    same = np.ones(_CORNERS)
    longitude_deg, latitude_deg, _ = _WGS84.fwd(
        same * centre.longitude_deg, same * centre.latitude_deg, azimuths_deg, same * reach_m
    )
    return shapely.Polygon(np.column_stack([nearest_turn(longitude_deg, centre.longitude_deg), latitude_deg]))


def laid_out_cells(h3_cells: Iterable[str]) -> Any:
    """
    Lay H3 cells out as one shape, with the seams between them closed.

    One that goes round a pole is taken for all that is as near to the pole.
    """
    shapes = [shapely.transform(_cell(each), lambda xy: np.round(xy, 9)) for each in h3_cells]
    first_deg = shapes[0].centroid.x
    return shapely.union_all([turned_to(each, first_deg) for each in shapes]).buffer(_MARGIN_DEG, join_style="mitre")


@lru_cache(maxsize=4096)
def outline_of_cell(h3_cell: str) -> Any:
    """Lay one H3 cell out, as `laid_out_cells` does."""
    return laid_out_cells([h3_cell])


def _cell(h3_cell: str) -> Any:
    corners = [Point(*corner) for corner in h3.cell_to_boundary(h3_cell)]
    try:
        return laid_out((*corners, corners[0]))
    except InvalidInput:
        nearest_deg = min(abs(each.latitude_deg) for each in corners)
        if corners[0].latitude_deg > 0:
            return shapely.box(-TURN_DEG / 2, nearest_deg, TURN_DEG / 2, 90.0)
        return shapely.box(-TURN_DEG / 2, -90.0, TURN_DEG / 2, -nearest_deg)


def nearest_turn(longitude_deg: Any, reference_deg: float) -> Any:
    """Move longitudes by whole turns, so that each is within half a turn of a reference."""
    half = TURN_DEG / 2
    return reference_deg + np.remainder(np.asarray(longitude_deg) - reference_deg + half, TURN_DEG) - half


def turned_to(shape: Any, reference_deg: float) -> Any:
    """Move a shape by whole turns, so that its middle is within half a turn of a reference."""
    west_deg, _, east_deg, _ = shape.bounds
    middle_deg = (west_deg + east_deg) / 2
    shift_deg = float(nearest_turn(middle_deg, reference_deg)) - middle_deg
    return shifted(shape, shift_deg)


def shifted(shape: Any, shift_deg: float) -> Any:
    """Move a shape to the east."""
    return shapely.transform(shape, lambda xy: np.add(xy, (shift_deg, 0.0))) if shift_deg else shape


def _ring(name: str, ring: Ring, start_deg: float) -> list[tuple[float, float]]:
    if not _LEAST_RING <= len(ring) <= MAX_RING or ring[0] != ring[-1]:
        raise _refuse(name, f"must have {_LEAST_RING} to {MAX_RING} points, the last equal to the first")
    at_deg = start_deg
    laid = []
    for point in ring:
        at_deg = beside_deg(point.longitude_deg, at_deg)  # not by sums: the last corner must be the first to the bit
        laid.append((at_deg, point.latitude_deg))
    if abs(laid[0][0] - laid[-1][0]) > TURN_DEG / 2:
        raise _refuse(name, "must not go round a pole")
    return laid


def _refuse(field: str, rule: str) -> InvalidInput:
    return InvalidInput(f"{field} {rule}", fields=[Violation(field, rule)])
