"""When desks were heard: by whichever of their devices was heard last."""

from collections.abc import Mapping
from datetime import datetime

from services.runtime.postgres import Pool, read


class HeardStore:
    """Reads of all devices when they were heard, those that have ended too: somebody was there then."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def heard_times(self, since: datetime) -> Mapping[str, datetime]:
        """Say when desks were heard last, by id; those that were heard since a time."""
        async with read(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT receiver_id, max(heard_time) FROM device WHERE heard_time >= %s GROUP BY receiver_id", [since]
            )
            return dict(await cursor.fetchall())
