"""
Send the rows of files to the directory, and collect what it says: what `ihala import` calls.

The directory answers the header with the row to go on after, then each commit.
Sending and hearing run side by side, because either may have to wait for the other.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from services.directory.importing.apart import ReaderApart, reader_apart
from services.directory.importing.limits import Limits
from services.directory.model.imports import Changed, Counts, ImportHeader, Progress, Rejected, Remark
from services.directory.wire.imports_wire import header_to_wire, progress_from_wire
from services.errors import Unavailable

DEFAULT_LIMITS: Final = Limits()
Method = Callable[[AsyncIterator[Any]], AsyncIterator[Any]]  #: `DirectoryServiceStub(channel).ImportProviders`


@dataclass(slots=True)
class Report:
    """What an import did, as far as it is."""

    dataset: str
    run_id: str = ""
    resumed_after_row: int = 0  #: rows up to this one were committed by an earlier, interrupted import
    counts: Counts = field(default_factory=Counts)
    rejected: list[Rejected] = field(default_factory=list)  #: of this call; an earlier one reported its own
    remarks: list[Remark] = field(default_factory=list)  #: the same
    changes: list[Changed] = field(default_factory=list)  #: of a dry run: what it would do
    done: bool = False

    def add(self, progress: Progress) -> None:
        """Take in an answer of the directory."""
        self.run_id, self.counts, self.done = progress.run_id, progress.counts, progress.done
        self.rejected += progress.rejected
        self.remarks += progress.remarks
        self.changes += progress.changes


async def import_files(
    method: Method,
    paths: Sequence[Path],
    mapping_path: Path | None,
    *,
    now: Callable[[], datetime],
    dry_run: bool = False,
    complete: bool = False,
    allow_large_archive: bool = False,
    on_progress: Callable[[Report], None] = lambda report: None,
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """
    Import files of one dataset by a mapping.

    Args:
        method: The RPC, of a channel with the role directory_editor.

        paths: The files, in order. Files that are one dataset belong into one
            call if it is `complete`.

        mapping_path: The mapping; None for a workbook that `ihala template` made.

        now: The present time.

        dry_run: Report what would change, and change nothing.

        complete: Archive the records of the dataset that the files do not have.

        allow_large_archive: Even if that is more than 20 % of the dataset.

        on_progress: Called after each commit with the report so far.

        limits: How much is read of untrusted files.

    Raises:
        InvalidInput: the mapping or a file cannot be read; nothing was sent.

        IhalaError: as the directory says; what was committed stays, and the
            same call goes on after it.
    """
    async with reader_apart(paths, mapping_path, now=now(), limits=limits) as reader:
        header = replace(
            await reader.header(), dry_run=dry_run, complete=complete, allow_large_archive=allow_large_archive
        )
        report = Report(dataset=header.dataset)
        resume_after: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        broken: list[Exception] = []
        try:
            async for answer in method(_requests(header, reader, resume_after, broken)):
                progress = progress_from_wire(answer)
                report.add(progress)
                if not resume_after.done():
                    report.resumed_after_row = progress.resume_after_row
                    resume_after.set_result(progress.resume_after_row)
                on_progress(report)
        except asyncio.CancelledError:
            if broken:
                raise broken[0] from None
            raise
        finally:
            resume_after.cancel()
    if not report.done:
        raise Unavailable("the directory ended the import before its last row: run it again to go on")
    return report


async def _requests(
    header: ImportHeader, reader: ReaderApart, resume_after: asyncio.Future[int], broken: list[Exception]
) -> AsyncIterator[Any]:
    """Make the messages; grpc only cancels a call whose messages fail, so that `broken` keeps why."""
    yield header_to_wire(header)
    last_row = await resume_after
    try:
        async for request in reader.requests(last_row):
            yield request
    except Exception as fault:
        broken.append(fault)
        raise
