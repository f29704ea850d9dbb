"""
Read untrusted files in a process of its own, which gives up everything else first: see `apart`.

Takes a job as a line of JSON, answers with a header or a refusal, takes the row to go
on after as a second line, and answers with the rows as messages for the directory.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any, BinaryIO

from services.directory.importing import frames
from services.directory.importing.confinement import confine
from services.directory.importing.limits import Limits
from services.directory.importing.opening import mapping_for
from services.directory.importing.reading import digest_of, read_rows
from services.directory.model.imports import RowResult
from services.directory.wire.import_rows_wire import batches
from services.errors import InvalidInput, Reason, Violation


def main() -> None:
    """Serve one job on standard input and output."""
    job = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**job["limits"])
    confine(limits)
    gc.set_threshold(100_000, 50, 100)  # rows are many, and hold no circles
    say = _sayer(sys.stdout.buffer)
    try:
        rows = _open(job, limits, say)
        after = int(sys.stdin.buffer.readline() or -1)
        if after >= 0:
            for request in batches(dropwhile(lambda row: row.row_number <= after, rows)):
                say(frames.ROWS, request.SerializeToString())
            say(frames.DONE, b"")
    except InvalidInput as refused:
        say(frames.REFUSED, frames.refused_to_json(refused))
    except MemoryError:
        rule = f"must be read with at most {limits.memory_megabytes} megabytes of memory"
        fault = InvalidInput(f"file {rule}", reason=Reason.TOO_LARGE, fields=[Violation("file", rule)])
        say(frames.REFUSED, frames.refused_to_json(fault))


def _open(job: dict[str, Any], limits: Limits, say: Callable[[bytes, bytes], None]) -> Iterator[RowResult]:
    paths = [Path(path) for path in job["paths"]]
    mapping = mapping_for(paths, Path(job["mapping"]) if job["mapping"] else None, limits)
    now = datetime.fromisoformat(job["now"])
    digest = digest_of(paths, mapping)
    rows = read_rows(paths, mapping, now=lambda: now, limits=limits)
    header = {
        "dataset": mapping.dataset,
        "digest": digest,
        "on_duplicate": mapping.on_duplicate,
        "translated": mapping.translated,
        "compared": mapping.compared,
    }
    say(frames.HEADER, json.dumps(header).encode())
    return rows


def _sayer(out: BinaryIO) -> Callable[[bytes, bytes], None]:
    def say(kind: bytes, content: bytes) -> None:
        out.write(frames.head_of(kind, content))
        out.write(content)
        out.flush()

    return say


if __name__ == "__main__":
    main()
