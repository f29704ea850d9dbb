"""Have untrusted HSDS files read by a process apart: no network, bounded memory and time, nothing of ours in it."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from services.directory.exchange.child import DOCUMENTS, FAULTS
from services.directory.hsds.ways import Ways
from services.directory.importing import frames
from services.directory.importing.limits import Limits
from services.directory.model import refuse
from services.directory.model.imports import Fault, Rejected
from services.directory.wire.documents_wire import KeepRequest
from services.directory.wire.imports_wire import Request

_PROJECT: Final = Path(__file__).resolve().parents[3]
_CHILD: Final = "services.directory.exchange.child"


@dataclass(slots=True)
class Read:
    """What was read: messages for the directory, and what was wrong besides rows."""

    rows: list[Request] = field(default_factory=list)
    documents: list[KeepRequest] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


async def read_apart(paths: Sequence[Path], ways: Ways, limits: Limits) -> Read:
    """
    Read files of one dataset.

    Raises:
        InvalidInput: a file cannot be read, is nothing of the standard, or is too much.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", _CHILD),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,  # a traceback could hold what the file says
        cwd="/",
        env={"PYTHONPATH": str(_PROJECT), "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8"},
        close_fds=True,
    )
    try:
        return await _served(process, paths, ways, limits)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _served(process: Process, paths: Sequence[Path], ways: Ways, limits: Limits) -> Read:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the reader has no pipe")
    job = {"paths": [str(path.absolute()) for path in paths], "ways": asdict(ways), "limits": asdict(limits)}
    process.stdin.write(json.dumps(job).encode() + b"\n")
    read = Read()
    try:
        while True:
            async with asyncio.timeout(limits.silence_s):
                head = await process.stdout.readexactly(frames.HEAD_BYTES)
                length = frames.length_in(head)
                if length > frames.MOST_BYTES:
                    raise RuntimeError("the reader said too much at once")
                content = await process.stdout.readexactly(length)
            kind = head[:1]
            if kind == frames.REFUSED:
                raise frames.refused_from_json(content)
            if kind == frames.DONE:
                return read
            _take(read, kind, content)
    except TimeoutError:
        raise refuse("file", f"must be read in less than {limits.silence_s} seconds") from None
    except asyncio.IncompleteReadError:
        raise refuse("file", "must be one that its reader survives") from None


def _take(read: Read, kind: bytes, content: bytes) -> None:
    if kind == frames.ROWS:
        read.rows.append(Request.FromString(content))
    elif kind == DOCUMENTS:
        read.documents.append(KeepRequest.FromString(content))
    elif kind == FAULTS:
        row, name, rule, key, kept = json.loads(content)
        read.rejected.append(Rejected(row, Fault(name, rule), key, kept))
