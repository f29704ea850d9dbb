"""Bring HSDS files in: rows first, as any import, then the documents beside the records."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.directory.exchange.reading_apart import Read, read_apart
from services.directory.hsds.ways import Ways
from services.directory.importing.limits import Limits
from services.directory.importing.sending import Method, Report
from services.directory.model import language_tag
from services.directory.model.checks import check_country, check_dataset, check_zone
from services.directory.model.imports import Fault, ImportHeader, OnDuplicate, Rejected
from services.directory.wire.imports_wire import Request, header_to_wire, progress_from_wire
from services.errors import Unavailable

DEFAULT_LIMITS: Final = Limits()


@dataclass(slots=True)
class Brought(Report):
    """What an import of HSDS did: the report of its rows, and the documents that were kept."""

    documents_created: int = 0
    documents_updated: int = 0
    documents_unchanged: int = 0


async def bring(
    method: Method,
    keep: Method,
    paths: Sequence[Path],
    ways: Ways,
    *,
    dry_run: bool = False,
    complete: bool = False,
    allow_large_archive: bool = False,
    on_progress: Callable[[Report], None] = lambda report: None,
    limits: Limits = DEFAULT_LIMITS,
) -> Brought:
    """
    Import HSDS 3 as JSON or as CSV, whole packages or single files.

    Args:
        method: The RPC ImportProviders, of a channel with the role directory_editor.

        keep: The RPC KeepDocuments, of the same.

        paths: Files, folders and ZIP archives that are one dataset.

        ways: What the standard does not say: the dataset, the language of the texts.

        dry_run: Report what would change, and change nothing.

        complete: Archive the providers of the dataset that the files do not have.

        allow_large_archive: Even if that is more than 20 % of the dataset.

        on_progress: Called after each commit with the report so far.

        limits: How much is read of untrusted files.

    Raises:
        InvalidInput: a file cannot be read, or is nothing of the standard; nothing was sent.

        IhalaError: as the directory says; the same call goes on after what was committed.
    """
    check_dataset("dataset", ways.dataset)
    language_tag(ways.language)
    check_zone("time_zone", ways.time_zone)
    if ways.country_code:
        check_country("country", ways.country_code)
    read = await read_apart(paths, ways, limits)
    header = ImportHeader(
        dataset=ways.dataset,
        digest=hashlib.sha256(b"".join(row.SerializeToString(deterministic=True) for row in read.rows)).hexdigest(),
        on_duplicate=OnDuplicate.REJECT,
        dry_run=dry_run,
        complete=complete,
        allow_large_archive=allow_large_archive,
    )
    report = Brought(dataset=ways.dataset)
    async for answer in method(_requests(header, read.rows)):
        report.add(progress_from_wire(answer))
        on_progress(report)
    if not report.done:
        raise Unavailable("the directory ended the import before its last row: run it again to go on")
    report.rejected += read.rejected
    await _keep(keep, read, report, dry_run=dry_run)
    return report


async def _requests(header: ImportHeader, rows: Sequence[Request]) -> AsyncIterator[Request]:
    yield header_to_wire(header)
    for row in rows:
        yield row


async def _keep(keep: Method, read: Read, report: Brought, *, dry_run: bool) -> None:
    async def requests() -> AsyncIterator[Any]:
        for request in read.documents:
            request.dry_run = dry_run
            yield request

    waiting = iter(read.documents)
    async for answer in keep(requests()):
        request = next(waiting)
        report.documents_created += answer.created_count
        report.documents_updated += answer.updated_count
        report.documents_unchanged += answer.unchanged_count
        report.rejected += [
            Rejected(0, Fault(each.field, each.rule), request.documents[each.index].document.source_key)
            for each in answer.refused
        ]
