"""What was verified when, and what a record was before."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, LiteralString

from psycopg import sql
from psycopg.rows import class_row, dict_row

from services.directory.model import Stored, Viewer
from services.directory.store.provider_columns import STORED
from services.directory.wire.life_wire import EXPIRES_WITHIN, STALE_AFTER, State
from services.runtime.postgres import Connection

MOST_COUNTED: Final = 10_000  #: more are as many as anybody needs to hear of


async def stale(
    connection: Connection,
    viewer: Viewer,
    before: datetime,
    dataset: str,
    after: tuple[str, str] | None,
    limit: int,
) -> list[tuple[Stored, datetime | None]]:
    """
    List providers in use that were last verified before a time, those never verified first, ties by id.

    Args:
        connection: To read by.

        viewer: Who reads: a confidential one is for those who see all.

        before: The time.

        dataset: Only of this one, if set.

        after: Where the page before ended: the verified time, empty for never, and the id.

        limit: How many at most.
    """
    where = [*_in_use(viewer, dataset), "(verified_time IS NULL OR verified_time < %(before)s)"]
    if after and after[0]:
        where.append("(verified_time, provider_id) > (%(time)s::timestamptz, %(last_id)s::uuid)")
    elif after:
        where.append("(verified_time IS NOT NULL OR provider_id > %(last_id)s::uuid)")
    query: LiteralString = """
        SELECT {stored}, verified_time AS due_time FROM provider WHERE {where}
        ORDER BY verified_time NULLS FIRST, provider.provider_id LIMIT %(limit)s
        """
    return await _page(connection, query, where, before, dataset, after, limit)


async def expiring(
    connection: Connection,
    viewer: Viewer,
    before: datetime,
    dataset: str,
    after: tuple[str, str] | None,
    limit: int,
) -> list[tuple[Stored, datetime | None]]:
    """
    List providers in use whose vetting ends before a time or has ended (R33), the first to end first, ties by id.

    Args and what is returned: as of `stale`, with the end of the vetting as the time.
    """
    where = [*_in_use(viewer, dataset), "vetting_expire_time < %(before)s"]
    if after:
        where.append("(vetting_expire_time, provider_id) > (%(time)s::timestamptz, %(last_id)s::uuid)")
    query: LiteralString = """
        SELECT {stored}, vetting_expire_time AS due_time FROM provider WHERE {where}
        ORDER BY vetting_expire_time, provider.provider_id LIMIT %(limit)s
        """
    return await _page(connection, query, where, before, dataset, after, limit)


def _in_use(viewer: Viewer, dataset: str) -> list[LiteralString]:
    where: list[LiteralString] = ["NOT archived", "status IN ('ACTIVE', 'PAUSED', 'DO_NOT_REFER')"]
    if not viewer.sees_all:
        where.append("disclosure = 'PUBLIC'")
    if dataset:
        where.append("dataset = %(dataset)s")
    return where


async def _page(
    connection: Connection,
    query: LiteralString,
    where: Iterable[LiteralString],
    before: datetime,
    dataset: str,
    after: tuple[str, str] | None,
    limit: int,
) -> list[tuple[Stored, datetime | None]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            sql.SQL(query).format(stored=STORED, where=sql.SQL(" AND ").join(map(sql.SQL, where))),
            {
                "before": before,
                "dataset": dataset,
                "time": after[0] if after else None,
                "last_id": after[1] if after else None,
                "limit": limit,
            },
        )
        rows = await cursor.fetchall()
    return [(Stored(**{name: row[name] for name in row if name != "due_time"}), row["due_time"]) for row in rows]


async def count_due(connection: Connection, now: datetime) -> Mapping[str, int]:
    """
    Count the records in use that somebody must see to, each kind at most `MOST_COUNTED`.

    Returns:
        `stale`, `vetting_expiring` within 30 days, `vetting_expired`.
    """
    cursor = await connection.execute(
        """
        WITH due AS NOT MATERIALIZED (
            SELECT status, verified_time, vetting_expire_time FROM provider
            WHERE NOT archived AND status IN ('ACTIVE', 'PAUSED', 'DO_NOT_REFER')
        )
        SELECT
            (SELECT count(*) FROM (
                SELECT FROM due WHERE verified_time IS NULL OR verified_time < %(stale)s LIMIT %(most)s) AS one),
            (SELECT count(*) FROM (
                SELECT FROM due WHERE vetting_expire_time >= %(now)s AND vetting_expire_time < %(soon)s
                LIMIT %(most)s) AS two),
            (SELECT count(*) FROM (SELECT FROM due WHERE vetting_expire_time < %(now)s LIMIT %(most)s) AS three)
        """,
        {"stale": now - STALE_AFTER, "now": now, "soon": now + EXPIRES_WITHIN, "most": MOST_COUNTED},
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("a query without conditions has a row")
    return dict(zip(("stale", "vetting_expiring", "vetting_expired"), row, strict=True))


async def states(connection: Connection, provider_id: str, before_revision: int | None, limit: int) -> list[State]:
    """Read what a provider was, newest first, before a revision if one is given."""
    async with connection.cursor(row_factory=class_row(State)) as cursor:
        await cursor.execute(
            """
            SELECT revision, archived, doc, actor, at FROM provider_history
            WHERE provider_id = %(provider_id)s AND (%(before)s::bigint IS NULL OR revision < %(before)s)
            ORDER BY revision DESC LIMIT %(limit)s
            """,
            {"provider_id": provider_id, "before": before_revision, "limit": limit},
        )
        return await cursor.fetchall()
