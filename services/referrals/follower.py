"""The follower of the directory's feed: providers that may be asked, and the places that they report."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import datetime
from typing import Final

import structlog

from services.errors import FailedPrecondition, Reason
from services.referrals.clients import Directory, ProviderPage
from services.referrals.model import Act
from services.referrals.scene import House
from services.referrals.store import providers, reports
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Connection, Pool, Process, read, transaction

FEED: Final = "providers"
ACTOR: Final = Process(client_id="referrals.follower")

log = structlog.get_logger(__name__)


class Follower:
    """
    Applies the directory's feed, at least once and from where it stopped.

    Args:
        pool: Of the service.

        house: The jurisdiction.

        directory: Whose feed.

        waker: Woken after each report, since senders may have to be told.

        now: The clock.

        on_caught_up: Called whenever everything that was committed has been applied.
    """

    def __init__(
        self,
        pool: Pool,
        house: House,
        directory: Directory,
        waker: FeedWaker,
        *,
        now: Callable[[], datetime],
        on_caught_up: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._house = house
        self._directory = directory
        self._waker = waker
        self._now = now
        self._on_caught_up = on_caught_up

    async def follow(self) -> int:
        """
        Follow until the stream ends; a directory that was rebuilt is read from the start.

        Raises:
            Unavailable: The directory or the database cannot be reached.
        """
        async with read(self._pool) as connection:
            epoch, revision = await providers.cursor_of(connection, FEED)
        try:
            async with aclosing(self._directory.watch(epoch, revision)) as pages:  # type: ignore[type-var]
                async for page in pages:
                    await self.apply(page)
        except FailedPrecondition as error:
            if error.reason is not Reason.EPOCH_CHANGED:
                raise
            log.warning("feed.restarted", stream=FEED)
            await self._forget()
        return 0

    async def apply(self, page: ProviderPage) -> None:
        """Apply a page: providers at once, each report that is news on its own, and last the cursor."""
        if page.providers or page.archived:
            async with self._transaction("provider.apply") as connection:
                await providers.apply(connection, page.epoch, page.providers)
                await providers.archive(connection, page.epoch, page.archived)
        async with read(self._pool) as connection:
            reported = await reports.news(connection, page.providers)
        for provider in reported:
            now = self._now()
            act = Act(actor=ACTOR.client_id, occurred_time=now, now=now)
            async with self._transaction("place.report") as connection:
                await reports.apply(connection, self._house, provider, act)
        if reported:
            self._waker.wake()
        async with self._transaction("provider.move_cursor") as connection:
            if page.caught_up:
                await providers.archive_other_epochs(connection, page.epoch)
            await providers.move_cursor(connection, FEED, page.epoch, page.revision)
        if page.caught_up:
            self._on_caught_up()

    async def _forget(self) -> None:
        async with self._transaction("provider.move_cursor") as connection:
            await providers.move_cursor(connection, FEED, "", 0)

    def _transaction(self, action: str) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, ACTOR, AuditAct(action=action, object_kind="provider"))
