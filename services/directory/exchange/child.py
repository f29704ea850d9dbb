"""
Read untrusted HSDS files in a process of its own, which gives up everything else first: see `reading_apart`.

Takes a job as a line of JSON, and answers with rows and documents as messages for the
directory and with what was wrong, or with a refusal.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from services.directory.hsds.incoming import Incoming, Kept, incoming
from services.directory.hsds.packages import read_files
from services.directory.hsds.ways import Ways
from services.directory.importing import frames
from services.directory.importing.confinement import confine
from services.directory.importing.limits import Limits
from services.directory.model.documents import NewDocument
from services.directory.wire.documents_wire import document_batches
from services.directory.wire.import_rows_wire import batches
from services.errors import InvalidInput, Reason, Violation

DOCUMENTS: Final = b"K"  #: a message KeepDocumentsRequest
FAULTS: Final = b"F"  #: JSON: faults that are not of a row


def main() -> None:
    """Serve one job on standard input and output."""
    job = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**job["limits"])
    confine(limits)
    try:
        ways = Ways(**job["ways"])
        came = incoming(read_files([Path(path) for path in job["paths"]]), ways)
        for kind, content in _frames(came, ways):
            _say(kind, content)
        _say(frames.DONE, b"")
    except InvalidInput as refused:
        _say(frames.REFUSED, frames.refused_to_json(refused))
    except MemoryError:
        rule = f"must be read with at most {limits.memory_megabytes} megabytes of memory"
        fault = InvalidInput(f"file {rule}", reason=Reason.TOO_LARGE, fields=[Violation("file", rule)])
        _say(frames.REFUSED, frames.refused_to_json(fault))


def _frames(came: Incoming, ways: Ways) -> Iterator[tuple[bytes, bytes]]:
    for request in batches(came.rows):
        yield frames.ROWS, request.SerializeToString(deterministic=True)
    with_rows = _brought_by_rows(came)
    documents = (_new_document(each, has_row=(each.table, each.source_key) in with_rows) for each in came.kept)
    for kept in document_batches(ways.dataset, documents):
        yield DOCUMENTS, kept.SerializeToString(deterministic=True)
    for each in came.rejected:
        told: list[Any] = [each.row_number, each.fault.field, each.fault.rule, each.source_key, each.record_kept]
        yield FAULTS, json.dumps(told).encode()


def _brought_by_rows(came: Incoming) -> set[tuple[str, str]]:
    """List the records that come with a row."""
    found: set[tuple[str, str]] = set()
    for row in came.rows:
        if row.record is not None:
            for table in ("organization", "service", "location"):
                source = getattr(row.record, table).source
                found.add((table, source.source_key if source else ""))
    return found


def _new_document(kept: Kept, *, has_row: bool) -> NewDocument:
    return NewDocument(
        table=kept.table,
        source_key=kept.source_key,
        hsds_id="",  # the directory reads it from the document
        text=kept.text,
        record=None if has_row else kept.record,
        organization_key=kept.organization_key,
        location_keys=kept.location_keys,
    )


def _say(kind: bytes, content: bytes) -> None:
    out = sys.stdout.buffer
    out.write(frames.head_of(kind, content))
    out.write(content)
    out.flush()


if __name__ == "__main__":
    main()
