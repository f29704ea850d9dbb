"""Import runs in PostgreSQL: how far each file is, which keys it has met, and what it no longer has."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import dict_row

from services.directory.model.imports import Counts, ImportHeader, RowResult
from services.directory.store.arrays import array
from services.directory.store.providers import lock_by, write
from services.errors import FailedPrecondition
from services.runtime.postgres import Connection

_NOTHING: Final = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One import of one file, from its first row to its last, however often it was interrupted."""

    run_id: str
    last_row: int = 0  #: rows up to this one are committed
    counts: Counts = _NOTHING


async def open_run(
    connection: Connection, header: ImportHeader, *, actor: str, now: datetime, new_id: Callable[[], UUID]
) -> Run:
    """Go on with the unfinished run of the same dataset and digest, or begin one."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            INSERT INTO import_run (run_id, dataset, digest, state, actor, start_time, update_time)
            VALUES (%(run_id)s, %(dataset)s, %(digest)s, 'running', %(actor)s, %(now)s, %(now)s)
            ON CONFLICT (dataset, digest) WHERE state = 'running' DO UPDATE SET update_time = excluded.update_time
            RETURNING run_id::text, last_row, read_count AS read, created_count AS created, updated_count AS updated,
                      unchanged_count AS unchanged, archived_count AS archived, duplicate_count AS duplicates,
                      rejected_count AS rejected
            """,
            {"run_id": new_id(), "dataset": header.dataset, "digest": header.digest, "actor": actor, "now": now},
        )
        row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("an upsert returns its row")
    return Run(run_id=row.pop("run_id"), last_row=row.pop("last_row"), counts=Counts(**row))


async def met_keys(connection: Connection, run: Run) -> tuple[set[str], set[str]]:
    """List the keys of the rows that the run has committed: imported ones, and those of refused rows."""
    cursor = await connection.execute("SELECT source_key, imported FROM import_key WHERE run_id = %s", [run.run_id])
    keys: dict[bool, set[str]] = {True: set(), False: set()}
    for source_key, imported in await cursor.fetchall():
        keys[imported].add(source_key)
    return keys[True], keys[False]


async def hold(connection: Connection, run: Run) -> None:
    """
    Lock a run until the transaction ends.

    Raises:
        FailedPrecondition: another import of the same file has gone on meanwhile.
    """
    cursor = await connection.execute(
        "SELECT 1 FROM import_run WHERE run_id = %s AND state = 'running' AND last_row = %s"
        " FOR UPDATE SKIP LOCKED",  # who holds it is the other call: there is nothing to wait for
        [run.run_id, run.last_row],
    )
    if await cursor.fetchone() is None:
        raise FailedPrecondition("the same file is being imported by another call")


async def keep_keys(connection: Connection, run: Run, results: Collection[RowResult]) -> None:
    """Keep the keys that a batch has met, each with its row and whether it is imported."""
    rows = [each for each in results if each.source_key]
    await connection.execute(
        """
        INSERT INTO import_key AS known (run_id, source_key, row_number, imported)
        SELECT DISTINCT ON (source_key) %s::uuid, *
        FROM unnest(%s::text[], %s::bigint[], %s::boolean[]) AS row (source_key, row_number, imported)
        ORDER BY source_key, imported DESC, row_number
        ON CONFLICT (run_id, source_key) DO UPDATE SET imported = known.imported OR excluded.imported
        """,
        [
            run.run_id,
            array(each.source_key for each in rows),
            array(each.row_number for each in rows),
            array(each.record is not None for each in rows),
        ],
    )


async def advance(connection: Connection, run: Run, *, now: datetime) -> None:
    """Write down how far a held run is."""
    counts = run.counts
    await connection.execute(
        """
        UPDATE import_run
        SET last_row = %s, read_count = %s, created_count = %s, updated_count = %s, unchanged_count = %s,
            archived_count = %s, duplicate_count = %s, rejected_count = %s, update_time = %s
        WHERE run_id = %s
        """,
        [
            run.last_row,
            counts.read,
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.archived,
            counts.duplicates,
            counts.rejected,
            now,
            run.run_id,
        ],
    )


async def finish(connection: Connection, run: Run, *, now: datetime) -> None:
    """End a held run; the same file is imported from its beginning after that."""
    await advance(connection, run, now=now)
    await connection.execute("UPDATE import_run SET state = 'done' WHERE run_id = %s", [run.run_id])
    await connection.execute("DELETE FROM import_key WHERE run_id = %s", [run.run_id])


async def in_use(connection: Connection, dataset: str) -> list[tuple[str, str]]:
    """List the providers of a dataset that are not archived: id and key."""
    cursor = await connection.execute(
        "SELECT provider_id::text, source_key FROM provider WHERE dataset = %s AND NOT archived ORDER BY provider_id",
        [dataset],
    )
    return [(provider_id, source_key) for provider_id, source_key in await cursor.fetchall()]


async def archive(connection: Connection, provider_ids: Sequence[str], *, actor: str, now: datetime) -> int:
    """Archive providers, as the last step of a transaction, and count those that were not yet."""
    held = await lock_by(connection, "provider_id", provider_ids)
    changes = [replace(each.change, archived=True) for each in held if not each.stored.archived]
    await write(connection, changes, actor=actor, now=now)
    return len(changes)
