"""Events on their way to the stream, and what is written of those that the stream has."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from services.referrals.store import outbox, relayed
from services.referrals.wire.cloudevents import STREAM, offer_event, subject_of
from services.runtime import failpoints, jetstream
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Connection, Process

ACTOR: Final = Process(client_id="referrals.relay")
PUBLISHES: Final = AuditAct(action="event.publish", object_kind="event")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An event that the stream has."""

    event: outbox.Outgoing
    kept: jetstream.Kept
    before: relayed.Relayed  #: what was known of the stream when the event was sent, or earlier


async def publish(
    connection: jetstream.Connection, events: Sequence[outbox.Outgoing], before: relayed.Relayed
) -> tuple[list[Confirmed], dict[str, BaseException]]:
    """
    Publish events, each under its own id.

    Args:
        connection: To the bus.

        events: In the order in which the stream shall have them.

        before: What is known of the stream.

    Returns:
        What the stream has, and by event id why it has not the others.
    """
    failpoints.reach("L1")
    failpoints.reach_soon("L2")
    # started in this order on one connection, so they stand in this order in the stream
    outcomes = await asyncio.gather(*(_publish_one(connection, each) for each in events), return_exceptions=True)
    failpoints.reach("L3")
    confirmed: list[Confirmed] = []
    failures: dict[str, BaseException] = {}
    for event, outcome in zip(events, outcomes, strict=True):
        if isinstance(outcome, jetstream.Kept):
            confirmed.append(Confirmed(event, outcome, before))
        else:
            failures[event.event_id] = outcome
    return confirmed, failures


async def _publish_one(connection: jetstream.Connection, each: outbox.Outgoing) -> jetstream.Kept:
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
        is_answered=each.is_answered,
        part_offer_ids=each.part_offer_ids,
    )
    return await jetstream.publish(connection, subject_of(each.type), payload, message_id=each.message_id)


async def mark(database: Connection, confirmed: Collection[Confirmed], now: datetime) -> bool:
    """
    Mark events as published and keep how far the stream has come.

    Where one was confirmed at a place at which the stream once had another, that one is lost: what
    matters is told again, unless another relay has seen to it.

    Args:
        database: In a transaction.

        confirmed: What the stream has; not empty.

        now: The time.

    Returns:
        Whether something was lost.
    """
    await outbox.mark(database, [each.event for each in confirmed], now)
    places = [(each.kept.sequence, each.before) for each in confirmed if not each.kept.is_repeat]
    if not places:
        return False
    highest = max(sequence for sequence, _before in places)
    lost = [before for sequence, before in places if sequence <= before.last_sequence]
    if not lost:
        await relayed.note_sequence(database, STREAM, highest)
        return False
    at = await relayed.known(database, STREAM, lock=True)
    if at.created_time == lost[0].created_time and at.last_sequence >= lost[0].last_sequence:
        log.error("relay.stream_lost", count=await relayed.requeue(database, now))
        await relayed.note_stream(database, STREAM, relayed.Relayed(None, highest, at.missing_count))
    return True
