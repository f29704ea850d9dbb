"""
Import the rows of a file, a thousand to a transaction, so that an interrupted import goes on where it stopped.

A dry run does everything in transactions that are rolled back, and so counts what
would happen without changing anything.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from psycopg import Rollback

from services.directory.imports.keys import MetKeys
from services.directory.imports.telling import tell
from services.directory.model import ImportRecord, Outcome, Upserted
from services.directory.model.imports import Changed, ImportHeader, Progress, RowResult
from services.directory.servicer.commands import Directory, actor_of
from services.directory.store import import_runs
from services.directory.store.import_runs import Run
from services.directory.store.translations import translate_rows
from services.directory.store.upsert import upsert_rows
from services.errors import FailedPrecondition, Violation
from services.runtime.auth import current_principal
from services.runtime.postgres import Act, Connection, read, transaction

COMMIT_ROWS: Final = 1000
ARCHIVE_ROWS: Final = 500
LARGE_ARCHIVE: Final = 0.2  #: of the records of the dataset that are in use


class Import:
    """One call's import: rows that wait, the run, and the keys that it has met."""

    def __init__(self, directory: Directory, header: ImportHeader) -> None:
        self._directory = directory
        self._header = header
        self._principal = current_principal()
        self._actor = actor_of(self._principal)
        self._run = Run(run_id=directory.make_id())
        self._keys = MetKeys()
        self._waiting: list[RowResult] = []
        self._last_taken = 0

    @property
    def is_full(self) -> bool:
        """Whether a whole commit waits."""
        return len(self._waiting) >= COMMIT_ROWS

    @property
    def has_rows(self) -> bool:
        """Whether any row waits."""
        return bool(self._waiting)

    async def open(self) -> Progress:
        """Begin, or find where the same file stopped."""
        if not self._header.dry_run:
            async with self._changing() as connection:
                self._run = await import_runs.open_run(
                    connection,
                    self._header,
                    actor=self._actor,
                    now=self._directory.now(),
                    new_id=self._directory.new_id,
                )
                self._keys = MetKeys(*await import_runs.met_keys(connection, self._run))
        return replace(self._progress(), resume_after_row=self._run.last_row)

    def take(self, results: Sequence[RowResult]) -> None:
        """
        Let rows wait for the next commit; those that are committed already are passed over.

        Raises:
            FailedPrecondition: the rows do not come in the order of the file.
        """
        for result in results:
            if result.row_number <= self._last_taken:
                rule = "must be greater than that of the row before"
                raise FailedPrecondition(f"row_number {rule}", fields=[Violation("row_number", rule)])
            self._last_taken = result.row_number
            if result.row_number > self._run.last_row:
                self._waiting.append(result)

    async def commit(self) -> Progress:
        """Import the rows that wait, at most a thousand, in one transaction."""
        batch, self._waiting = self._waiting[:COMMIT_ROWS], self._waiting[COMMIT_ROWS:]
        sorted_out = self._keys.sort_out(batch, self._header.on_duplicate)
        now = self._directory.now()
        async with self._changing() as connection:
            if not self._header.dry_run:
                await import_runs.hold(connection, self._run)
                await import_runs.keep_keys(connection, self._run, batch)
            told = tell(sorted_out, await self._bring(connection, [record for _, record in sorted_out.rows], now))
            counts = told.added_to(self._run.counts, len(batch))
            run = replace(self._run, last_row=batch[-1].row_number, counts=counts)
            if not self._header.dry_run:
                await import_runs.advance(connection, run, now=now)  # stamps a row that this transaction holds
        self._run = run
        self._directory.waker.wake()
        return replace(
            self._progress(),
            rejected=told.rejected,
            remarks=told.remarks,
            changes=told.changes if self._header.dry_run else (),
        )

    async def _bring(self, connection: Connection, records: Sequence[ImportRecord], now: datetime) -> list[Upserted]:
        if self._header.translated:
            return await translate_rows(connection, self._header, records, actor=self._actor, now=now)
        return await upsert_rows(
            connection, self._header.dataset, records, actor=self._actor, now=now, new_id=self._directory.new_id
        )

    async def finish(self) -> Progress:
        """End the run."""
        if not self._header.dry_run:
            async with self._changing() as connection:
                await import_runs.hold(connection, self._run)
                await import_runs.finish(connection, self._run, now=self._directory.now())
        return replace(self._progress(), done=True)

    async def archive_gone(self) -> AsyncIterator[Progress]:
        """
        Archive what the files no longer have, if they are complete, some to a transaction.

        Raises:
            FailedPrecondition: that would be more than 20 % of the dataset, and the caller has not said yes.
        """
        if not self._header.complete:
            return
        async with read(self._directory.pool) as connection:
            in_use = await import_runs.in_use(connection, self._header.dataset)
        met = self._keys.met
        key_by_id = {provider_id: source_key for provider_id, source_key in in_use if source_key not in met}
        gone = list(key_by_id)
        if len(gone) > LARGE_ARCHIVE * len(in_use) and not self._header.allow_large_archive:
            rule = "must be true to archive more than 20 % of the dataset"
            field = "header.allow_large_archive"
            raise FailedPrecondition(f"{field} {rule}", fields=[Violation(field, rule)])
        for start in range(0, len(gone), ARCHIVE_ROWS):
            now = self._directory.now()
            async with self._changing() as connection:
                if not self._header.dry_run:
                    await import_runs.hold(connection, self._run)
                archived = await import_runs.archive(
                    connection, gone[start : start + ARCHIVE_ROWS], actor=self._actor, now=now
                )
                counts = replace(self._run.counts, archived=self._run.counts.archived + archived)
                run = replace(self._run, counts=counts)
                if not self._header.dry_run:
                    await import_runs.advance(connection, run, now=now)
            self._run = run
            self._directory.waker.wake()
            changes = (
                Changed(row_number=0, source_key=key_by_id[each], provider_id=each, outcome=Outcome.ARCHIVED)
                for each in gone[start : start + ARCHIVE_ROWS]
            )
            yield replace(self._progress(), changes=tuple(changes) if self._header.dry_run else ())

    def _progress(self) -> Progress:
        return Progress(run_id=self._run.run_id, counts=self._run.counts)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Connection]:
        """Open a transaction; a dry run's is rolled back at its end."""
        act = Act(action="directory.import", object_kind="dataset", object_id=self._header.dataset)
        async with transaction(self._directory.pool, self._principal, act) as connection:
            yield connection
            if self._header.dry_run:
                raise Rollback
