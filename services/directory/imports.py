"""
Import the rows of a file, a thousand to a transaction, so that an interrupted import goes on where it stopped.

A dry run does everything in transactions that are rolled back, and so counts what
would happen without changing anything.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from psycopg import Rollback

from services.directory.model import ImportRecord, Outcome, Upserted
from services.directory.model.imports import (
    Changed,
    Counts,
    Fault,
    ImportHeader,
    Notice,
    OnDuplicate,
    Progress,
    Rejected,
    Remark,
    RowResult,
)
from services.directory.servicer.commands import Directory, actor_of
from services.directory.store import import_runs
from services.directory.store.import_runs import Run
from services.directory.store.translations import translate_rows
from services.directory.store.upsert import upsert_rows
from services.directory.wire.import_rows_wire import rejected_of, results_from_wire
from services.directory.wire.imports_wire import header_from_wire, progress_to_wire
from services.directory.wire.places_wire import PopulationOf
from services.errors import FailedPrecondition, Violation
from services.runtime.auth import current_principal
from services.runtime.postgres import Act, Connection, read, transaction

COMMIT_ROWS: Final = 1000
READ_AHEAD: Final = 16  #: messages
ARCHIVE_ROWS: Final = 500
LARGE_ARCHIVE: Final = 0.2  #: of the records of the dataset that are in use


class ImportMethods:
    """The method that imports."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def ImportProviders(  # noqa: N802 -- RPCs are named by the protos
        self, requests: AsyncIterator[Any], context: Any
    ) -> AsyncIterator[Any]:
        header = header_from_wire(await anext(requests, None))
        importing = _Import(self._directory, header)
        yield progress_to_wire(await importing.open())
        async with _read_ahead(requests, self._directory.population_of) as batches:
            async for batch in batches:
                importing.take(batch)
                while importing.is_full:
                    yield progress_to_wire(await importing.commit())
        while importing.has_rows:
            yield progress_to_wire(await importing.commit())
        async for progress in importing.archive_gone():
            yield progress_to_wire(progress)
        yield progress_to_wire(await importing.finish())


@asynccontextmanager
async def _read_ahead(
    requests: AsyncIterator[Any], population_of: PopulationOf
) -> AsyncIterator[AsyncIterator[list[RowResult]]]:
    """Read what comes next while the database is at work on what came before."""
    queue: asyncio.Queue[list[RowResult] | Exception | None] = asyncio.Queue(READ_AHEAD)

    async def read_all() -> None:
        try:
            async for request in requests:
                await queue.put(results_from_wire(request, population_of))
        except Exception as error:  # noqa: BLE001 -- raised where the batches are taken
            await queue.put(error)
        else:
            await queue.put(None)

    async def batches() -> AsyncIterator[list[RowResult]]:
        while (batch := await queue.get()) is not None:
            if isinstance(batch, Exception):
                raise batch
            yield batch

    reading = asyncio.create_task(read_all())
    try:
        yield batches()
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


class _Import:
    """One call's import: rows that wait, the run, and the keys that it has met."""

    def __init__(self, directory: Directory, header: ImportHeader) -> None:
        self._directory = directory
        self._header = header
        self._principal = current_principal()
        self._actor = actor_of(self._principal)
        self._run = Run(run_id=directory.make_id())
        self._keys: set[str] = set()  # of rows that were imported
        self._refused_keys: set[str] = set()  # a later row of such a key may still be imported
        self._waiting: list[RowResult] = []
        self._last_taken = 0

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= COMMIT_ROWS

    @property
    def has_rows(self) -> bool:
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
                self._keys, self._refused_keys = await import_runs.met_keys(connection, self._run)
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
        rows, rejected, duplicates = self._sort_out(batch)
        now = self._directory.now()
        async with self._changing() as connection:
            if not self._header.dry_run:
                await import_runs.hold(connection, self._run)
                await import_runs.keep_keys(connection, self._run, batch)
            upserted = await self._bring(connection, [record for _, record in rows], now)
            outcomes = [each.outcome for each in upserted]
            rejected += [
                Rejected(result.row_number, Fault(each.fault.field, each.fault.rule), result.source_key)
                for (result, _), each in zip(rows, upserted, strict=True)
                if each.fault is not None
            ]
            before = self._run.counts
            counts = Counts(
                read=before.read + len(batch),
                created=before.created + outcomes.count(Outcome.CREATED),
                updated=before.updated + outcomes.count(Outcome.UPDATED),
                unchanged=before.unchanged + outcomes.count(Outcome.UNCHANGED),
                archived=before.archived,
                duplicates=before.duplicates + duplicates,
                rejected=before.rejected + len({each.row_number for each in rejected if not each.record_kept}),
            )
            run = replace(self._run, last_row=batch[-1].row_number, counts=counts)
            if not self._header.dry_run:
                await import_runs.advance(connection, run, now=now)  # stamps a row that this transaction holds
        self._run = run
        self._directory.waker.wake()
        told = list(zip(rows, upserted, strict=True))
        changes = tuple(_changed(row, came) for (row, _), came in told if _is_change(came))
        refused = {each.row_number for each in rejected if not each.record_kept}
        remarks = (
            Remark(each.row_number, notice)
            for (each, _), came in told
            for notice in (*each.notices, *(Notice(field, "translation_differs") for field in came.differing))
            if each.row_number not in refused
        )
        return replace(
            self._progress(),
            rejected=tuple(sorted(rejected, key=lambda each: each.row_number)),
            remarks=tuple(remarks),
            changes=changes if self._header.dry_run else (),
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
        met = self._keys | self._refused_keys
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

    def _sort_out(self, batch: Sequence[RowResult]) -> tuple[list[tuple[RowResult, ImportRecord]], list[Rejected], int]:
        """Tell rows to import from refused ones and repeats, and remember their keys."""
        rows: dict[str, tuple[RowResult, ImportRecord]] = {}
        rejected: list[Rejected] = []
        duplicates = 0
        for result in batch:
            repeats = result.source_key in self._keys
            if result.repeated:
                duplicates += 1
            elif result.record is None:
                rejected += rejected_of(result)
                self._refused_keys.add(result.source_key)
            elif repeats and self._header.on_duplicate is OnDuplicate.REJECT:
                fault = Fault("key", "must not be that of an earlier row")
                rejected.append(Rejected(result.row_number, fault, result.source_key))
            elif repeats and self._header.on_duplicate is OnDuplicate.FIRST:
                duplicates += 1
            else:
                duplicates += repeats
                rows[result.source_key] = (result, result.record)  # of a batch's repeats the last counts
                rejected += rejected_of(result)
                self._keys.add(result.source_key)
        return list(rows.values()), rejected, duplicates

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


def _is_change(came: Upserted) -> bool:
    return came.outcome is not Outcome.REFUSED and (came.outcome is not Outcome.UNCHANGED or bool(came.changed))


def _changed(row: RowResult, came: Upserted) -> Changed:
    is_new = came.outcome is Outcome.CREATED
    return Changed(
        row_number=row.row_number,
        source_key=row.source_key,
        provider_id="" if is_new else came.provider_id,
        outcome=Outcome.CREATED if is_new else Outcome.UPDATED,
        fields=tuple(sorted(came.changed)),
    )
