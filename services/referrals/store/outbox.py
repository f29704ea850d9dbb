"""Events of offers that wait to be published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

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
    repair_no: int  #: how often it is told again because the bus lost it
    part_offer_ids: list[str]  #: all that its provider is asked for at once, by id; empty: it alone

    @property
    def message_id(self) -> str:
        """Name the message: another one for each repair, since the server swallows an id that it knows."""
        return f"{self.event_id}:r{self.repair_no}" if self.repair_no else self.event_id


async def lock_waiting(connection: Connection, limit: int) -> Sequence[Outgoing]:
    """Lock events that nobody has published, the oldest first; those that another relay has are left to it."""
    async with connection.cursor(row_factory=class_row(Outgoing)) as cursor:
        await cursor.execute(
            """
            SELECT event.client_id, event.revision, event.event_id::text AS event_id, event.type,
                   event.occurred_time, event.offer_id, event.offer_version, offer.receiver_id, event.state,
                   offer.urgency, event.due_time,
                   CASE event.type WHEN 'alert_rung' THEN event.reason ELSE '' END AS rung,
                   event.repair_no,
                   CASE offer.part_id WHEN '' THEN '{}' ELSE ARRAY(
                       SELECT same.offer_id FROM offer AS same
                       WHERE same.part_id = offer.part_id AND same.part_id <> '' ORDER BY same.offer_id
                   ) END AS part_offer_ids
            FROM event JOIN offer USING (offer_id)
            WHERE event.published_time IS NULL AND event.offer_id IS NOT NULL
            ORDER BY event.recorded_time, event.client_id, event.revision
            LIMIT %(limit)s FOR UPDATE OF event SKIP LOCKED
            """,
            {"limit": limit},
        )
        return await cursor.fetchall()


async def mark(connection: Connection, published: Sequence[Outgoing], now: datetime) -> None:
    """Note that these were published."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE event SET published_time = %(now)s
            WHERE client_id = %(client_id)s AND revision = %(revision)s
            """,
            [{"now": now, "client_id": each.client_id, "revision": each.revision} for each in published],
        )


async def is_waiting(connection: Connection) -> bool:
    """Say whether an event waits that nobody has published."""
    cursor = await connection.execute(
        "SELECT EXISTS (SELECT FROM event WHERE published_time IS NULL AND offer_id IS NOT NULL)"
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
