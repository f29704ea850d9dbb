"""What a search by words finds, those first whose names fit the words best."""

from typing import Any, Final

import numpy as np
from psycopg import sql

from services.directory.search import Conditions, boxes_around
from services.directory.store.nearest import FARTHEST_MM, Position, in_boxes
from services.geo import PlaceArray, costs_mm
from services.runtime.postgres import Connection

_MOST_WORDS: Final = 999  #: of a name that are told apart
#: names with most of the asked words whole come first, then those with the fewest words besides
_RANK: Final = sql.SQL("(1000 * ({missing}) + least(length(words), {most}))")

Ranked = list[tuple[str, int, int | None]]  #: provider id, rank, and cost in whole millimetres


async def fitting_best(
    connection: Connection,
    conditions: Conditions,
    where: sql.Composable,
    parameters: dict[str, Any],
    after: Position | None,
    limit: int,
) -> Ranked:
    """
    Rank providers by how well their names fit the asked words, then by id.

    Args:
        connection: That sees one moment throughout.

        conditions: What to look for, for what the database does not judge.

        where: What the database judges, with `parameters`.

        parameters: See `where`.

        after: The last row of the page before, its rank and id; None for the first page.

        limit: How many at most.
    """
    if conditions.origin is not None and conditions.max_cost_mm is not None:
        boxes = boxes_around(conditions.origin, min(conditions.max_cost_mm, FARTHEST_MM))
        where = sql.SQL("{} AND {}").format(where, in_boxes(boxes))
    found: Ranked = []
    while len(found) < limit:
        cursor = await connection.execute(
            sql.SQL(
                """
                SELECT provider_id::text, position[1], position[0], rank FROM (
                    SELECT provider_id, position, {rank} AS rank FROM provider WHERE {where}
                ) AS fitting
                WHERE %(last_id)s::uuid IS NULL OR (rank, provider_id) > (%(last_rank)s, %(last_id)s::uuid)
                ORDER BY rank, fitting.provider_id LIMIT %(limit)s
                """
            ).format(rank=_rank(conditions.words), where=where),
            {
                **parameters,
                "last_rank": after[0] if after else None,
                "last_id": after[1] if after else None,
                "limit": limit,
            },
        )
        rows = await cursor.fetchall()
        found += _kept(conditions, rows)
        if len(rows) < limit:
            break
        after = rows[-1][3], rows[-1][0]
    return found[:limit]


def _rank(words: tuple[str, ...]) -> sql.Composable:
    # normalised words are letters and digits only: nothing in them is syntax
    missing = [sql.SQL("(NOT words @@ {}::tsquery)::integer").format(sql.Literal(f"'{word}'")) for word in words]
    return _RANK.format(missing=sql.SQL(" + ").join(missing), most=sql.Literal(_MOST_WORDS))


def _kept(conditions: Conditions, rows: list[Any]) -> Ranked:
    """Measure rows (id, latitude, longitude, rank), and keep what is inside and near enough."""
    if not rows or (conditions.area is None and conditions.origin is None):
        return [(row[0], row[3], None) for row in rows]
    # a position that nobody knows is nowhere
    latitude_deg = np.array([np.nan if row[1] is None else row[1] for row in rows], dtype=np.float64)
    longitude_deg = np.array([np.nan if row[2] is None else row[2] for row in rows], dtype=np.float64)
    keep = np.ones(len(rows), dtype=np.bool_)
    if conditions.area is not None:
        keep &= conditions.area.has(latitude_deg, longitude_deg)
    costs: list[int | None] = [None] * len(rows)
    if conditions.origin is not None:
        known = np.flatnonzero(~np.isnan(latitude_deg))
        places = PlaceArray(latitude_deg[known], longitude_deg[known], np.zeros(len(known), dtype=np.int8))
        for index, cost_mm in zip(known, costs_mm(conditions.origin, places), strict=True):
            costs[index] = int(cost_mm)
        if conditions.max_cost_mm is not None:
            keep &= np.array([cost is not None and cost <= conditions.max_cost_mm for cost in costs])
    return [(rows[index][0], rows[index][3], costs[index]) for index in np.flatnonzero(keep)]
