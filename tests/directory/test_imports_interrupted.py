"""Imports that are cut off, and two at once: every row is imported once, and the same file goes on where it stopped."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.importing import Report
from services.directory.model.imports import Counts
from services.directory.wire.import_rows_wire import batches
from services.errors import FailedPrecondition, IhalaError
from services.runtime.postgres import read
from tests.directory.house import House
from tests.directory.import_files import results_of
from tests.directory.imports import HEADER_SENT, bring, contents, names, rows


class Sender:
    """One call of ImportProviders, a message at a time."""

    def __init__(self, house: House) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._answers = aiter(house.editor.ImportProviders(self._messages()))

    async def _messages(self) -> AsyncIterator[rpc_pb.ImportProvidersRequest]:
        while (part := await self._queue.get()) is not None:
            field = "header" if isinstance(part, rpc_pb.ImportHeader) else "rows"
            yield rpc_pb.ImportProvidersRequest(**{field: part})

    async def send(self, part: Any) -> None:
        await self._queue.put(part)

    async def hear(self) -> Any:
        return await anext(self._answers)

    async def end(self) -> Any:
        """Send no more, and return the last answer, or what the call failed with."""
        await self._queue.put(None)
        last = None
        try:
            async for answer in self._answers:
                last = answer
        except IhalaError as error:
            return error
        return last


KEYS = range(1, 3501)


async def cut(house: House, folder: Path, after_commits: int, content: str) -> int:
    """Import until some commits are heard of, then hang up; return the last row that was told."""
    told = 0

    def hang_up(report: Report) -> None:
        nonlocal told
        told = report.counts.read
        if told >= 1000 * after_commits:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await bring(house, folder, content, on_progress=hang_up)
    return told


async def test_the_same_file_goes_on_where_it_stopped(house: House, tmp_path: Path) -> None:
    # the last row repeats the first key, which another call has imported
    content = rows(*KEYS) + "1,Dar,again,,,\n"
    told = await cut(house, tmp_path, 2, content)

    report = await bring(house, tmp_path, content)

    assert told >= 2000
    assert report.resumed_after_row >= told
    assert report.counts == Counts(read=3501, created=3500, duplicates=1)
    async with read(house.pool) as connection:
        cursor = await connection.execute("SELECT count(*), count(DISTINCT source_key) FROM provider")
        assert await cursor.fetchone() == (3500, 3500)
        cursor = await connection.execute("SELECT count(*) FROM provider_history")
        assert await cursor.fetchone() == (3500,)
        cursor = await connection.execute("SELECT state FROM import_run")
        assert await cursor.fetchall() == [("done",)]
        assert await (await connection.execute("SELECT FROM import_key")).fetchall() == []


async def test_another_file_begins_at_its_beginning(house: House, tmp_path: Path) -> None:
    await cut(house, tmp_path, 1, rows(*KEYS))

    report = await bring(house, tmp_path, rows(*KEYS, name="New"))

    assert report.resumed_after_row == 0
    assert report.counts.read == 3500
    assert report.counts.updated >= 1000


async def test_of_two_imports_of_one_file_at_once_one_gives_way(house: House, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()

    ends = await asyncio.gather(*(bring(house, folder, rows(*KEYS)) for folder in folders), return_exceptions=True)

    reports = [each for each in ends if isinstance(each, Report)]
    assert [each for each in ends if not isinstance(each, Report | FailedPrecondition)] == []
    # whichever went on: a call that began when the other was done finds everything there
    assert Counts(read=3500, created=3500) in [each.counts for each in reports]
    assert len((await contents(house))["import_run"]) == len(reports)


async def test_of_two_calls_that_begin_together_the_second_to_commit_learns_why_and_nothing_is_lost(
    house: House, tmp_path: Path
) -> None:
    rows_sent = list(batches(results_of(tmp_path, rows(*range(1, 2501)))))
    first, second = Sender(house), Sender(house)
    for sender in (first, second):  # both have read that nothing is committed yet
        await sender.send(HEADER_SENT)
        assert (await sender.hear()).resume_after_row == 0
    for message in rows_sent:
        await first.send(message.rows)
        await second.send(message.rows)
    ends = [await sender.end() for sender in (first, second)]

    (report,) = [end for end in ends if not isinstance(end, IhalaError)]
    (refused,) = [end for end in ends if isinstance(end, IhalaError)]
    assert isinstance(refused, FailedPrecondition)
    assert (report.read_count, report.created_count, report.done) == (2500, 2500, True)
    assert len(await names(house)) == 500  # of a page
    again = Sender(house)
    for part in (HEADER_SENT, *(message.rows for message in rows_sent)):
        await again.send(part)
    assert (await again.end()).unchanged_count == 2500
