"""Keep what became of alerts in each channel: attempts, receipts, and messages that nobody could read."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.rows import dict_row

from services.notify.model import Attempt, Channel
from services.notify.ringing import CONFIRM_WITHIN, LEASE, retry_time
from services.notify.store.rows import ALERT_COLUMNS, NOTIFY, add_delivery, alert_from_row
from services.runtime.postgres import Act, Pool, read, transaction

CLAIM = 50  #: deliveries that one process takes on at once


class DeliveryStore:
    """Deliveries in PostgreSQL. Times come in as arguments."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim_due(self, now: datetime, limit: int = CLAIM) -> list[Attempt]:
        """
        Take on deliveries that are due: nobody else does until the lease ends.

        What happens to a claim whose process dies: it is due again after the lease.
        """
        async with read(self._pool) as connection:
            cursor = await connection.execute("SELECT 1 FROM delivery WHERE next_time <= %s LIMIT 1", [now])
            if await cursor.fetchone() is None:  # the usual case leaves no trace in the audit
                return []
        async with transaction(self._pool, NOTIFY, Act(action="delivery.claim", object_kind="delivery")) as connection:
            claimed = await connection.cursor(row_factory=dict_row).execute(
                f"""
                WITH due AS (
                    SELECT alert_id, channel FROM delivery WHERE next_time <= %(now)s
                    ORDER BY next_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED
                )
                UPDATE delivery SET attempt_count = attempt_count + 1, next_time = %(lease_end)s
                FROM due JOIN alert USING (alert_id)
                WHERE delivery.alert_id = due.alert_id AND delivery.channel = due.channel
                RETURNING {ALERT_COLUMNS}, delivery.channel, delivery.attempt_count
                """,  # noqa: S608 -- a constant of this file
                {"now": now, "limit": limit, "lease_end": now + LEASE},
            )
            return [
                Attempt(alert=alert_from_row(row), channel=Channel(row["channel"]), number=row["attempt_count"])
                async for row in claimed
            ]

    async def mark_sent(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """Note that attempts were handed to their channel; each is repeated unless a device confirms it in time."""
        if not attempts:
            return
        act = Act(action="delivery.send", object_kind="delivery")
        async with transaction(self._pool, NOTIFY, act) as connection, connection.cursor() as cursor:
            await cursor.executemany(
                """
                UPDATE delivery SET state = 'sent', sent_time = %s, next_time = %s, last_code = NULL
                WHERE alert_id = %s AND channel = %s AND attempt_count = %s AND state IN ('pending', 'sent')
                """,
                [(now, now + CONFIRM_WITHIN, each.alert.alert_id, each.channel, each.number) for each in attempts],
            )

    async def mark_failed(self, attempt: Attempt, code: str, now: datetime, *, permanent: bool) -> None:
        """Note that an attempt failed: it is tried again, or is dead and a person must clear it."""
        act = Act(action="delivery.fail", object_kind="alert", object_id=attempt.alert.alert_id, reason=code)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                """
                UPDATE delivery SET last_code = %s, next_time = %s,
                       state = CASE WHEN %s THEN 'dead' ELSE state END
                WHERE alert_id = %s AND channel = %s AND attempt_count = %s AND state IN ('pending', 'sent')
                """,
                [
                    code,
                    None if permanent else retry_time(attempt.number, now),
                    permanent,
                    attempt.alert.alert_id,
                    attempt.channel,
                    attempt.number,
                ],
            )

    async def receive(
        self, alert_ids: Sequence[str], receiver_id: str, channel: Channel, device_id: str | None, now: datetime
    ) -> int:
        """
        Note that a device has alerts.

        Args:
            alert_ids: Those that it names; another receiver's are passed over.

            receiver_id: Whose device it is.

            channel: By which it got them.

            device_id: Which it is; None for the receiver's one NATS account.

            now: The time of it.

        Returns:
            How many of them are this receiver's, those received before among them.
        """
        act = Act(action="alert.receive", object_kind="receiver", object_id=receiver_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            cursor = await connection.execute(
                """
                WITH own AS (
                    SELECT alert_id FROM alert WHERE alert_id = ANY(%(alert_ids)s) AND receiver_id = %(receiver_id)s
                ), delivered AS (
                    UPDATE delivery SET state = 'delivered', delivered_time = %(now)s, next_time = NULL
                    FROM own
                    WHERE delivery.alert_id = own.alert_id AND channel = %(channel)s AND state IN ('pending', 'sent')
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

    async def add_missing(self, now: datetime) -> int:
        """Let alerts that ring go by NATS accounts that were registered while they were made."""
        missing = """
            SELECT alert_id FROM alert JOIN device USING (receiver_id)
            WHERE settled_time IS NULL AND device.channel = 'nats' AND end_time IS NULL AND NOT EXISTS (
                SELECT 1 FROM delivery WHERE delivery.alert_id = alert.alert_id AND delivery.channel = 'nats'
            )
        """
        async with read(self._pool) as connection:
            if await (await connection.execute(missing)).fetchone() is None:
                return 0
        async with transaction(self._pool, NOTIFY, Act(action="delivery.add", object_kind="delivery")) as connection:
            alert_ids = [row[0] async for row in await connection.execute(missing)]
            for alert_id in alert_ids:
                await add_delivery(connection, alert_id, Channel.NATS, now)
        return len(alert_ids)

    async def bury(self, stream: str, sequence: int, subject: str, payload: bytes, reason: str, now: datetime) -> None:
        """Keep a message that nobody could read, for a person."""
        act = Act(action="message.bury", object_kind="message", object_id=f"{stream}:{sequence}", reason=reason)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                """
                INSERT INTO dead_letter (stream, sequence, subject, payload, reason, create_time)
                VALUES (%s, %s, %s, %s, %s, %s)
                """,
                [stream, sequence, subject, payload, reason, now],
            )
