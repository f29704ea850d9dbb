"""Search in PostgreSQL: which public providers hold to what is asked, nearest first, best fitting first, or by id."""

from datetime import datetime
from typing import Any

import numpy as np
from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Delivery, Found, Status, Stored
from services.directory.search import Conditions
from services.directory.store.nearest import Position, Ranked, in_boxes, nearest
from services.directory.store.provider_columns import STORED
from services.directory.store.relevance import fitting_best
from services.directory.store.service_areas import owners_covering
from services.runtime.postgres import Connection


async def find(
    connection: Connection, conditions: Conditions, *, after: Position | None, limit: int, now: datetime
) -> list[Found]:
    """
    Find public providers, nearest first and then by id, or by id without an origin; or by relevance and id.

    Args:
        connection: That sees one moment throughout.

        conditions: What to look for.

        after: The last row of the page before; None for the first page.

        limit: How many at most.

        now: The time at which periods of validity must hold, if no status is asked for.
    """
    where, parameters = _where(conditions, now)
    if conditions.covers is not None:
        parameters["owners"] = await owners_covering(connection, conditions.covers)
    ranked: list[tuple[str, int, int | None]]
    if conditions.by_relevance:
        ranked = await fitting_best(connection, conditions, where, parameters, after, limit)
    elif conditions.origin is None:
        by_id = await _by_id(connection, conditions, where, parameters, after, limit)
        ranked = [(provider_id, 0, None) for _, provider_id in by_id]
    else:
        near = await nearest(connection, conditions, conditions.origin, where, parameters, after, limit)
        ranked = [(provider_id, cost_mm, cost_mm) for cost_mm, provider_id in near]
    stored = await _read(connection, [provider_id for provider_id, _, _ in ranked])
    return [Found(stored[provider_id], rank, cost_mm) for provider_id, rank, cost_mm in ranked]


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
                ORDER BY provider.provider_id LIMIT %(limit)s
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
            sql.SQL("SELECT {} FROM provider WHERE provider_id = ANY(%s::uuid[])").format(STORED),
            [provider_ids],
        )
        return {stored.record_id: stored for stored in await cursor.fetchall()}


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
        where.append("languages @> ARRAY[%(language)s]")
    if conditions.dataset:
        where.append("dataset = %(dataset)s")
    if conditions.country_code:
        where.append("country_code = %(country_code)s")
    if conditions.places_free:
        where.append("has_free_places")
    if conditions.staff_genders:
        where.append("staff_genders && %(staff_genders)s")
    where += _reach(conditions)
    conjuncts: list[sql.Composable] = [sql.SQL(each) for each in where]
    if conditions.area is not None:
        conjuncts.append(in_boxes(conditions.area.boxes()))
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
        "staff_genders": list(conditions.staff_genders),
        "deliveries": [each.value for each in conditions.deliveries],
    }


def _reach(conditions: Conditions) -> list[str]:
    """Write whom a provider reaches, and how."""
    where = []
    if conditions.covers is not None:
        where.append(
            "(provider_id = ANY(%(owners)s::uuid[]) OR service_id = ANY(%(owners)s::uuid[]) AND NOT has_areas)"
        )
    if conditions.deliveries:
        at_location = " OR deliveries = '{}'" if Delivery.AT_LOCATION in conditions.deliveries else ""
        where.append(f"(deliveries && %(deliveries)s{at_location})")
    return where
