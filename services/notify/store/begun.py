"""In which epoch notify has begun what it tells, and what begins anew when the database was restored."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import uuid4

from psycopg.rows import dict_row

from services.notify.ladder import Step
from services.notify.store import ladder
from services.notify.store.rows import ALERT_COLUMNS, NOTIFY, alert_from_row
from services.runtime import feed
from services.runtime.postgres import Act, Connection, Pool, read, transaction


class What(StrEnum):
    """What begins anew."""

    ALERTS = "alerts"
    STREAMS = "streams"


_MOVE: Final = "UPDATE begun SET epoch = %(epoch)s WHERE what = %(what)s AND epoch <> %(epoch)s RETURNING what"


class BegunStore:
    """The epochs in PostgreSQL. Each thing begins anew once for a restore, whichever replica sees to it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ring_anew(self, now: datetime) -> int | None:
        """
        Let every alert of a receiver that rings ring once more, under another id, if the database was restored.

        The desk may have had it and answered since the backup; its software hands over no id a second time.

        Returns:
            How many; None if it was not restored.

        Raises:
            Unavailable: PostgreSQL is away.
        """
        if not await self._is_behind(What.ALERTS):
            return None
        act = Act(action="alert.ring_anew", object_kind="alert")
        async with transaction(self._pool, NOTIFY, act) as connection:
            if not await _move(connection, What.ALERTS):
                return None  # another replica was faster
            cursor = await connection.execute(
                """
                SELECT alert_id FROM alert WHERE settled_time IS NULL AND receiver_id IS NOT NULL
                ORDER BY alert_id FOR NO KEY UPDATE
                """
            )
            alert_ids = [row[0] for row in await cursor.fetchall()]
            for alert_id in alert_ids:
                await _ring_anew(connection, alert_id, now)
        return len(alert_ids)

    async def begin_streams(self, empty: Callable[[], Awaitable[int]]) -> int | None:
        """
        Have the streams emptied, if the database was restored since that was done last.

        Args:
            empty: Does it, and returns how many messages there were. Others wait meanwhile. If it fails, or this
                process dies, it is done again.

        Returns:
            What `empty` does; None if the database was not restored.

        Raises:
            Unavailable: PostgreSQL is away, another replica is at it, or as `empty`.
        """
        if not await self._is_behind(What.STREAMS):
            return None
        act = Act(action="stream.begin_anew", object_kind="stream")
        async with transaction(self._pool, NOTIFY, act) as connection:
            return await empty() if await _move(connection, What.STREAMS) else None

    async def _is_behind(self, what: What) -> bool:
        async with read(self._pool) as connection:
            epoch = await feed.epoch(connection, feed.ROOT)
            cursor = await connection.execute("SELECT 1 FROM begun WHERE what = %s AND epoch <> %s", [what, epoch])
            return await cursor.fetchone() is not None


async def _move(connection: Connection, what: What) -> bool:
    """Note that something begins in the present epoch; False if it did before."""
    epoch = await feed.epoch(connection, feed.ROOT)
    moved = await connection.execute(_MOVE, {"what": what, "epoch": epoch})
    return bool(moved.rowcount)


async def _ring_anew(connection: Connection, old_id: str, now: datetime) -> None:
    await connection.execute("UPDATE alert SET settled_time = %s WHERE alert_id = %s", [now, old_id])
    await connection.execute(
        """
        UPDATE delivery SET state = 'settled', next_time = NULL
        WHERE alert_id = %s AND state IN ('pending', 'sent')
        """,
        [old_id],
    )
    cursor = await connection.cursor(row_factory=dict_row).execute(
        f"""
        INSERT INTO alert (alert_id, receiver_id, offer_id, offer_version, urgency, due_time, create_time, part_id,
                           offer_ids, step)
        SELECT %(new_id)s, receiver_id, offer_id, offer_version, urgency, due_time, %(now)s, part_id, offer_ids, step
        FROM alert WHERE alert_id = %(old_id)s
        RETURNING {ALERT_COLUMNS}, step
        """,  # noqa: S608 -- a constant
        {"new_id": uuid4().hex, "old_id": old_id, "now": now},
    )
    row = await cursor.fetchone()
    if row is not None:
        await ladder.begin(connection, alert_from_row(row), Step(row["step"]), now, is_new=True)
