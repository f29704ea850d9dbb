"""Find what a lost consumer had been sent, and forget what nobody asks for any more."""

from datetime import datetime, timedelta
from typing import Final

from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Pool, read, transaction

#: an event is told again for as long as the stream would keep it; twice that is beyond any doubt
INBOX_KEPT: Final = timedelta(days=60)
FORGET_BATCH: Final = 10_000


class RepairStore:
    """What the reconciler asks of PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def note_consumer(self, receiver_id: str, made_time: datetime, now: datetime) -> bool:
        """
        Note which consumer a receiver fetches from; if it is another one, all that is not confirmed is due again.

        Args:
            receiver_id: Whose.

            made_time: When it was made, by the clock of NATS: compared with itself alone.

            now: From when it is due.

        Returns:
            Whether another one was known.
        """
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                """
                SELECT max(consumer_time) FROM device
                WHERE receiver_id = %s AND channel = 'nats' AND end_time IS NULL HAVING count(*) > 0
                """,
                [receiver_id],
            )
            row = await cursor.fetchone()
        if row is None or row[0] == made_time:
            return False
        act = Act(action="consumer.note", object_kind="receiver", object_id=receiver_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                "UPDATE device SET consumer_time = %s WHERE receiver_id = %s AND channel = 'nats' AND end_time IS NULL",
                [made_time, receiver_id],
            )
            if row[0] is None:
                return False
            await connection.execute(
                """
                UPDATE delivery SET next_time = %s FROM alert
                WHERE alert.alert_id = delivery.alert_id AND receiver_id = %s AND channel = 'nats' AND state = 'sent'
                """,
                [now, receiver_id],
            )
        return True

    async def forget_heard(self, now: datetime) -> int:
        """Forget the ids of events that nobody tells again; say how many."""
        oldest = now - INBOX_KEPT
        async with read(self._pool) as connection:
            cursor = await connection.execute("SELECT 1 FROM inbox WHERE received_time < %s LIMIT 1", [oldest])
            if await cursor.fetchone() is None:
                return 0
        async with transaction(self._pool, NOTIFY, Act(action="inbox.forget", object_kind="event")) as connection:
            forgotten = await connection.execute(
                """
                DELETE FROM inbox WHERE event_id IN (
                    SELECT event_id FROM inbox WHERE received_time < %s ORDER BY received_time LIMIT %s)
                """,
                [oldest, FORGET_BATCH],
            )
        return forgotten.rowcount
