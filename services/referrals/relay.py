"""
The relay: committed events of offers to the stream REFERRALS, at least once, each under its own id.

PostgreSQL is the truth. A stream that was made anew, or that stands further back than it
once did, or that has holes which it did not have, has lost something: what matters of it is
published again.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from services.errors import IhalaError, Unavailable
from services.referrals.fresh import Fresh
from services.referrals.publishing import ACTOR, PUBLISHES, mark, publish
from services.referrals.rounds import TROUBLE_REST_S, rounds
from services.referrals.store import outbox, relayed
from services.referrals.wire.cloudevents import STREAM
from services.runtime import failpoints, jetstream
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, read, transaction
from services.runtime.stop import first_of

BATCH: Final = 100
LOOK_EVERY_S: Final = 5.0  #: at the stream, whether it is the one that it was
LOOK_WITHIN_S: Final = 20.0  #: a look that hangs on a connection is given up: what is left waits for the next one

log = structlog.get_logger(__name__)


async def relay(
    pool: Pool,
    connect: Callable[[], AbstractAsyncContextManager[jetstream.Connection]],
    stop: asyncio.Event,
    now: Callable[[], datetime],
) -> None:
    """
    Publish events until a stop is requested; wait for NATS for as long as it takes.

    What this process commits is published at once; what others have left is found within a second.

    Args:
        pool: Of the service.

        connect: Opens a connection as the user `relay`.

        stop: Ends it.

        now: The clock.
    """
    while not stop.is_set():
        try:
            async with connect() as connection:
                await _publish_while_connected(pool, connection, stop, now)
        except IhalaError as error:
            log.warning("relay.waits", reason=error.reason)
            await first_of(TROUBLE_REST_S, stop)


async def _publish_while_connected(
    pool: Pool, connection: jetstream.Connection, stop: asyncio.Event, now: Callable[[], datetime]
) -> None:
    fresh = Fresh(pool, connection, now)
    looking = _Looking(pool, connection, fresh, now)
    async with pool.heard_by(fresh.hear), asyncio.TaskGroup() as group:
        group.create_task(fresh.run(stop), name="fresh")
        group.create_task(rounds(looking.look, stop, kind="relay", waker=fresh.leaving), name="looking")


class _Looking:
    """Finds what is left unpublished: by who died, by who failed, or because the stream has lost it."""

    def __init__(self, pool: Pool, connection: jetstream.Connection, fresh: Fresh, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._connection = connection
        self._fresh = fresh
        self._now = now
        self._looked_s = -LOOK_EVERY_S
        self._seen: frozenset[str] | None = None  #: waiting when it looked last; None: all of them were left

    async def look(self) -> int:
        """
        Publish what is left, and return how much that was.

        Raises:
            Unavailable: NATS or PostgreSQL is away, or did not answer in time.
        """
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                return await self._look()
        except TimeoutError as error:
            raise Unavailable("a look at what is left ended before it was through") from error

    async def _look(self) -> int:
        clock_s, fresh = asyncio.get_running_loop().time(), self._fresh
        if clock_s - self._looked_s >= LOOK_EVERY_S:
            if await look_at_stream(self._pool, self._connection, self._now):
                self._seen = None
            async with read(self._pool) as database:
                fresh.before = await relayed.known(database, STREAM)
            self._looked_s = clock_s
        left = frozenset(fresh.left)
        async with read(self._pool) as database:
            waiting = frozenset(await outbox.waiting(database, BATCH))
        overdue = self._overdue(waiting, left) - fresh.in_hand
        self._seen = waiting
        count = await publish_batch(self._pool, self._connection, self._now, only=overdue) if overdue else 0
        fresh.left -= left
        fresh.is_well = True
        return count

    def _overdue(self, waiting: frozenset[str], left: frozenset[str]) -> frozenset[str]:
        """
        Choose what nobody has in hand: what was waiting at the last look, too, by no clock but the order of looks.

        Another replica publishes and marks what it has committed in less than that.
        """
        if self._seen is None or not self._fresh.is_well or len(waiting) >= BATCH:
            return waiting
        return waiting & (self._seen | left)


async def look_at_stream(pool: Pool, connection: jetstream.Connection, now: Callable[[], datetime]) -> int:
    """
    Let events be told again if the stream is another one than it was, stands further back, or has holes.

    Returns:
        How many will be; 0 for a stream that has lost nothing, or is seen for the first time.

    Raises:
        Unavailable: There is no stream, or NATS is away.
    """
    async with read(pool) as database:
        before = await relayed.known(database, STREAM)
    # looked at after: the stream can only have grown beyond what was known of it
    state = await jetstream.stream_state(connection, STREAM)
    found = relayed.Relayed(state.created_time, state.last_sequence, state.missing_count)
    if before == replace(found, last_sequence=min(before.last_sequence, found.last_sequence)):
        return 0
    async with transaction(pool, ACTOR, AuditAct(action="event.requeue", object_kind="event")) as database:
        at = await relayed.known(database, STREAM, lock=True)
        if at != before:  # another relay has seen to it
            return 0
        is_lost = (
            at.last_sequence > found.last_sequence
            or at.missing_count < found.missing_count
            or at.created_time not in {None, found.created_time}
        )
        count = await relayed.requeue(database, now()) if is_lost else 0
        await relayed.note_stream(database, STREAM, found)
    if is_lost:
        log.error("relay.stream_lost", count=count)
    return count


async def publish_batch(
    pool: Pool, connection: jetstream.Connection, now: Callable[[], datetime], *, only: Collection[str] | None = None
) -> int:
    """
    Publish up to `BATCH` events, oldest first, and mark them.

    A crash between publishing and marking publishes an event twice under one
    Nats-Msg-Id: JetStream drops the repeat within its window, and consumers recognise
    it by the event's id after that. A stream that confirms a message at a place where
    another one stood has lost that one: what matters is told again.

    Args:
        pool: Of the service.

        connection: To the bus.

        now: The clock.

        only: Which, by id; None for any.

    Returns:
        How many were published.

    Raises:
        Unavailable: NATS did not confirm all; those that it did are marked.
    """
    async with transaction(pool, ACTOR, PUBLISHES) as database:
        before = await relayed.known(database, STREAM)
        waiting = await outbox.lock_waiting(database, BATCH, only)
        confirmed, failures = await publish(connection, waiting, before)
        if confirmed:
            await mark(database, confirmed, now())
        failpoints.reach("L4")
    if failures:
        raise next(iter(failures.values()))
    return len(confirmed)
