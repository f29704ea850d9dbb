"""Begin the ways of an alert in their order: at once, when silence climbs, when a way fails."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, LiteralString

from psycopg.rows import TupleRow, dict_row

from services.notify.endpoint import QuietHours
from services.notify.ladder import RUNG_AGAIN, STEPS, Cause, Step, Way, begun_by, next_step, steps_of
from services.notify.model import Alert, Channel, OfferEvent
from services.notify.store.rows import ALERT_COLUMNS, add_delivery, alert_from_row
from services.notify.store.wanted import want_task
from services.runtime.postgres import Connection

#: of devices and endpoints, as `Way`s
WAYS: Final[LiteralString] = """
    SELECT DISTINCT receiver_id, channel, '' AS endpoint_id, 0 AS order_no, NULL::time AS quiet_start,
           NULL::time AS quiet_end, NULL AS quiet_time_zone
    FROM device WHERE receiver_id = ANY(%(receiver_ids)s) AND end_time IS NULL
    UNION ALL
    SELECT receiver_id, channel, endpoint_id, order_no, quiet_start, quiet_end, quiet_time_zone
    FROM endpoint WHERE receiver_id = ANY(%(receiver_ids)s) AND state = 'active'
    ORDER BY order_no, channel, endpoint_id
"""


async def ways_of(connection: Connection, receiver_id: str) -> list[Way]:
    """List the ways of a receiver: the page, which is always one, accounts and streams, and endpoints in use."""
    cursor = await connection.execute(WAYS, {"receiver_ids": [receiver_id]})
    return ways_by_receiver(await cursor.fetchall(), [receiver_id])[receiver_id]


def ways_by_receiver(rows: Iterable[TupleRow], receiver_ids: Collection[str]) -> dict[str, list[Way]]:
    """Read the ways of each of these receivers from the rows of `WAYS`."""
    ways: dict[str, list[Way]] = {each: [] for each in receiver_ids}
    for receiver_id, channel, endpoint_id, order_no, start, end, zone in rows:
        quiet = None if zone is None else QuietHours(start=start, end=end, time_zone=zone)
        way = Way(channel=Channel(channel), endpoint_id=endpoint_id, order_no=order_no, quiet=quiet)
        ways[receiver_id].append(way)
    for own in ways.values():
        if not any(way.channel is Channel.PAGE for way in own):
            own.append(Way(channel=Channel.PAGE, is_watched=False))
    return ways


async def begin(connection: Connection, alert: Alert, step: Step, now: datetime, *, is_new: bool = False) -> int:
    """
    Begin every way of a receiver's alert up to a step that has not begun.

    Args:
        connection: In a transaction.

        alert: Of a receiver.

        step: How far silence has climbed.

        now: The time of it.

        is_new: It was made in this transaction: nothing has begun.

    Returns:
        How many began now.
    """
    ways = await ways_of(connection, alert.receiver_id)
    begun = set() if is_new else await _begun(connection, alert.alert_id)
    steps = steps_of(ways)
    fresh = [way for way in begun_by(ways, step) if way.key not in begun]
    for way in fresh:
        await add_delivery(
            connection,
            alert.alert_id,
            way.channel,
            now,
            endpoint_id=way.endpoint_id,
            step=steps[way],
            first_time=way.first_time(alert.urgency, now),
        )
    return len(fresh)


async def climb(connection: Connection, event: OfferEvent, cause: Cause, now: datetime) -> bool:
    """
    Let silence climb for the alert of an offer that rings: more ways begin, or those that nobody confirms ring again.

    Returns:
        False if nothing rings for the offer, or it had climbed for this cause before.
    """
    alert = await of_event(connection, event)
    if alert is None:
        return False
    step = STEPS[cause]
    if not await _note(connection, alert.alert_id, cause, now):
        return False
    await connection.execute("UPDATE alert SET step = greatest(step, %s) WHERE alert_id = %s", [step, alert.alert_id])
    count = await begin(connection, alert, step, now) or await _ring_again(connection, alert, now)
    await _count(connection, alert.alert_id, cause, count)
    return True


async def of_event(connection: Connection, event: OfferEvent) -> Alert | None:
    """Lock the alert that rings for an event's offer, or for the part that it belongs to; None if nothing does."""
    if event.part_id is not None:
        return await _ringing(connection, "part_id = %s", event.part_id)
    return await _ringing(connection, "offer_id = %s", event.offer_id)


async def lock(connection: Connection, alert_id: str) -> Alert | None:
    """Lock a receiver's alert; None if it rings no more."""
    return await _ringing(connection, "alert_id = %s", alert_id)


async def give_up(connection: Connection, alert: Alert, now: datetime) -> None:
    """
    See to an alert of which a way was given up: the next ways begin at once; if none is left, a person hears of it.

    Where a device has said that it has the alert, the next ways wait for silence, as ever.
    """
    alert_id = alert.alert_id
    if await _is_delivered(connection, alert_id):
        return
    step = next_step(await ways_of(connection, alert.receiver_id), await _begun(connection, alert_id))
    if step is not None and (count := await begin(connection, alert, step, now)):
        await connection.execute("UPDATE alert SET step = greatest(step, %s) WHERE alert_id = %s", [step, alert_id])
        await _note(connection, alert_id, Cause.FAILED, now, count)
    elif not await _may_still_be_heard(connection, alert) and await _note(connection, alert_id, Cause.EXHAUSTED, now):
        await want_task(connection, f"exhausted-{alert_id}", alert.urgency, now, offer_id=alert.offer_id)


async def ringing_without_way(connection: Connection) -> list[str]:
    """List alerts that ring while their receiver has a way whose turn has come, and that they do not go by."""
    cursor = await connection.execute(
        """
        SELECT alert_id, receiver_id, step FROM alert WHERE settled_time IS NULL AND receiver_id IS NOT NULL AND (
            EXISTS (
                SELECT 1 FROM endpoint WHERE endpoint.receiver_id = alert.receiver_id AND state = 'active'
                AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.alert_id = alert.alert_id
                                AND delivery.endpoint_id = endpoint.endpoint_id)
            ) OR EXISTS (
                SELECT 1 FROM device WHERE device.receiver_id = alert.receiver_id AND end_time IS NULL
                AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.alert_id = alert.alert_id
                                AND delivery.channel = device.channel)
            )
        )
        """
    )
    rows = await cursor.fetchall()
    # most of them wait for a later step: that is seen without a transaction that writes
    ways = {receiver_id: await ways_of(connection, receiver_id) for receiver_id in {row[1] for row in rows}}
    return [
        alert_id
        for alert_id, receiver_id, step in rows
        if {way.key for way in begun_by(ways[receiver_id], Step(step))} - await _begun(connection, alert_id)
    ]


async def begin_missing(connection: Connection, alert_id: str, now: datetime) -> int:
    """Begin the ways that came to a receiver after its alert was made, as far as silence has climbed."""
    alert = await lock(connection, alert_id)
    if alert is None:
        return 0
    cursor = await connection.execute("SELECT step FROM alert WHERE alert_id = %s", [alert_id])
    row = await cursor.fetchone()
    return await begin(connection, alert, Step(row[0] if row else 0), now)


async def _ringing(connection: Connection, condition: str, value: str) -> Alert | None:
    # alerts are locked before their deliveries, wherever both are
    cursor = await connection.cursor(row_factory=dict_row).execute(
        f"""
        SELECT {ALERT_COLUMNS} FROM alert
        WHERE {condition} AND settled_time IS NULL AND receiver_id IS NOT NULL FOR NO KEY UPDATE
        """.encode(),  # noqa: S608 -- constants of this file
        [value],
    )
    row = await cursor.fetchone()
    return alert_from_row(row) if row else None


async def _begun(connection: Connection, alert_id: str) -> set[tuple[Channel, str]]:
    cursor = await connection.execute("SELECT channel, endpoint_id FROM delivery WHERE alert_id = %s", [alert_id])
    return {(Channel(row[0]), row[1]) async for row in cursor}


async def _ring_again(connection: Connection, alert: Alert, now: datetime) -> int:
    waits = {way.key: way.first_time(alert.urgency, now) for way in await ways_of(connection, alert.receiver_id)}
    cursor = await connection.execute(
        "SELECT channel, endpoint_id FROM delivery WHERE alert_id = %s AND state = 'sent' AND channel = ANY(%s)",
        [alert.alert_id, list(RUNG_AGAIN)],
    )
    again = [key for row in await cursor.fetchall() if (key := (Channel(row[0]), row[1])) in waits]
    for channel, endpoint_id in again:
        await add_delivery(
            connection, alert.alert_id, channel, now, endpoint_id=endpoint_id, first_time=waits[channel, endpoint_id]
        )
    return len(again)


async def _is_delivered(connection: Connection, alert_id: str) -> bool:
    cursor = await connection.execute(
        "SELECT 1 FROM delivery WHERE alert_id = %s AND state = 'delivered' LIMIT 1", [alert_id]
    )
    return await cursor.fetchone() is not None


async def _may_still_be_heard(connection: Connection, alert: Alert) -> bool:
    cursor = await connection.execute(
        """
        SELECT EXISTS (
            SELECT 1 FROM delivery WHERE alert_id = %(alert_id)s AND state IN ('pending', 'sent', 'delivered')
            AND (channel <> 'page' OR EXISTS (
                SELECT 1 FROM device WHERE receiver_id = %(receiver_id)s AND channel = 'page' AND end_time IS NULL))
        )
        """,
        {"alert_id": alert.alert_id, "receiver_id": alert.receiver_id},
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def _note(connection: Connection, alert_id: str, cause: Cause, now: datetime, count: int = 0) -> bool:
    noted = await connection.execute(
        """
        INSERT INTO escalation (alert_id, rung, create_time, way_count) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [alert_id, cause, now, count],
    )
    return bool(noted.rowcount)


async def _count(connection: Connection, alert_id: str, cause: Cause, count: int) -> None:
    await connection.execute(
        "UPDATE escalation SET way_count = %s WHERE alert_id = %s AND rung = %s", [count, alert_id, cause]
    )
