"""What the tables of alerts and deliveries are read into, and the one way to add a delivery."""

from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from services.notify.model import Alert, Channel, Delivery, DeliveryState, OfferEvent
from services.notify.ringing import PULLED
from services.runtime.postgres import Connection, Process
from services.taxonomy import Urgency

NOTIFY = Process(client_id="notify")
ALERT_COLUMNS = (
    "alert.alert_id, coalesce(alert.receiver_id, '') AS receiver_id, coalesce(alert.offer_id, '') AS offer_id, "
    "coalesce(alert.offer_version, 0) AS offer_version, alert.urgency, alert.due_time, alert.create_time, "
    "coalesce(alert.client_id, '') AS client_id, coalesce(alert.revision, 0) AS revision, alert.offer_ids"
)


async def add_delivery(
    connection: Connection,
    alert_id: str,
    channel: Channel,
    now: datetime,
    *,
    endpoint_id: str = "",
    step: int = 0,
    first_time: datetime | None = None,
) -> None:
    """
    Let an alert go by a way, again if it went by it before.

    Args:
        connection: In a transaction.

        alert_id: The alert.

        channel: By which it goes.

        now: The time of it.

        endpoint_id: To which, in a channel that has endpoints.

        step: Of the ladder, with which it began.

        first_time: From when it may be told; None for now.
    """
    state, next_time = state_of_new(channel, first_time or now)
    await connection.execute(
        """
        INSERT INTO delivery (alert_id, channel, endpoint_id, step, state, next_time, first_time, create_time)
        VALUES (%(alert_id)s, %(channel)s, %(endpoint_id)s, %(step)s, %(state)s, %(next)s, %(next)s, %(now)s)
        ON CONFLICT (alert_id, channel, endpoint_id) DO UPDATE
        SET state = excluded.state, next_time = excluded.next_time, first_time = excluded.first_time
        """,
        {
            "alert_id": alert_id,
            "channel": channel,
            "endpoint_id": endpoint_id,
            "step": step,
            "state": state,
            "next": next_time,
            "now": now,
        },
    )


def state_of_new(channel: Channel, first_time: datetime) -> tuple[DeliveryState, datetime | None]:
    """Return how a delivery begins that may be told from a time on, and when its first attempt is due."""
    return (DeliveryState.SENT, None) if channel in PULLED else (DeliveryState.PENDING, first_time)


def alert_of(event: OfferEvent, alert_id: str, now: datetime) -> Alert:
    """Make the alert that rings for the offer of an event."""
    return Alert(
        alert_id=alert_id,
        receiver_id=event.receiver_id,
        offer_id=event.offer_id,
        offer_version=event.offer_version,
        urgency=event.urgency,
        due_time=event.due_time,
        create_time=now,
    )


async def deliveries_of(connection: Connection, alert_ids: list[str]) -> dict[str, tuple[Delivery, ...]]:
    """List the deliveries of alerts, by alert."""
    cursor = await connection.cursor(row_factory=dict_row).execute(
        """
        SELECT alert_id, channel, endpoint_id, step, state, attempt_count, next_time, create_time, sent_time,
               delivered_time, coalesce(last_code, '') AS code
        FROM delivery WHERE alert_id = ANY(%s) ORDER BY alert_id, step, channel, endpoint_id
        """,
        [alert_ids],
    )
    found: dict[str, tuple[Delivery, ...]] = {}
    async for row in cursor:
        alert_id, channel, state = row.pop("alert_id"), Channel(row.pop("channel")), DeliveryState(row.pop("state"))
        found[alert_id] = (*found.get(alert_id, ()), Delivery(channel=channel, state=state, **row))
    return found


def alert_from_row(row: dict[str, Any], deliveries: tuple[Delivery, ...] = ()) -> Alert:
    """Read an alert from a row that has `ALERT_COLUMNS`."""
    return Alert(
        alert_id=row["alert_id"],
        receiver_id=row["receiver_id"],
        offer_id=row["offer_id"],
        offer_version=row["offer_version"],
        client_id=row["client_id"],
        revision=row["revision"],
        urgency=Urgency(row["urgency"]),
        due_time=row["due_time"],
        create_time=row["create_time"],
        offer_ids=tuple(row["offer_ids"] or ()),
        deliveries=deliveries,
    )
