"""The relay: committed events of offers to the stream REFERRALS, at least once, each under its own id."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import structlog

from services.errors import IhalaError
from services.referrals.rounds import TROUBLE_REST_S, rest, rounds
from services.referrals.store import outbox
from services.referrals.wire.cloudevents import offer_event, subject_of
from services.runtime import jetstream
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, Process, read, transaction

BATCH: Final = 100
ACTOR: Final = Process(client_id="referrals.relay")

log = structlog.get_logger(__name__)


async def relay(
    pool: Pool,
    connect: Callable[[], AbstractAsyncContextManager[jetstream.Connection]],
    waker: FeedWaker,
    stop: asyncio.Event,
    now: Callable[[], datetime],
) -> None:
    """
    Publish events until a stop is requested; wait for NATS for as long as it takes.

    Args:
        pool: Of the service.

        connect: Opens a connection as the user `relay`.

        waker: Woken after each commit of this process; others' events are found within 0.5 s.

        stop: Ends it.

        now: The clock.
    """
    while not stop.is_set():
        try:
            async with connect() as connection:
                await rounds(lambda: publish_batch(pool, connection, now), stop, kind="relay", waker=waker)
        except IhalaError as error:
            log.warning("relay.waits", reason=error.reason)
            await rest(TROUBLE_REST_S, stop)


async def publish_batch(pool: Pool, connection: jetstream.Connection, now: Callable[[], datetime]) -> int:
    """
    Publish up to `BATCH` events, oldest first, and mark them.

    A crash between publishing and marking publishes an event twice under one
    Nats-Msg-Id: JetStream drops the repeat within its window, and consumers recognise
    it by the event's id after that.

    Returns:
        How many were published.

    Raises:
        Unavailable: NATS did not confirm all; those that it did are marked.
    """
    if not await _is_waiting(pool):
        return 0
    audit = AuditAct(action="event.publish", object_kind="event")
    async with transaction(pool, ACTOR, audit) as database:
        waiting = await outbox.lock_waiting(database, BATCH)
        # started in this order on one connection, so they stand in this order in the stream
        outcomes = await asyncio.gather(*(_publish(connection, each) for each in waiting), return_exceptions=True)
        failures = [each for each in outcomes if each is not None]
        published = [each for each, outcome in zip(waiting, outcomes, strict=True) if outcome is None]
        await outbox.mark(database, published, now())
    if failures:
        raise failures[0]
    return len(published)


async def _is_waiting(pool: Pool) -> bool:
    async with read(pool) as connection:
        return await outbox.is_waiting(connection)


async def _publish(connection: jetstream.Connection, each: outbox.Outgoing) -> None:
    payload = offer_event(
        event_id=each.event_id,
        type_=each.type,
        occurred_time=each.occurred_time,
        offer_id=each.offer_id,
        offer_version=each.offer_version,
        receiver_id=each.receiver_id,
        state=each.state,
        urgency=each.urgency,
        due_time=each.due_time,
        rung=each.rung,
    )
    await jetstream.publish(connection, subject_of(each.type), payload, message_id=each.event_id)
