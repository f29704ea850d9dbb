"""The method that imports: rows come in while the database is at work on those before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from services.directory.imports.call import Import
from services.directory.model.imports import RowResult
from services.directory.servicer.commands import Directory
from services.directory.wire.import_rows_wire import results_from_wire
from services.directory.wire.imports_wire import header_from_wire, progress_to_wire
from services.directory.wire.places_wire import PopulationOf
from services.errors import IhalaError

READ_AHEAD: Final = 16  #: messages
HEARD_OUT_S: Final = 2.0


class ImportMethods:
    """The method that imports."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def ImportProviders(  # noqa: N802 -- RPCs are named by the protos
        self, requests: AsyncIterator[Any], context: Any
    ) -> AsyncIterator[Any]:
        header = header_from_wire(await anext(requests, None))
        importing = Import(self._directory, header)
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

    refused = asyncio.Event()

    async def read_all() -> None:
        try:
            async for request in requests:
                if refused.is_set():
                    continue
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
    except IhalaError:
        refused.set()
        await _hear_out(queue, reading)
        raise
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def _hear_out(queue: asyncio.Queue[Any], reading: asyncio.Task[None]) -> None:
    """
    Let what is on its way arrive, for a moment, before a call is refused.

    A call that is ended while its rows still come may reach the caller as a
    fault of the transport, which does not say why.
    """
    while not queue.empty():
        queue.get_nowait()
    await asyncio.wait([reading], timeout=HEARD_OUT_S)
