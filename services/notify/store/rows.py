"""What the tables of alerts and deliveries are read into, and the one way to add a delivery."""

from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from services.notify.model import Alert, Channel, Delivery, DeliveryState
from services.notify.ringing import first_time
from services.runtime.postgres import Connection, Process
from services.taxonomy import Urgency

NOTIFY = Process(client_id="notify")
ALERT_COLUMNS = (
    "alert.alert_id, alert.receiver_id, alert.offer_id, alert.offer_version, "
    "alert.urgency, alert.due_time, alert.create_time"
)


async def add_delivery(connection: Connection, alert_id: str, channel: Channel, now: datetime) -> None:
    """Let an alert go by a channel, again if it went by it before."""
    next_time = first_time(channel, now)
    state = DeliveryState.SENT if next_time is None else DeliveryState.PENDING
    await connection.execute(
        """
        INSERT INTO delivery (alert_id, channel, state, next_time) VALUES (%s, %s, %s, %s)
        ON CONFLICT (alert_id, channel) DO UPDATE SET state = excluded.state, next_time = excluded.next_time
        """,
        [alert_id, channel, state, next_time],
    )


async def deliveries_of(connection: Connection, alert_ids: list[str]) -> dict[str, tuple[Delivery, ...]]:
    """List the deliveries of alerts, by alert."""
    cursor = await connection.cursor(row_factory=dict_row).execute(
        """
        SELECT alert_id, channel, state, attempt_count, next_time, delivered_time FROM delivery
        WHERE alert_id = ANY(%s) ORDER BY alert_id, channel
        """,
        [alert_ids],
    )
    found: dict[str, tuple[Delivery, ...]] = {}
    async for row in cursor:
        alert_id = row.pop("alert_id")
        delivery = Delivery(
            channel=Channel(row["channel"]),
            state=DeliveryState(row["state"]),
            attempt_count=row["attempt_count"],
            next_time=row["next_time"],
            delivered_time=row["delivered_time"],
        )
        found[alert_id] = (*found.get(alert_id, ()), delivery)
    return found


def alert_from_row(row: dict[str, Any], deliveries: tuple[Delivery, ...] = ()) -> Alert:
    """Read an alert from a row that has `ALERT_COLUMNS`."""
    return Alert(
        alert_id=row["alert_id"],
        receiver_id=row["receiver_id"],
        offer_id=row["offer_id"],
        offer_version=row["offer_version"],
        urgency=Urgency(row["urgency"]),
        due_time=row["due_time"],
        create_time=row["create_time"],
        deliveries=deliveries,
    )
