"""Count what came to an end while a page was away."""

from datetime import datetime

from services.runtime.postgres import Pool, read


class OutageStore:
    """Alerts in PostgreSQL, seen from a page that was away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def passed(self, receiver_id: str, start_time: datetime, end_time: datetime) -> int:
        """Count a receiver's alerts that stopped ringing in a span of time."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                """
                SELECT count(*) FROM alert
                WHERE receiver_id = %s AND settled_time > %s AND settled_time <= %s
                """,
                [receiver_id, start_time, end_time],
            )
            row = await cursor.fetchone()
        return row[0] if row else 0
