"""
The nearest of what a search asks for, exact: the database proposes, `services.geo` measures.

First the index hands out a bounded number of providers in its own order of near
(degrees on a plane), whatever they are; those that are asked for are measured
on the ellipsoid. If a circle as large as the last one's cost lies inside what
was handed out, nobody outside can be nearer, and the page is done. If not,
everything within that cost is read. Where too few were found near by, they are
rare, and all of them are read by what they offer: no search walks the whole
index for some that are far away.
"""

import math
from typing import Any, Final

import numpy as np
from psycopg import sql

from services.directory.search import Box, Conditions, boxes_around
from services.geo import PlaceArray, Point, costs_mm
from services.runtime.postgres import Connection

FARTHEST_MM: Final = 20_003_932_000  #: half a meridian of WGS84, rounded up
_FIRST_SCAN: Final = 400  #: providers handed out at first
_LAST_SCAN: Final = 4000  #: at most, if those do not do: each is a page of the table to be read
_AMPLE: Final = 1.5  #: times as many as the share found so far says are needed
#: beyond this a box holds so much that reading what is offered is sooner done
_WIDE_MM: Final = 300_000_000
_FIRST_STEP_MM: Final = 1_000_000
_GROWTH: Final = 2

Ranked = list[tuple[int, str]]  #: cost in whole millimetres (0 without an origin) and provider id
Position = tuple[int, str]  #: where a page ended, of the same kind


async def nearest(
    connection: Connection,
    conditions: Conditions,
    origin: Point,
    where: sql.Composable,
    parameters: dict[str, Any],
    after: Position | None,
    limit: int,
) -> Ranked:
    """
    Rank the nearest providers by cost, then id.

    Args:
        connection: That sees one moment throughout.

        conditions: What to look for, for what the database does not judge.

        origin: Where to measure from.

        where: What the database judges, with `parameters`.

        parameters: See `where`.

        after: The last row of the page before; None for the first page.

        limit: How many at most.
    """
    farthest_mm = FARTHEST_MM if conditions.max_cost_mm is None else min(conditions.max_cost_mm, FARTHEST_MM)
    if after is not None:
        reach_mm = after[0] + after[0] // 4 + _FIRST_STEP_MM
    else:
        count = _FIRST_SCAN
        while True:
            rows, reached_deg = await _scan(connection, origin, where, parameters, count)
            ranked = _ranked(conditions, origin, rows, farthest_mm, None)
            if len(ranked) >= limit:
                reach_mm = ranked[limit - 1][0]
                if _is_inside(origin, reach_mm, reached_deg):
                    return ranked[:limit]
                break
            if count == _LAST_SCAN:
                reach_mm = farthest_mm
                break
            count = _next_scan(count, len(ranked), limit)
    while True:
        reach_mm = min(reach_mm, farthest_mm)
        # an infinity of boxes is none: everything that is asked for, wherever it is
        boxes = boxes_around(origin, reach_mm) if reach_mm <= _WIDE_MM else []
        reach_mm = reach_mm if boxes else farthest_mm
        rows = await _inside(connection, where, parameters, boxes)
        ranked = _ranked(conditions, origin, rows, reach_mm, after)
        if len(ranked) >= limit or reach_mm == farthest_mm:
            return ranked[:limit]
        reach_mm = max(reach_mm * _GROWTH, _FIRST_STEP_MM)


def _next_scan(count: int, found: int, limit: int) -> int:
    """Say how many to hand out after `count` of them had too few that are asked for."""
    if not found:
        return _LAST_SCAN
    return min(_LAST_SCAN, max(2 * count, math.ceil(_AMPLE * count * limit / found)))


async def _scan(
    connection: Connection, origin: Point, where: sql.Composable, parameters: dict[str, Any], count: int
) -> tuple[list[Any], float]:
    """
    Take a number of providers that are near on a plane, and keep those that are asked for.

    Returns:
        Rows (id, latitude, longitude), and the distance on the plane in degrees
        within which none was passed over; 0 if that is not known.
    """
    cursor = await connection.execute(
        sql.SQL(
            """
            SELECT provider_id::text, latitude_deg, longitude_deg, reached_deg FROM (
                SELECT provider_id, position[1] AS latitude_deg, position[0] AS longitude_deg, ({where}) AS is_asked,
                    max(position <-> %(near)s::point) OVER () AS reached_deg
                FROM (
                    SELECT * FROM provider WHERE NOT archived AND position IS NOT NULL
                    ORDER BY position <-> %(near)s::point LIMIT %(count)s
                ) AS provider
            ) AS handed_out WHERE is_asked
            """
        ).format(where=where),
        {**parameters, "near": f"({origin.longitude_deg!r},{origin.latitude_deg!r})", "count": count},
    )
    rows = await cursor.fetchall()
    return rows, rows[0][3] if rows else 0.0


def _is_inside(origin: Point, cost_mm: int, reached_deg: float) -> bool:
    """Say whether all that a cost reaches lies on the plane within a distance in degrees of the origin."""
    boxes = boxes_around(origin, cost_mm)
    if len(boxes) > 1:
        return False  # across the antimeridian: far on the plane, near on the earth
    box = boxes[0]
    width_deg = max(box.east_deg - origin.longitude_deg, origin.longitude_deg - box.west_deg)
    height_deg = max(box.north_deg - origin.latitude_deg, origin.latitude_deg - box.south_deg)
    # strictly: of those as far as the last one, some were not handed out
    return math.hypot(width_deg, height_deg) < reached_deg


async def _inside(
    connection: Connection, where: sql.Composable, parameters: dict[str, Any], boxes: list[Box]
) -> list[Any]:
    """Read all that are asked for, inside some boxes or, without boxes, wherever they are."""
    place = in_boxes(boxes) if boxes else sql.SQL("position IS NOT NULL")
    cursor = await connection.execute(
        sql.SQL("SELECT provider_id::text, position[1], position[0] FROM provider WHERE {} AND {}").format(
            where, place
        ),
        parameters,
    )
    return await cursor.fetchall()


def _ranked(conditions: Conditions, origin: Point, rows: list[Any], reach_mm: int, after: Position | None) -> Ranked:
    """Measure rows (id, latitude, longitude), and keep what is inside, near enough and after the last page."""
    if not rows:
        return []
    latitude_deg = np.array([row[1] for row in rows], dtype=np.float64)
    longitude_deg = np.array([row[2] for row in rows], dtype=np.float64)
    costs = costs_mm(origin, PlaceArray(latitude_deg, longitude_deg, np.zeros(len(rows), dtype=np.int8)))
    keep = costs <= reach_mm
    if conditions.area is not None:
        keep &= conditions.area.has(latitude_deg, longitude_deg)
    ranked = sorted((int(costs[index]), rows[index][0]) for index in np.flatnonzero(keep))
    return [row for row in ranked if after is None or row > after]


def in_boxes(boxes: list[Box]) -> sql.Composable:
    """Write the condition that a position lies in one of some boxes."""
    return sql.SQL("({})").format(
        sql.SQL(" OR ").join(
            sql.SQL("position <@ {}::box").format(
                sql.Literal(f"({box.west_deg!r},{box.south_deg!r}),({box.east_deg!r},{box.north_deg!r})")
            )
            for box in boxes
        )
    )
