"""Keep what was heard of offers, the alerts made of it, and what became of them."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from psycopg.rows import dict_row

from services.notify.ladder import CAUSES, Cause, Step
from services.notify.model import Alert, Channel, OfferEvent, OfferState, Waiting
from services.notify.ringing import RINGING, rings
from services.notify.store import hearing, ladder
from services.notify.store.hearing import Rung
from services.notify.store.rows import ALERT_COLUMNS, NOTIFY, alert_from_row, alert_of, deliveries_of
from services.runtime import failpoints
from services.runtime.postgres import Act, Connection, Pool, read, transaction
from services.taxonomy import Urgency


class AlertStore:
    """Alerts in PostgreSQL. Times come in as arguments."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def hear(self, event: OfferEvent, now: datetime) -> bool:
        """
        Take an event, once: ring for an offer that waits to be read, settle what need not ring any more.

        A rung of the ladder, or a clock that ran out, lets more ways ring for what rings
        already; an event that was lost before it is made good by the state it tells.

        Returns:
            False if it was heard before, or nothing is new in it.
        """
        act = Act(action="alert.hear", object_kind="offer", object_id=event.offer_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            taken = await connection.execute(
                "INSERT INTO inbox (event_id, received_time) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [event.event_id, now],
            )
            if not taken.rowcount:
                return False
            failpoints.reach("N2")
            if event.part_id is not None:
                # an event of a sibling that comes at the same time sees what this one says, or is seen by it
                await ladder.of_event(connection, event)
            is_new = await _take_version(connection, event)
            if is_new and event.state is OfferState.ANSWERED:
                # told by an alert of its own: a device hears no second time of one that it has
                await _settle(connection, event.offer_id, now, rings_anew=True)
            if is_new and not rings(event.state):
                await _settle(connection, event.offer_id, now)
            elif is_new and not await _rings_already(connection, event):
                await _ring(connection, event, now)
            if not rings(event.state) or (cause := _cause_of(event)) is None:
                return is_new
            if event.is_overdue:
                await _rings_already(connection, event)  # until the next deadline
            return await ladder.climb(connection, event, cause, now) or is_new

    async def hear_first(self, events: Sequence[OfferEvent], at_once: Collection[Channel], now: datetime) -> Rung:
        """Ring for those offers that are heard of for the first time, in one statement; see `hearing.ring`."""
        offers = Counter(each.offer_id for each in events)
        first = [each for each in events if hearing.is_first(each) and offers[each.offer_id] == 1]
        if not first:
            return Rung()
        failpoints.reach_soon("N2")
        return await hearing.ring(self._pool, first, at_once, now)

    async def waiting(self, receiver_id: str) -> Waiting:
        """Count what rings for a receiver, with what no page has confirmed to show."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                """
                SELECT count(*), min(due_time),
                       coalesce(array_agg(alert_id ORDER BY alert.create_time)
                                FILTER (WHERE state <> 'delivered'), '{}')
                FROM alert JOIN delivery USING (alert_id)
                WHERE receiver_id = %s AND settled_time IS NULL AND channel = 'page'
                """,
                [receiver_id],
            )
            row = await cursor.fetchone()
        count, oldest_due_time, unseen_ids = row or (0, None, [])
        return Waiting(count=count, oldest_due_time=oldest_due_time, unseen_ids=tuple(unseen_ids))

    async def next_offer_id(self, receiver_id: str) -> str | None:
        """Return the offer that rings and is due first; None if nothing rings."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                """
                SELECT coalesce((SELECT min(offer_id) FROM offer
                                 WHERE offer.part_id = alert.part_id AND state = ANY(%(ringing)s)), offer_id)
                FROM alert WHERE receiver_id = %(receiver_id)s AND settled_time IS NULL
                ORDER BY due_time NULLS LAST, alert_id LIMIT 1
                """,
                {"receiver_id": receiver_id, "ringing": list(RINGING)},
            )
            row = await cursor.fetchone()
        return row[0] if row else None

    async def settle(self, offer_id: str, now: datetime) -> None:
        """
        Stop ringing for an offer at once: a person reads it; the event that says so follows.

        An alert of several offers rings until each of them is read.
        """
        act = Act(action="alert.settle", object_kind="offer", object_id=offer_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await _settle(connection, offer_id, now)

    async def list_page(self, receiver_id: str, limit: int, after: tuple[datetime, str] | None) -> list[Alert]:
        """
        List a receiver's alerts, newest first, with their deliveries.

        Args:
            receiver_id: Whose.

            limit: How many at most.

            after: Create time and id of the last one of the page before.
        """
        async with read(self._pool, snapshot=True) as connection:
            cursor = await connection.cursor(row_factory=dict_row).execute(
                f"""
                SELECT {ALERT_COLUMNS} FROM alert
                WHERE receiver_id = %(receiver_id)s
                  AND (%(time)s::timestamptz IS NULL OR (create_time, alert_id) < (%(time)s, %(id)s))
                ORDER BY create_time DESC, alert_id DESC LIMIT %(limit)s
                """,  # noqa: S608 -- a constant of this file
                {
                    "receiver_id": receiver_id,
                    "limit": limit,
                    "time": after[0] if after else None,
                    "id": after[1] if after else "",
                },
            )
            rows = await cursor.fetchall()
            deliveries = await deliveries_of(connection, [row["alert_id"] for row in rows])
        return [alert_from_row(row, deliveries.get(row["alert_id"], ())) for row in rows]


def _cause_of(event: OfferEvent) -> Cause | None:
    if event.is_overdue:
        return Cause.OVERDUE
    return CAUSES.get(event.rung) if event.rung else None


async def _take_version(connection: Connection, event: OfferEvent) -> bool:
    newer = await connection.execute(
        """
        INSERT INTO offer (offer_id, receiver_id, offer_version, state, part_id)
        VALUES (%(offer_id)s, %(receiver_id)s, %(offer_version)s, %(state)s, %(part_id)s)
        ON CONFLICT (offer_id) DO UPDATE SET offer_version = excluded.offer_version, state = excluded.state
        WHERE offer.offer_version < excluded.offer_version
        """,
        {
            "offer_id": event.offer_id,
            "receiver_id": event.receiver_id,
            "offer_version": event.offer_version,
            "state": event.state,
            "part_id": event.part_id,
        },
    )
    return bool(newer.rowcount)


async def _settle(connection: Connection, offer_id: str, now: datetime, *, rings_anew: bool = False) -> None:
    # where the part rings anew at once, its siblings are told of by that alert
    await connection.execute(
        """
        WITH settled AS (
            UPDATE alert SET settled_time = %(now)s
            WHERE settled_time IS NULL
              AND (offer_id = %(offer_id)s
                   OR part_id = (SELECT part_id FROM offer WHERE offer_id = %(offer_id)s))
              AND (%(rings_anew)s OR NOT EXISTS (
                  SELECT FROM offer AS sibling
                  WHERE sibling.part_id = alert.part_id AND sibling.offer_id <> %(offer_id)s
                    AND sibling.state = ANY(%(ringing)s)
              ))
            RETURNING alert_id
        )
        UPDATE delivery SET state = 'settled', next_time = NULL
        FROM settled WHERE delivery.alert_id = settled.alert_id AND state IN ('pending', 'sent')
        """,
        {"now": now, "offer_id": offer_id, "ringing": list(RINGING), "rings_anew": rings_anew},
    )


async def _rings_already(connection: Connection, event: OfferEvent) -> bool:
    # the same thing is told once: a device that has this alert hears no second one
    ringing = await ladder.of_event(connection, event)
    if ringing is None:
        return False
    urgency, due_time = event.urgency, event.due_time
    if event.offer_id != ringing.offer_id:  # of several offers the most urgent and the first deadline count
        urgency = min(urgency, ringing.urgency, key=list(Urgency).index)
        due_time = min(filter(None, (due_time, ringing.due_time)), default=None)
    await connection.execute(
        "UPDATE alert SET urgency = %s, due_time = %s WHERE alert_id = %s", [urgency, due_time, ringing.alert_id]
    )
    return True


async def _ring(connection: Connection, event: OfferEvent, now: datetime) -> None:
    alert_id = uuid4().hex
    made = await connection.execute(
        """
        INSERT INTO alert (alert_id, receiver_id, offer_id, offer_version, urgency, due_time, create_time,
                           part_id, offer_ids)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (part_id) WHERE part_id IS NOT NULL AND settled_time IS NULL DO NOTHING
        """,
        [
            alert_id,
            event.receiver_id,
            event.offer_id,
            event.offer_version,
            event.urgency,
            event.due_time,
            now,
            event.part_id,
            list(event.part_offer_ids) or None,
        ],
    )
    if not made.rowcount:
        return  # a sibling's event was heard by another process at the same time
    await ladder.begin(connection, alert_of(event, alert_id, now), Step.FIRST, now, is_new=True)
