"""Follow the feeds of senders that have an endpoint, so that each transition is told there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Final, Protocol

import structlog

from services.errors import FailedPrecondition, IhalaError, Reason
from services.notify.history import FeedCursor, FeedPage
from services.notify.store.senders import SenderStore
from services.runtime.stop import first_of

LOOK_EVERY_S: Final = 5.0  #: for senders that have come or gone
RETRY_S: Final = 1.0

log = structlog.get_logger(__name__)


class Feeds(Protocol):
    """Where the feeds of senders are."""

    def watch(self, client_id: str, at: FeedCursor | None) -> AsyncIterator[FeedPage]:
        """Follow a feed from where it was heard to the end; None begins with what comes."""


async def run(
    store: SenderStore, feeds: Feeds, rang: Callable[[], None], now: Callable[[], datetime], stop: asyncio.Event
) -> None:
    """
    Follow until a stop is requested.

    Args:
        store: What is to be told.

        feeds: What happens.

        rang: Called when something may have to be sent.

        now: The clock.

        stop: Ends it.
    """
    following: dict[str, asyncio.Task[None]] = {}
    try:
        while not stop.is_set():
            try:
                wanted = set(await store.with_endpoints())
            except IhalaError as error:
                log.warning("senders.not_listed", reason=error.reason)
            else:
                for client_id in following.keys() - wanted:
                    following.pop(client_id).cancel()
                for client_id in wanted - following.keys():
                    following[client_id] = asyncio.create_task(_follow(store, feeds, rang, now, client_id))
            await first_of(LOOK_EVERY_S, stop)
    finally:
        for task in following.values():
            task.cancel()
        await asyncio.gather(*following.values(), return_exceptions=True)


async def _follow(
    store: SenderStore, feeds: Feeds, rang: Callable[[], None], now: Callable[[], datetime], client_id: str
) -> None:
    while True:
        try:
            await follow_once(store, feeds, rang, now, client_id)
        except IhalaError as error:
            log.warning("sender.not_followed", reason=error.reason)
        except Exception as error:  # whatever it was: a sender that is forgotten hears nothing for ever
            log.exception("sender.not_followed", exc_info=error)
        await asyncio.sleep(RETRY_S)


async def follow_once(
    store: SenderStore, feeds: Feeds, rang: Callable[[], None], now: Callable[[], datetime], client_id: str
) -> None:
    """
    Hear one sender's feed until it breaks.

    Raises:
        IhalaError: whatever broke it, other than that the feed is another one: then the next time begins with
            what comes, since its sender reads it from 0 anyway.
    """
    try:
        async with aclosing(feeds.watch(client_id, await store.cursor(client_id))) as pages:  # type: ignore[type-var]  # generators
            async for page in pages:
                if await store.hear(client_id, page, now()):
                    rang()
    except FailedPrecondition as error:
        if error.reason is not Reason.EPOCH_CHANGED:
            raise
        await store.forget(client_id)
