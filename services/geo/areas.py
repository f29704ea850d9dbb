"""Choose and draw the coarse areas that stand for confidential sites."""

from collections.abc import Callable

import h3

from services.errors import InvalidInput
from services.geo.places import (
    COARSEST_RESOLUTION,
    FINEST_RESOLUTION,
    AreaCell,
    Place,
    Point,
    cell_at,
    position_of,
)

LEAST_POPULATION = 20_000  #: people among whom a confidential site is hidden
COUNT_RESOLUTION = COARSEST_RESOLUTION  #: H3; areas of every resolution add up at this one


def snap_to_area(point: Point, population_of: Callable[[AreaCell], int]) -> AreaCell:
    """
    Replace an exact point by the area that is kept instead. Call it before anything sees the point.

    Args:
        point: The exact position, forgotten by the caller right after.

        population_of: The number of people known to live in a cell, 0 if none is known.

    Returns:
        The finest cell of resolution 6 to 3 around the point where at least
        20,000 people are known to live; the one of resolution 6 where no such
        cell is known.
    """
    for resolution in range(FINEST_RESOLUTION, COARSEST_RESOLUTION - 1, -1):
        cell = cell_at(point, resolution)
        if population_of(cell) >= LEAST_POPULATION:
            return cell
    return cell_at(point, FINEST_RESOLUTION)


def area_at(place: Place, resolution: int = COUNT_RESOLUTION) -> AreaCell:
    """
    Find the area that a place is counted in on a map.

    Raises:
        InvalidInput: the resolution is not in [3, 6], or finer than the place's own cell.
    """
    if isinstance(place, AreaCell) and resolution > place.resolution:
        raise InvalidInput("resolution must not be finer than the area itself")
    return cell_at(position_of(place), resolution)


def outline_of(cell: AreaCell) -> tuple[Point, ...]:
    """
    Trace the border of a cell, counter-clockwise, without repeating the first corner.

    A cell across the antimeridian has longitudes of both signs.
    """
    return tuple(Point(*corner) for corner in h3.cell_to_boundary(cell.h3_cell))
