"""Events of offers that wait to be published."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from services.referrals.model import Event, EventType, Offer
from services.runtime.postgres import Connection


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is told of an event outside: ids, codes and times (R11)."""

    client_id: str
    revision: int
    event_id: str
    type: str
    occurred_time: datetime
    offer_id: str
    offer_version: int
    receiver_id: str
    state: str
    urgency: str
    due_time: datetime | None
    rung: str  #: of the ladder, for `alert_rung`; else empty
    is_answered: bool  #: the sender has answered the desk's question, and nobody there has read that
    repair_no: int  #: how often it is told again because the bus lost it
    part_offer_ids: Sequence[str]  #: all that its provider is asked for at once, by id; empty: it alone

    @property
    def message_id(self) -> str:
        """Name the message: another one for each repair, since the server swallows an id that it knows."""
        return f"{self.event_id}:r{self.repair_no}" if self.repair_no else self.event_id


@dataclass(frozen=True, slots=True)
class Left:
    """An event that was committed, of which the rest must be read."""

    event_id: str


def told(event: Event, offer: Offer | None, client_id: str, revision: int) -> Outgoing | Left | None:
    """Make what is told outside of an event that is written now; None if nothing is."""
    if event.offer_id is None:
        return None
    if offer is None or offer.part_id:
        return Left(event.event_id)
    return Outgoing(
        client_id=client_id,
        revision=revision,
        event_id=event.event_id,
        type=event.type,
        occurred_time=event.occurred_time,
        offer_id=event.offer_id,
        offer_version=event.offer_version,
        receiver_id=offer.receiver_id,
        state=event.state or "",
        urgency=offer.urgency,
        due_time=event.due_time,
        rung=event.reason if event.type is EventType.ALERT_RUNG else "",
        is_answered=offer.answer_time is not None and event.offer_version == offer.version,
        repair_no=0,
        part_offer_ids=(),
    )


async def lock_waiting(connection: Connection, limit: int, only: Collection[str] | None = None) -> Sequence[Outgoing]:
    """
    Lock events that nobody has published, the oldest first; those that another relay has are left to it.

    Args:
        connection: In a transaction.

        limit: How many at most.

        only: Which, by id; None for any.
    """
    async with connection.cursor(row_factory=class_row(Outgoing)) as cursor:
        await cursor.execute(
            """
            SELECT event.client_id, event.revision, event.event_id::text AS event_id, event.type,
                   event.occurred_time, event.offer_id, event.offer_version, offer.receiver_id, event.state,
                   offer.urgency, event.due_time,
                   CASE event.type WHEN 'alert_rung' THEN event.reason ELSE '' END AS rung,
                   offer.answer_time IS NOT NULL AND event.offer_version = offer.version AS is_answered,
                   event.repair_no,
                   CASE offer.part_id WHEN '' THEN '{}' ELSE ARRAY(
                       SELECT same.offer_id FROM offer AS same
                       WHERE same.part_id = offer.part_id AND same.part_id <> '' ORDER BY same.offer_id
                   ) END AS part_offer_ids
            FROM event JOIN offer USING (offer_id)
            WHERE event.published_time IS NULL AND event.offer_id IS NOT NULL
              AND (%(only)s::uuid[] IS NULL OR event.event_id = ANY(%(only)s::uuid[]))
            ORDER BY event.recorded_time, event.client_id, event.revision
            LIMIT %(limit)s FOR UPDATE OF event SKIP LOCKED
            """,
            {"limit": limit, "only": None if only is None else sorted(only)},
        )
        return await cursor.fetchall()


async def mark(connection: Connection, published: Collection[Outgoing], now: datetime) -> None:
    """Note that these were published."""
    await connection.execute(
        """
        UPDATE event SET published_time = %(now)s
        FROM unnest(%(client_ids)s::text[], %(revisions)s::bigint[]) AS published (client_id, revision)
        WHERE event.client_id = published.client_id AND event.revision = published.revision
        """,
        {
            "now": now,
            "client_ids": [each.client_id for each in published],
            "revisions": [each.revision for each in published],
        },
    )


async def waiting(connection: Connection, limit: int) -> list[str]:
    """List events that nobody has published, the oldest first: their ids."""
    cursor = await connection.execute(
        """
        SELECT event_id::text FROM event WHERE published_time IS NULL AND offer_id IS NOT NULL
        ORDER BY recorded_time, client_id, revision LIMIT %(limit)s
        """,
        {"limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]
