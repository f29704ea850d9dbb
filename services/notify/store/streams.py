"""Keep who holds a stream of alerts open, and what each receiver has not confirmed on its streams."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from psycopg.rows import dict_row

from services.errors import NotFound
from services.notify.model import Alert
from services.notify.store import ladder
from services.notify.store.rows import ALERT_COLUMNS, NOTIFY, alert_from_row
from services.runtime.auth import Principal
from services.runtime.postgres import Act, Pool, read, transaction

PAGE = 100  #: alerts that are handed to a stream at once


class StreamStore:
    """Streams in PostgreSQL: each credential that opened one for a receiver is a device of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open(self, principal: Principal, receiver_id: str, now: datetime) -> str:
        """
        Find or make the device of a credential; what rings for its receiver goes by streams from now on.

        Returns:
            The device's id.

        Raises:
            NotFound: the device was ended; another credential makes another device.
        """
        digest = hashlib.sha256(f"{principal.client_id} {principal.token_id}".encode()).digest()
        act = Act(action="stream.open", object_kind="receiver", object_id=receiver_id)
        async with transaction(self._pool, principal, act) as connection:
            cursor = await connection.execute(
                """
                INSERT INTO device (device_id, receiver_id, channel, create_time, heard_time, token_digest_of_stream)
                VALUES (%(device_id)s, %(receiver_id)s, 'stream', %(now)s, %(now)s, %(digest)s)
                ON CONFLICT (receiver_id, token_digest_of_stream) WHERE channel = 'stream'
                DO UPDATE SET heard_time = excluded.heard_time
                RETURNING device_id, end_time
                """,
                {"device_id": uuid4().hex, "receiver_id": receiver_id, "now": now, "digest": digest},
            )
            row = await cursor.fetchone()
            if row is None or row[1] is not None:
                raise NotFound("there is no such object")
            ringing = await connection.execute(
                """
                SELECT alert_id FROM alert WHERE receiver_id = %s AND settled_time IS NULL AND NOT EXISTS (
                    SELECT 1 FROM delivery WHERE delivery.alert_id = alert.alert_id AND channel = 'stream'
                ) ORDER BY alert_id
                """,
                [receiver_id],
            )
            for (alert_id,) in await ringing.fetchall():
                await ladder.begin_missing(connection, alert_id, now)
        return str(row[0])

    async def is_in_use(self, device_id: str) -> bool:
        """Say whether nobody has ended a device."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT 1 FROM device WHERE device_id = %s AND end_time IS NULL", [device_id]
            )
            return await cursor.fetchone() is not None

    async def unconfirmed(self, receiver_id: str) -> list[Alert]:
        """List what rings for a receiver without a receipt of any of its streams, oldest first."""
        async with read(self._pool) as connection:
            cursor = await connection.cursor(row_factory=dict_row).execute(
                f"""
                SELECT {ALERT_COLUMNS} FROM alert JOIN delivery USING (alert_id)
                WHERE receiver_id = %s AND settled_time IS NULL AND channel = 'stream' AND state = 'sent'
                ORDER BY alert.create_time, alert_id LIMIT %s
                """,  # noqa: S608 -- a constant of this house
                [receiver_id, PAGE],
            )
            return [alert_from_row(row) async for row in cursor]

    async def with_unconfirmed(self, receiver_ids: Collection[str]) -> list[str]:
        """List those of some receivers for which anything is unconfirmed."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                """
                SELECT DISTINCT receiver_id FROM alert JOIN delivery USING (alert_id)
                WHERE receiver_id = ANY(%s) AND settled_time IS NULL AND channel = 'stream' AND state = 'sent'
                """,
                [list(receiver_ids)],
            )
            return [row[0] async for row in cursor]

    async def log_attempt(self, alert_id: str, now: datetime) -> None:
        """Note that an alert is about to be written to a stream, which is no delivery."""
        act = Act(action="delivery.send", object_kind="alert", object_id=alert_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                """
                WITH written AS (
                    UPDATE delivery SET attempt_count = attempt_count + 1, sent_time = %(now)s
                    WHERE alert_id = %(alert_id)s AND channel = 'stream' AND state = 'sent'
                    RETURNING alert_id, channel, endpoint_id, attempt_count
                )
                INSERT INTO attempt (alert_id, channel, endpoint_id, attempt_no, attempt_time, code)
                SELECT alert_id, channel, endpoint_id, attempt_count, %(now)s, '' FROM written ON CONFLICT DO NOTHING
                """,
                {"alert_id": alert_id, "now": now},
            )
