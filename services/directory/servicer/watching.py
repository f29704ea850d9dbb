"""The change feed of providers over gRPC."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from services.directory.servicer.commands import Directory
from services.directory.servicer.confidential_reads import note_read
from services.directory.store.changes import changes_after
from services.directory.store.providers import FEED
from services.directory.wire.feed_wire import batches, cursor_of
from services.runtime.feed import pages


class WatchMethods:
    """The method that streams every change."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def WatchProviders(self, request: Any, context: Any) -> AsyncIterator[Any]:
        epoch, after_revision = cursor_of(request)
        await note_read(self._directory, context, "provider.watch", [])
        found = pages(
            self._directory.pool,
            FEED,
            changes_after,
            waker=self._directory.waker,
            stop=asyncio.Event(),  # the server ends streams by itself
            epoch=epoch,
            after_revision=after_revision,
        )
        async with aclosing(found):  # type: ignore[type-var] # an async generator
            async for page in found:
                for message in batches(page.epoch, page.rows, page.revision, caught_up=page.caught_up):
                    yield message
