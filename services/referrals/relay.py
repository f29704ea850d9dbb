"""
The relay: committed events of offers to the stream REFERRALS, at least once, each under its own id.

PostgreSQL is the truth. A stream that was made anew, or that stands further back than it
once did, has lost something: what matters of it is published again.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import structlog

from services.errors import IhalaError
from services.referrals.rounds import TROUBLE_REST_S, rest, rounds
from services.referrals.store import outbox, relayed
from services.referrals.wire.cloudevents import STREAM, offer_event, subject_of
from services.runtime import failpoints, jetstream
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Connection, Pool, Process, read, transaction

BATCH: Final = 100
LOOK_EVERY_S: Final = 5.0  #: at the stream, whether it is the one that it was
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
                await _publish_while_connected(pool, connection, waker, stop, now)
        except IhalaError as error:
            log.warning("relay.waits", reason=error.reason)
            await rest(TROUBLE_REST_S, stop)


async def _publish_while_connected(
    pool: Pool,
    connection: jetstream.Connection,
    waker: FeedWaker,
    stop: asyncio.Event,
    now: Callable[[], datetime],
) -> None:
    looked_s = -LOOK_EVERY_S
    loop = asyncio.get_running_loop()

    async def work() -> int:
        nonlocal looked_s
        if loop.time() - looked_s >= LOOK_EVERY_S:
            await look_at_stream(pool, connection, now)
            looked_s = loop.time()
        return await publish_batch(pool, connection, now)

    await rounds(work, stop, kind="relay", waker=waker)


async def look_at_stream(pool: Pool, connection: jetstream.Connection, now: Callable[[], datetime]) -> int:
    """
    Let events be told again if the stream is another one than it was, or stands further back.

    Returns:
        How many will be; 0 for a stream that has lost nothing, or is seen for the first time.

    Raises:
        Unavailable: There is no stream, or NATS is away.
    """
    async with read(pool) as database:
        before = await relayed.known(database, STREAM)
    # looked at after: the stream can only have grown beyond what was known of it
    state = await jetstream.stream_state(connection, STREAM)
    if before.created_time == state.created_time and before.last_sequence <= state.last_sequence:
        return 0
    async with transaction(pool, ACTOR, AuditAct(action="event.requeue", object_kind="event")) as database:
        at = await relayed.known(database, STREAM, lock=True)
        if at != before:  # another relay has seen to it
            return 0
        is_lost = at.last_sequence > state.last_sequence or at.created_time not in {None, state.created_time}
        count = await relayed.requeue(database, now()) if is_lost else 0
        await relayed.note_stream(database, STREAM, relayed.Relayed(state.created_time, state.last_sequence))
    if is_lost:
        log.error("relay.stream_lost", count=count)
    return count


async def publish_batch(pool: Pool, connection: jetstream.Connection, now: Callable[[], datetime]) -> int:
    """
    Publish up to `BATCH` events, oldest first, and mark them.

    A crash between publishing and marking publishes an event twice under one
    Nats-Msg-Id: JetStream drops the repeat within its window, and consumers recognise
    it by the event's id after that. A stream that confirms a message at a place where
    another one stood has lost that one: what matters is told again.

    Returns:
        How many were published.

    Raises:
        Unavailable: NATS did not confirm all; those that it did are marked.
    """
    if not await _is_waiting(pool):
        return 0
    audit = AuditAct(action="event.publish", object_kind="event")
    async with transaction(pool, ACTOR, audit) as database:
        before = await relayed.known(database, STREAM)
        waiting = await outbox.lock_waiting(database, BATCH)
        failpoints.reach("L1")
        failpoints.reach_soon("L2")
        # started in this order on one connection, so they stand in this order in the stream
        outcomes = await asyncio.gather(*(_publish(connection, each) for each in waiting), return_exceptions=True)
        failures = [each for each in outcomes if isinstance(each, BaseException)]
        failpoints.reach("L3")
        published = [
            each for each, outcome in zip(waiting, outcomes, strict=True) if isinstance(outcome, jetstream.Kept)
        ]
        await outbox.mark(database, published, now())
        await _note_places(database, before, [each for each in outcomes if isinstance(each, jetstream.Kept)], now)
        failpoints.reach("L4")
    if failures:
        raise failures[0]
    return len(published)


async def _note_places(
    database: Connection, before: relayed.Relayed, kept: Sequence[jetstream.Kept], now: Callable[[], datetime]
) -> None:
    """Keep how far the stream has come; where it stands further back than it once did, let events be told again."""
    places = [each.sequence for each in kept if not each.is_repeat]
    if not places:
        return
    if min(places) > before.last_sequence:
        await relayed.note_sequence(database, STREAM, max(places))
        return
    at = await relayed.known(database, STREAM, lock=True)
    if at == before:
        log.error("relay.stream_lost", count=await relayed.requeue(database, now()))
        await relayed.note_stream(database, STREAM, relayed.Relayed(None, max(places)))


async def _is_waiting(pool: Pool) -> bool:
    async with read(pool) as connection:
        return await outbox.is_waiting(connection)


async def _publish(connection: jetstream.Connection, each: outbox.Outgoing) -> jetstream.Kept:
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
        part_offer_ids=each.part_offer_ids,
    )
    return await jetstream.publish(connection, subject_of(each.type), payload, message_id=each.message_id)
