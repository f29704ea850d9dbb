"""Note that devices have alerts: the deliveries, the devices that were heard, and the receipts, in one statement."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, LiteralString

from services.notify.model import Channel
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Pool, write

HEARD_AGAIN: Final = timedelta(minutes=1)  #: a device's time is told to the minute: a row less to write for each alert
#: deliveries are locked in one order, as by whoever notes what went out
_STEPS: Final[LiteralString] = """
    came AS (
        SELECT DISTINCT alert_id, receiver_id
        FROM unnest(%(alert_ids)s::text[], %(receiver_ids)s::text[]) AS came (alert_id, receiver_id)
    ), own AS (
        SELECT alert_id, receiver_id FROM came JOIN alert USING (alert_id, receiver_id)
    ), held AS (
        SELECT alert_id FROM delivery JOIN own USING (alert_id)
        WHERE channel = %(channel)s AND endpoint_id = '' AND state IN ('pending', 'sent')
        ORDER BY alert_id FOR UPDATE OF delivery
    ), delivered AS (
        UPDATE delivery SET state = 'delivered', delivered_time = %(now)s, next_time = NULL
        FROM held
        WHERE delivery.alert_id = held.alert_id AND channel = %(channel)s AND endpoint_id = ''
          AND state IN ('pending', 'sent')
    ), saying AS (
        SELECT device_id, receiver_id, heard_time FROM device
        WHERE receiver_id = ANY(%(receiver_ids)s) AND channel = %(channel)s AND end_time IS NULL
          AND (%(device_id)s::text IS NULL OR device_id = %(device_id)s)
    ), heard AS (
        UPDATE device SET heard_time = %(now)s FROM saying
        WHERE device.device_id = saying.device_id
          AND (saying.heard_time IS NULL OR saying.heard_time <= %(heard_before)s)
    ), receipt AS (
        INSERT INTO receipt (alert_id, device_id, channel, receipt_time)
        SELECT alert_id, device_id, %(channel)s, %(now)s FROM own JOIN saying USING (receiver_id)
        ON CONFLICT DO NOTHING
    )
    SELECT alert_id, receiver_id FROM own
"""


async def receive(
    pool: Pool, said: Sequence[tuple[str, str]], channel: Channel, device_id: str | None, now: datetime
) -> set[tuple[str, str]]:
    """
    Note what devices say that they have.

    Args:
        pool: Of notify.

        said: Ids of an alert and of the receiver whose device says so.

        channel: By which it came.

        device_id: Which device it is, of one receiver; None for each receiver's one NATS account.

        now: The time of it.

    Returns:
        Those of which the receiver is the alert's, those received before among them.
    """
    receiver_ids = tuple(dict.fromkeys(receiver_id for _, receiver_id in said))
    rows = await write(
        pool,
        NOTIFY,
        Act(action="alert.receive", object_kind="receiver", object_ids=receiver_ids),
        _STEPS,
        {
            "alert_ids": [alert_id for alert_id, _ in said],
            "receiver_ids": [receiver_id for _, receiver_id in said],
            "channel": channel,
            "device_id": device_id,
            "now": now,
            "heard_before": now - HEARD_AGAIN,
        },
    )
    return {(alert_id, receiver_id) for alert_id, receiver_id in rows}
