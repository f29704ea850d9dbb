"""
Have untrusted files read by a process apart, so that whatever they do is done to nobody.

The process is new, not a copy of this one: it has no memory, descriptor, environment or
network of ours, and bounds of memory and time. What it answers is a message that the
directory checks like any other.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from services.directory.importing import frames
from services.directory.importing.limits import Limits, check_size
from services.directory.model import refuse
from services.directory.model.imports import ImportHeader, OnDuplicate
from services.directory.wire.imports_wire import Request
from services.errors import InvalidInput, Reason

_PROJECT: Final = Path(__file__).resolve().parents[3]
_CHILD: Final = "services.directory.importing.child"
_OUT_OF_TIME: Final = frozenset({-signal.SIGXCPU, -signal.SIGKILL})


class ReaderApart:
    """
    The process that reads.

    Args:
        process: That has its job already.

        limits: What it may use.
    """

    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._limits = limits

    async def header(self) -> ImportHeader:
        """
        Return what is imported.

        Raises:
            InvalidInput: the mapping or a file cannot be read.
        """
        told: dict[str, Any] = json.loads((await self._next(frames.HEADER)).content)
        return ImportHeader(
            dataset=told["dataset"],
            digest=told["digest"],
            on_duplicate=OnDuplicate(told["on_duplicate"]),
            translated=tuple(told["translated"]),
            compared=tuple(told["compared"]),
        )

    async def requests(self, after_row: int) -> AsyncIterator[Request]:
        """
        Yield the rows after one, as messages for the directory.

        Raises:
            InvalidInput: a file is too much after all; what was yielded stays.
        """
        await _tell(self._process, f"{after_row}\n".encode())
        while (frame := await self._next(frames.ROWS, frames.DONE)).kind == frames.ROWS:
            yield Request.FromString(frame.content)

    async def _next(self, *wanted: bytes) -> frames.Frame:
        try:
            async with asyncio.timeout(self._limits.silence_s):
                frame = await self._read()
        except TimeoutError:
            raise _too_slow(self._limits.silence_s) from None
        if frame is None:
            raise self._ended(await self._process.wait())
        if frame.kind == frames.REFUSED:
            raise frames.refused_from_json(frame.content)
        if frame.kind not in wanted:
            raise RuntimeError("the reader said what nobody asked")
        return frame

    async def _read(self) -> frames.Frame | None:
        out = self._process.stdout
        if out is None:
            raise RuntimeError("the reader has no pipe")
        try:
            head = await out.readexactly(frames.HEAD_BYTES)
            length = frames.length_in(head)
            if length > frames.MOST_BYTES:
                raise RuntimeError("the reader said too much at once")
            return frames.Frame(head[:1], await out.readexactly(length))
        except asyncio.IncompleteReadError:
            return None

    def _ended(self, code: int) -> InvalidInput:
        if code in _OUT_OF_TIME:
            return _too_slow(self._limits.cpu_s)
        if code < 0:
            # a parser below Python fell over; the file did that, and only its own process is gone
            return refuse("file", "must be one that its reader survives", Reason.MALFORMED)
        return refuse("file", "must be one that its reader understands", Reason.MALFORMED)


@asynccontextmanager
async def reader_apart(
    paths: Sequence[Path], mapping_path: Path | None, *, now: datetime, limits: Limits
) -> AsyncIterator[ReaderApart]:
    """
    Start a reader for files of one dataset; it is gone at the end of the block, however that comes.

    Args:
        paths: The files.

        mapping_path: How to read them; None: the first is a workbook of `ihala template`.

        now: The present time.

        limits: What is too much.

    Raises:
        InvalidInput: a path is no file, or too large.
    """
    for path in paths:
        check_size(path, limits)
    job = _job(paths, mapping_path, now, limits)
    # -P: nothing is imported from the folder that somebody happens to stand in
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", _CHILD),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,  # a traceback could hold what the file says
        cwd="/",
        env={"PYTHONPATH": str(_PROJECT), "OPENBLAS_NUM_THREADS": "1", "LANG": "C.UTF-8", "GDAL_SKIP": "VRT"},
        close_fds=True,
    )
    try:
        await _tell(process, job)
        yield ReaderApart(process, limits)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _job(paths: Sequence[Path], mapping_path: Path | None, now: datetime, limits: Limits) -> bytes:
    """Write the line that the reader begins with; it stands in another folder."""
    job = {
        "paths": [str(path.absolute()) for path in paths],
        "mapping": str(mapping_path.absolute()) if mapping_path else None,
        "now": now.isoformat(),
        "limits": asdict(limits),
    }
    return json.dumps(job).encode() + b"\n"


async def _tell(process: Process, line: bytes) -> None:
    if process.stdin is None:
        raise RuntimeError("the reader has no pipe")
    with suppress(BrokenPipeError, ConnectionResetError):  # why it is gone is in what it said, or how it ended
        process.stdin.write(line)
        await process.stdin.drain()


def _too_slow(seconds: int) -> InvalidInput:
    return refuse("file", f"must be read within {seconds} seconds", Reason.TOO_LARGE)
