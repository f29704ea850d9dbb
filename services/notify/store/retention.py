"""Forget what was told and is over, once its time has come: alerts with all that was done about them (R13)."""

from datetime import datetime
from typing import Final

from services.notify.ringing import RINGING
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Connection, Pool, transaction

_BATCH: Final = 1_000


async def forget_over(pool: Pool, before: datetime) -> int:
    """
    Forget a batch of what was over before a time.

    An alert is over when nothing rings for it and no way tries it any more; what was given
    up waits until a person has cleared it. Of its offers nothing is known any more either,
    so that an event of one that is still open makes it known anew.

    Args:
        pool: Of the service.

        before: What was over earlier is forgotten.

    Returns:
        How many alerts, letters and tasks; 0 once there is nothing left.
    """
    async with transaction(pool, NOTIFY, Act(action="alert.forget", object_kind="alert")) as connection:
        count = await _forget_alerts(connection, before)
        for statement in (
            "DELETE FROM dead_letter WHERE alert_id IS NULL AND cleared_time < %s",
            # it is open as a task, or was closed there long ago
            "DELETE FROM wanted_task WHERE next_time IS NULL AND create_time < %s",
        ):
            count += (await connection.execute(statement.encode(), [before])).rowcount
    return count


async def _forget_alerts(connection: Connection, before: datetime) -> int:
    cursor = await connection.execute(
        """
        SELECT alert_id, offer_id, part_id FROM alert
        WHERE create_time < %(before)s AND settled_time < %(before)s
          AND NOT EXISTS (SELECT FROM delivery WHERE delivery.alert_id = alert.alert_id AND next_time IS NOT NULL)
          AND NOT EXISTS (SELECT FROM dead_letter
                          WHERE dead_letter.alert_id = alert.alert_id
                            AND (cleared_time IS NULL OR cleared_time >= %(before)s))
        ORDER BY create_time LIMIT %(batch)s FOR UPDATE SKIP LOCKED
        """,
        {"before": before, "batch": _BATCH},
    )
    rows = await cursor.fetchall()
    if not rows:
        return 0
    alert_ids = [row[0] for row in rows]
    for table in ("receipt", "attempt", "escalation", "dead_letter", "delivery", "alert"):
        await connection.execute(f"DELETE FROM {table} WHERE alert_id = ANY(%s)".encode(), [alert_ids])  # noqa: S608
    await connection.execute(
        """
        DELETE FROM offer
        WHERE (offer_id = ANY(%(offers)s) OR part_id = ANY(%(parts)s)) AND state <> ALL(%(ringing)s)
          AND NOT EXISTS (SELECT FROM alert WHERE alert.offer_id = offer.offer_id)
        """,
        {
            "offers": [row[1] for row in rows if row[1]],
            "parts": [row[2] for row in rows if row[2]],
            "ringing": list(RINGING),
        },
    )
    return len(rows)
