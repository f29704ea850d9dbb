"""Ask referrals for a person's task: kept here until it has answered, so that a crash forgets none."""

from datetime import datetime
from typing import Any

from psycopg.rows import kwargs_row

from services.notify.history import WantedTask
from services.notify.ringing import LEASE, retry_time
from services.notify.store.rows import NOTIFY
from services.runtime.postgres import Act, Connection, Pool, look, transaction
from services.taxonomy import Urgency

CLAIM = 20


async def want_task(
    connection: Connection, request_id: str, urgency: Urgency, now: datetime, *, offer_id: str = "", client_id: str = ""
) -> None:
    """Ask for a task, in the transaction of what made it needed; a repeat is one."""
    await connection.execute(
        """
        INSERT INTO wanted_task (request_id, offer_id, client_id, urgency, create_time, next_time)
        VALUES (%(id)s, %(offer)s, %(client)s, %(urgency)s, %(now)s, %(now)s) ON CONFLICT DO NOTHING
        """,
        {"id": request_id, "offer": offer_id or None, "client": client_id or None, "urgency": urgency, "now": now},
    )


class WantedTaskStore:
    """Wanted tasks in PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim_due(self, now: datetime) -> list[WantedTask]:
        """Take on tasks to ask for: nobody else does until the lease ends."""
        if not await look(self._pool, "SELECT 1 FROM wanted_task WHERE next_time <= %(now)s LIMIT 1", {"now": now}):
            return []
        async with transaction(self._pool, NOTIFY, Act(action="task.want", object_kind="task")) as connection:
            claimed = await connection.cursor(row_factory=kwargs_row(_from_row)).execute(
                """
                UPDATE wanted_task SET attempt_count = attempt_count + 1, next_time = %(lease_end)s
                WHERE request_id IN (
                    SELECT request_id FROM wanted_task WHERE next_time <= %(now)s
                    ORDER BY next_time LIMIT %(limit)s FOR UPDATE SKIP LOCKED
                )
                RETURNING request_id, coalesce(offer_id, '') AS offer_id, coalesce(client_id, '') AS client_id,
                          urgency, attempt_count
                """,
                {"now": now, "limit": CLAIM, "lease_end": now + LEASE},
            )
            return await claimed.fetchall()

    async def mark_open(self, wanted: WantedTask) -> None:
        """Note that referrals has the task."""
        await self._move(wanted, None)

    async def mark_failed(self, wanted: WantedTask, now: datetime) -> None:
        """Note that referrals did not answer: it is asked again."""
        await self._move(wanted, retry_time(wanted.attempt_count, now))

    async def _move(self, wanted: WantedTask, next_time: datetime | None) -> None:
        act = Act(action="task.want", object_kind="task", object_id=wanted.request_id)
        async with transaction(self._pool, NOTIFY, act) as connection:
            await connection.execute(
                "UPDATE wanted_task SET next_time = %s WHERE request_id = %s", [next_time, wanted.request_id]
            )


def _from_row(*, urgency: str, **facts: Any) -> WantedTask:
    return WantedTask(urgency=Urgency(urgency), **facts)
