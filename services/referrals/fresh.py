"""
What this process has just committed, published at once and marked a little later, without being read for it.

PostgreSQL stays the truth: what dies, fails or is left here is unpublished there, and the relay finds it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from services.errors import IhalaError, Unavailable
from services.referrals.publishing import ACTOR, PUBLISHES, Confirmed, mark, publish
from services.referrals.rounds import REST_S, rounds
from services.referrals.store import outbox, relayed
from services.runtime import failpoints, jetstream
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Pool, transaction
from services.runtime.stop import first_of

MARK_AFTER_S: Final = 0.1  #: what is confirmed meanwhile is marked together
MARK_WITHIN_S: Final = 20.0  #: a mark that hangs on a connection is given up: the relay finds what it was for

log = structlog.get_logger(__name__)


class Fresh:
    """
    Publishes what it hears of.

    Args:
        pool: Of the service; `hear` listens to it.

        connection: To the bus.

        now: The clock.
    """

    def __init__(self, pool: Pool, connection: jetstream.Connection, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._connection = connection
        self._now = now
        self._heard: list[outbox.Outgoing] = []
        self._confirmed: list[Confirmed] = []
        self._arrival, self._confirmation = FeedWaker(), FeedWaker()
        self.in_hand: set[str] = set()  #: events until they are marked or let go, by id
        self.left: set[str] = set()  #: events that are to be read, by id
        self.leaving = FeedWaker()  #: woken when one was left
        self.is_well = True  #: what was published last was confirmed; else everything is left
        self.before = relayed.Relayed(None, 0)  #: what is known of the stream: it has come at least so far

    def hear(self, word: Sequence[object]) -> None:
        """Take on what was committed."""
        heard = [each for each in word if isinstance(each, outbox.Outgoing)]
        left = {each.event_id for each in word if isinstance(each, outbox.Left)}
        if heard and self.is_well:
            self._heard += heard
            self.in_hand.update(each.event_id for each in heard)
            self._arrival.wake()
        if left:
            self.left |= left
            self.leaving.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish and mark until a stop is requested; what is under way then is finished."""
        async with asyncio.TaskGroup() as group:
            marking = partial(self._mark_later, stop)
            group.create_task(rounds(marking, stop, kind="marks", waker=self._confirmation), name="marks")
            while not stop.is_set():
                ticket = self._arrival.ticket()
                heard, self._heard = self._heard, []
                if heard:
                    group.create_task(self._publish(heard), name="publish")
                else:
                    await first_of(REST_S, stop, ticket)
        try:
            await self._mark()
        except IhalaError as error:  # they are published again, under the same ids
            log.warning("relay.not_marked", reason=error.reason)

    async def _publish(self, heard: Sequence[outbox.Outgoing]) -> None:
        failures: Mapping[str, BaseException]
        try:
            confirmed, failures = await publish(self._connection, heard, self.before)
        except failpoints.FailpointReached as error:
            confirmed, failures = [], dict.fromkeys((each.event_id for each in heard), error)
        self._confirmed += confirmed
        for event_id, failure in failures.items():
            self.in_hand.discard(event_id)
            self.is_well = False
            log.warning("relay.waits", error=type(failure).__name__)
        self._confirmation.wake()

    async def _mark_later(self, stop: asyncio.Event) -> int:
        if self._confirmed:
            await first_of(MARK_AFTER_S, stop)
            await self._mark()
        return 0

    async def _mark(self) -> None:
        confirmed, self._confirmed = self._confirmed, []
        if not confirmed:
            return
        try:
            async with asyncio.timeout(MARK_WITHIN_S), transaction(self._pool, ACTOR, PUBLISHES) as database:
                is_lost = await mark(database, confirmed, self._now())
                failpoints.reach("L4")
        except TimeoutError as error:
            raise Unavailable("what was published could not be marked in time") from error
        finally:  # those that were not marked are found, published under the same ids and marked then
            self.in_hand.difference_update(each.event.event_id for each in confirmed)
        if is_lost:
            self.is_well = False
