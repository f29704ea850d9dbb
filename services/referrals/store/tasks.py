"""Tasks of the duty roster."""

from collections.abc import Collection
from datetime import datetime

from services.referrals.model import Task, TaskKind
from services.referrals.store.rows import TASK
from services.runtime.postgres import Connection


async def find(connection: Connection, task_id: str) -> Task | None:
    """Find a task."""
    found = await TASK.select(connection, "WHERE task_id = %(task_id)s", {"task_id": task_id})
    return found[0] if found else None


async def lock(connection: Connection, task_id: str) -> Task | None:
    """Find a task and lock it."""
    found = await TASK.select(connection, "WHERE task_id = %(task_id)s FOR UPDATE", {"task_id": task_id})
    return found[0] if found else None


async def put(connection: Connection, task: Task) -> None:
    """Write a task."""
    await TASK.put(connection, [task])


async def to_do(
    connection: Connection,
    *,
    kinds: Collection[TaskKind] = (),
    client_id: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Task]:
    """
    List tasks that are not closed, earliest due first, ties by id, after a key of that order.

    Args:
        connection: In a transaction.

        kinds: Only these; empty for all.

        client_id: Only those of this client's referrals; None for all.

        after: Key of the last one known.

        limit: At most so many.
    """
    return await TASK.select(
        connection,
        """
        WHERE state <> 'closed'
          AND (cardinality(%(kinds)s::text[]) = 0 OR kind = ANY(%(kinds)s::text[]))
          AND (%(client_id)s::text IS NULL OR referral_id IN
               (SELECT referral_id FROM referral WHERE client_id = %(client_id)s::text))
          AND (%(time)s::timestamptz IS NULL
               OR (due_time, task_id) > (%(time)s::timestamptz, %(last_id)s::text))
        ORDER BY due_time, task_id LIMIT %(limit)s
        """,
        {
            "kinds": [str(kind) for kind in kinds],
            "client_id": client_id,
            "time": after and after[0],
            "last_id": after and after[1],
            "limit": limit,
        },
    )
