"""Note that a device has alerts: the delivery, the device that was heard, and the receipt, in one statement."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.model import Channel
from services.runtime.postgres import Connection


async def receive(
    connection: Connection,
    alert_ids: Sequence[str],
    receiver_id: str,
    channel: Channel,
    device_id: str | None,
    now: datetime,
) -> int:
    """
    Note that a device of a receiver has alerts, in a transaction; see `DeliveryStore.receive`.

    Returns:
        How many of them are this receiver's, those received before among them.
    """
    cursor = await connection.execute(
        """
        WITH own AS (
            SELECT alert_id FROM alert WHERE alert_id = ANY(%(alert_ids)s) AND receiver_id = %(receiver_id)s
        ), delivered AS (
            UPDATE delivery SET state = 'delivered', delivered_time = %(now)s, next_time = NULL
            FROM own
            WHERE delivery.alert_id = own.alert_id AND channel = %(channel)s AND endpoint_id = ''
              AND state IN ('pending', 'sent')
        ), device AS (
            UPDATE device SET heard_time = %(now)s
            WHERE receiver_id = %(receiver_id)s AND channel = %(channel)s AND end_time IS NULL
              AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s)
            RETURNING device_id
        ), receipt AS (
            INSERT INTO receipt (alert_id, device_id, channel, receipt_time)
            SELECT alert_id, device_id, %(channel)s, %(now)s FROM own, device
            ON CONFLICT DO NOTHING
        )
        SELECT count(*) FROM own
        """,
        {
            "alert_ids": list(alert_ids),
            "receiver_id": receiver_id,
            "channel": channel,
            "device_id": device_id,
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return row[0] if row else 0
