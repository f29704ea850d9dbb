"""
Search in PostgreSQL: the database narrows, `services.geo` measures.

A page near an origin is exact: the database's own idea of near (degrees on a
plane) only says how far to look, everything within that distance is measured
on the ellipsoid, and the distance grows until the page is full.
"""

from datetime import datetime
from typing import Any, Final

import numpy as np
from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Status, Stored
from services.directory.search import Box, Conditions, boxes_around
from services.geo import PlaceArray, Point, costs_mm
from services.runtime.postgres import Connection

FARTHEST_MM: Final = 20_003_932_000  #: half a meridian of WGS84, rounded up
_FIRST_STEP_MM: Final = 1_000_000
_GROWTH: Final = 2


Ranked = list[tuple[int, str]]  #: cost in whole millimetres (0 without an origin) and provider id
Position = tuple[int, str]  #: where a page ended, of the same kind


async def find(
    connection: Connection, conditions: Conditions, *, after: Position | None, limit: int, now: datetime
) -> list[tuple[Stored, int | None]]:
    """
    Find public providers, nearest first and then by id, or by id without an origin.

    Args:
        connection: That sees one moment throughout.

        conditions: What to look for.

        after: The last row of the page before; None for the first page.

        limit: How many at most.

        now: The time at which periods of validity must hold, if no status is asked for.

    Returns:
        Records and their costs in whole millimetres, None without an origin.
    """
    where, parameters = _where(conditions, now)
    if conditions.origin is None:
        ranked = await _by_id(connection, conditions, where, parameters, after, limit)
    else:
        ranked = await _nearest(connection, conditions, conditions.origin, where, parameters, after, limit)
    stored = await _read(connection, [provider_id for _, provider_id in ranked])
    with_cost = conditions.origin is not None
    return [(stored[provider_id], cost_mm if with_cost else None) for cost_mm, provider_id in ranked]


async def _nearest(
    connection: Connection,
    conditions: Conditions,
    origin: Point,
    where: sql.Composable,
    parameters: dict[str, Any],
    after: Position | None,
    limit: int,
) -> Ranked:
    farthest_mm = FARTHEST_MM if conditions.max_cost_mm is None else min(conditions.max_cost_mm, FARTHEST_MM)
    reach_mm = await _first_reach(connection, conditions, origin, where, parameters, after, limit)
    while True:
        reach_mm = min(reach_mm, farthest_mm)
        rows = await _inside(connection, where, parameters, boxes_around(origin, reach_mm))
        ranked = _ranked(conditions, origin, rows, reach_mm, after)
        if len(ranked) >= limit or reach_mm == farthest_mm:
            return ranked[:limit]
        reach_mm = max(reach_mm * _GROWTH, _FIRST_STEP_MM)


async def _first_reach(
    connection: Connection,
    conditions: Conditions,
    origin: Point,
    where: sql.Composable,
    parameters: dict[str, Any],
    after: Position | None,
    limit: int,
) -> int:
    """Say how far to look first: no nearer than the cost of the last of `limit` rows that are near on a plane."""
    if after is not None:
        return after[0] + after[0] // 4 + _FIRST_STEP_MM
    cursor = await connection.execute(
        sql.SQL(
            """
            SELECT provider_id::text, position[1], position[0] FROM provider
            WHERE {where} AND position IS NOT NULL ORDER BY position <-> %(near)s::point LIMIT %(limit)s
            """
        ).format(where=where),
        {**parameters, "near": f"({origin.longitude_deg!r},{origin.latitude_deg!r})", "limit": limit},
    )
    rows = await cursor.fetchall()
    if len(rows) < limit:
        return FARTHEST_MM  # these are all there are
    ranked = _ranked(conditions, origin, rows, FARTHEST_MM, None)
    return max((cost_mm for cost_mm, _ in ranked), default=_FIRST_STEP_MM)


async def _inside(
    connection: Connection, where: sql.Composable, parameters: dict[str, Any], boxes: list[Box]
) -> list[Any]:
    cursor = await connection.execute(
        sql.SQL("SELECT provider_id::text, position[1], position[0] FROM provider WHERE {} AND {}").format(
            where, _in_boxes(boxes)
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


async def _by_id(
    connection: Connection,
    conditions: Conditions,
    where: sql.Composable,
    parameters: dict[str, Any],
    after: Position | None,
    limit: int,
) -> Ranked:
    """Without an area one statement is a page; with one, read on until the page is full."""
    last_id = after[1] if after else None
    ranked: Ranked = []
    while len(ranked) < limit:
        cursor = await connection.execute(
            sql.SQL(
                """
                SELECT provider_id::text, position[1], position[0] FROM provider
                WHERE {where} AND (%(last_id)s::uuid IS NULL OR provider_id > %(last_id)s::uuid)
                ORDER BY provider_id LIMIT %(limit)s
                """
            ).format(where=where),
            {**parameters, "last_id": last_id, "limit": limit},
        )
        rows = await cursor.fetchall()
        ranked += _in_area(conditions, rows)
        if len(rows) < limit:
            break
        last_id = rows[-1][0]
    return ranked[:limit]


def _in_area(conditions: Conditions, rows: list[Any]) -> Ranked:
    if conditions.area is None or not rows:
        return [(0, row[0]) for row in rows]
    latitude_deg = np.array([row[1] for row in rows], dtype=np.float64)
    longitude_deg = np.array([row[2] for row in rows], dtype=np.float64)
    inside = conditions.area.has(latitude_deg, longitude_deg)
    return [(0, rows[index][0]) for index in np.flatnonzero(inside)]


async def _read(connection: Connection, provider_ids: list[str]) -> dict[str, Stored]:
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            """
            SELECT provider_id::text AS record_id, revision, archived, doc, create_time, update_time
            FROM provider WHERE provider_id = ANY(%s::uuid[])
            """,
            [provider_ids],
        )
        return {stored.record_id: stored for stored in await cursor.fetchall()}


def _in_boxes(boxes: list[Box]) -> sql.Composable:
    return sql.SQL("({})").format(
        sql.SQL(" OR ").join(
            sql.SQL("position <@ {}::box").format(
                sql.Literal(f"({box.west_deg!r},{box.south_deg!r}),({box.east_deg!r},{box.north_deg!r})")
            )
            for box in boxes
        )
    )


def _where(conditions: Conditions, now: datetime) -> tuple[sql.Composable, dict[str, Any]]:
    """Write the conditions that the database can judge. R16, R21: a confidential site is never among them."""
    where = ["NOT archived", "disclosure = 'PUBLIC'"]
    if conditions.statuses:
        where.append("status = ANY(%(statuses)s)")
    else:
        where.append("status = %(active)s")
        where.append("(start_time IS NULL OR start_time <= %(now)s)")
        where.append("(end_time IS NULL OR end_time > %(now)s)")
    if conditions.codes:
        where.append("codes @> %(codes)s")
    if conditions.words:
        where.append("words @@ %(words)s::tsquery")
    if conditions.language:
        where.append("%(language)s = ANY(languages)")
    if conditions.dataset:
        where.append("dataset = %(dataset)s")
    if conditions.country_code:
        where.append("country_code = %(country_code)s")
    if conditions.places_free:
        where.append("has_free_places")
    conjuncts: list[sql.Composable] = [sql.SQL(each) for each in where]
    if conditions.area is not None:
        conjuncts.append(_in_boxes(conditions.area.boxes()))
    return sql.SQL(" AND ").join(conjuncts), {
        "statuses": [status.value for status in conditions.statuses],
        "active": Status.ACTIVE.value,
        "now": now,
        "codes": list(conditions.codes),
        # normalised words are letters and digits only: nothing in them is syntax
        "words": " & ".join(f"'{word}':*" for word in conditions.words),
        "language": conditions.language,
        "dataset": conditions.dataset,
        "country_code": conditions.country_code,
    }
