"""Reported places: every report is kept, the newest of a pool and population counts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.directory.model import PlaceReport, newest_reports
from services.directory.store.arrays import array
from services.directory.store.providers import Held, lock_by
from services.runtime.postgres import Connection

Reports = tuple[PlaceReport, ...]


async def lock_pools(connection: Connection, pool_ids: Collection[str]) -> None:
    """
    Let nobody else report pools or join them until this transaction ends; before any provider is locked.

    Pools share 256 locks, so that a large import needs no more of them.
    """
    if pool_ids:
        await connection.execute(
            """
            SELECT pg_advisory_xact_lock(hashtext('directory.pool'), number) FROM (
                SELECT DISTINCT hashtext(pool_id) & 255 AS number FROM unnest(%s::text[]) AS pool_id ORDER BY 1
            ) AS numbers
            """,
            [list(pool_ids)],
        )


async def present(connection: Connection, pool_ids: Sequence[str]) -> dict[str, Reports]:
    """Read what is reported of pools now, by pool; each ordered by population. A pool without a report is empty."""
    found: dict[str, Reports] = defaultdict(tuple)
    if pool_ids:
        cursor = await connection.execute(
            """
            SELECT DISTINCT ON (pool_id, population) pool_id, population, total, occupied, report_time
            FROM place_report WHERE pool_id = ANY(%s::text[])
            ORDER BY pool_id, population, report_time DESC
            """,
            [array(pool_ids)],
        )
        for pool_id, population, total, occupied, report_time in await cursor.fetchall():
            report = PlaceReport(population=population, total=total, occupied=occupied, report_time=report_time)
            found[pool_id] += (report,)
    return found


async def add(connection: Connection, told: Mapping[str, Reports], *, actor: str, now: datetime) -> dict[str, Reports]:
    """
    Keep reports by pool, and return what is reported of those pools then.

    Of two reports of one pool, population and time the later told counts.
    """
    of_key = {
        (pool_id, report.population, report.report_time): (pool_id, report)
        for pool_id, reports in told.items()
        for report in reports
    }
    rows = list(of_key.values())
    if rows:
        await connection.execute(
            """
            INSERT INTO place_report (pool_id, population, report_time, total, occupied, actor, recorded_time)
            SELECT *, %(actor)s, %(now)s FROM unnest(
                %(pool_id)s::text[], %(population)s::text[], %(report_time)s::timestamptz[],
                %(total)s::integer[], %(occupied)s::integer[])
            ON CONFLICT (pool_id, population, report_time) DO UPDATE
            SET (total, occupied, actor, recorded_time)
                = (excluded.total, excluded.occupied, excluded.actor, excluded.recorded_time)
            """,
            {
                "pool_id": [pool_id for pool_id, _ in rows],
                "population": [report.population for _, report in rows],
                "report_time": [report.report_time for _, report in rows],
                "total": [report.total for _, report in rows],
                "occupied": [report.occupied for _, report in rows],
                "actor": actor,
                "now": now,
            },
        )
    return await present(connection, list(told))


async def report(
    connection: Connection, pool_id: str, told: Reports, *, actor: str, now: datetime
) -> tuple[list[Held], Reports]:
    """
    Lock the providers of a pool and keep a report of it.

    Returns:
        The providers, in the order of their ids, and what is reported of the pool then.
    """
    await lock_pools(connection, [pool_id])
    held = await lock_by(connection, "pool_id", [pool_id])
    before = await present(connection, [pool_id])
    # a report that says what is known already leaves no second row
    news = tuple(each for each in told if each not in before[pool_id])
    after = await add(connection, {pool_id: news}, actor=actor, now=now) if news else before
    return held, newest_reports(*after[pool_id])


def newer(told: Reports, known: Reports) -> Reports:
    """Choose the reports that change what is known."""
    by_population = {report.population: report for report in known}
    return tuple(
        report
        for report in told
        if report.population not in by_population
        or (report.report_time >= by_population[report.population].report_time and report not in known)
    )
