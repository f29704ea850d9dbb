"""The copy of the directory's providers, fed by its change feed: at least once, applied if newer."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from psycopg.rows import dict_row

from services.referrals.model import Provider, ReachOut, Status, Vetting
from services.runtime.postgres import Connection


async def find(connection: Connection, provider_ids: Collection[str]) -> dict[str, Provider]:
    """Find providers by id, archived ones among them."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT * FROM provider WHERE provider_id = ANY(%(provider_ids)s)", {"provider_ids": list(provider_ids)}
        )
        return {row["provider_id"]: _provider(row) for row in await cursor.fetchall()}


async def find_for(
    connection: Connection, provider_ids: Collection[str], client_id: str, subject: str
) -> tuple[dict[str, Provider], set[str]]:
    """Find providers as `find` does, and which of them a sender's person shall not meet, see `exclusions`."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT *, EXISTS (
                SELECT FROM exclusion WHERE client_id = %(client_id)s AND subject = %(subject)s
                  AND exclusion.provider_id = provider.provider_id
            ) AS is_excluded
            FROM provider WHERE provider_id = ANY(%(provider_ids)s)
            """,
            {"provider_ids": list(provider_ids), "client_id": client_id, "subject": subject},
        )
        rows = await cursor.fetchall()
    return {row["provider_id"]: _provider(row) for row in rows}, {
        row["provider_id"] for row in rows if row["is_excluded"]
    }


async def apply(connection: Connection, epoch: str, providers: Iterable[Provider]) -> None:
    """Keep providers as they are now, unless what is known is newer or of the same revision."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO provider (provider_id, receiver_id, pool_id, status, reach_out, vetting, vetting_end_time,
                                  area_cell, country_code, time_zone, codes, start_time, end_time, is_archived,
                                  epoch, revision)
            VALUES (%(provider_id)s, %(receiver_id)s, %(pool_id)s, %(status)s, %(reach_out)s, %(vetting)s,
                    %(vetting_end_time)s, %(area_cell)s, %(country_code)s, %(time_zone)s, %(codes)s,
                    %(start_time)s, %(end_time)s, false, %(epoch)s, %(revision)s)
            ON CONFLICT (provider_id) DO UPDATE SET
                receiver_id = excluded.receiver_id, pool_id = excluded.pool_id, status = excluded.status,
                reach_out = excluded.reach_out, vetting = excluded.vetting,
                vetting_end_time = excluded.vetting_end_time, area_cell = excluded.area_cell,
                country_code = excluded.country_code, time_zone = excluded.time_zone,
                codes = excluded.codes, start_time = excluded.start_time,
                end_time = excluded.end_time, is_archived = false, epoch = excluded.epoch,
                revision = excluded.revision
            WHERE provider.epoch <> excluded.epoch OR provider.revision < excluded.revision
            """,
            # in one order, so that two replicas that apply the same page do not wait for each other in a ring
            [_row(each, epoch) for each in sorted(providers, key=lambda provider: provider.provider_id)],
        )


async def archive(connection: Connection, epoch: str, archived: Sequence[tuple[str, int]]) -> None:
    """Mark providers as archived: pairs of id and revision."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE provider SET is_archived = true, epoch = %(epoch)s, revision = %(revision)s
            WHERE provider_id = %(provider_id)s AND (epoch <> %(epoch)s OR revision < %(revision)s)
            """,
            [
                {"provider_id": provider_id, "epoch": epoch, "revision": revision}
                for provider_id, revision in sorted(archived)
            ],
        )


async def archive_other_epochs(connection: Connection, epoch: str) -> None:
    """Mark those as archived that a rebuilt directory no longer has: once its snapshot is whole."""
    await connection.execute(
        "UPDATE provider SET is_archived = true, epoch = %(epoch)s, revision = 0 WHERE epoch <> %(epoch)s",
        {"epoch": epoch},
    )


async def cursor_of(connection: Connection, name: str) -> tuple[str, int]:
    """Return where a feed was left: its epoch, empty at first, and revision."""
    cursor = await connection.execute("SELECT epoch, revision FROM followed_feed WHERE name = %(name)s", {"name": name})
    row = await cursor.fetchone()
    return ("", 0) if row is None else (row[0], row[1])


async def move_cursor(connection: Connection, name: str, epoch: str, revision: int) -> None:
    """Note how far a feed was applied."""
    await connection.execute(
        """
        INSERT INTO followed_feed (name, epoch, revision) VALUES (%(name)s, %(epoch)s, %(revision)s)
        ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision
        """,
        {"name": name, "epoch": epoch, "revision": revision},
    )


def _row(provider: Provider, epoch: str) -> dict[str, Any]:
    return {
        "provider_id": provider.provider_id,
        "receiver_id": provider.receiver_id,
        "pool_id": provider.pool_id,
        "status": str(provider.status),
        "reach_out": str(provider.reach_out),
        "vetting": str(provider.vetting),
        "vetting_end_time": provider.vetting_end_time,
        "area_cell": provider.area_cell,
        "country_code": provider.country_code,
        "time_zone": provider.time_zone,
        "codes": list(provider.codes),
        "start_time": provider.start_time,
        "end_time": provider.end_time,
        "epoch": epoch,
        "revision": provider.revision,
    }


def _provider(row: dict[str, Any]) -> Provider:
    return Provider(
        provider_id=row["provider_id"],
        receiver_id=row["receiver_id"],
        pool_id=row["pool_id"],
        status=Status(row["status"]),
        reach_out=ReachOut(row["reach_out"]),
        vetting=Vetting(row["vetting"]),
        vetting_end_time=row["vetting_end_time"],
        area_cell=row["area_cell"],
        country_code=row["country_code"],
        time_zone=row["time_zone"],
        codes=tuple(row["codes"]),
        start_time=row["start_time"],
        end_time=row["end_time"],
        is_archived=row["is_archived"],
        revision=row["revision"],
    )
