"""Tasks of the duty roster."""

from collections.abc import Collection, Mapping
from datetime import datetime

from services.referrals.model import Cause, Task, TaskKind
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


async def of(connection: Connection, task_ids: Collection[str]) -> list[Task]:
    """Find tasks by id, closed ones among them."""
    if not task_ids:
        return []
    return await TASK.select(
        connection, "WHERE task_id = ANY(%(task_ids)s) ORDER BY task_id", {"task_ids": list(task_ids)}
    )


async def overdue(connection: Connection, manager_roster: str, now: datetime, limit: int) -> list[Task]:
    """List tasks that nobody has taken in time and of which the manager has not heard, the longest ago first."""
    return await TASK.select(
        connection,
        """
        WHERE state = 'open' AND due_time <= %(now)s AND owner <> %(manager_roster)s
        ORDER BY due_time, task_id LIMIT %(limit)s
        """,
        {"now": now, "manager_roster": manager_roster, "limit": limit},
    )


async def hand_over(connection: Connection, from_roster: str, to_roster: str) -> None:
    """Give the tasks of a roster that nobody has taken to another."""
    await connection.execute(
        """
        UPDATE task SET owner = %(to_roster)s, version = version + 1
        WHERE owner = %(from_roster)s AND state = 'open'
        """,
        {"from_roster": from_roster, "to_roster": to_roster},
    )


async def hand_over_one(connection: Connection, task: Task, to_roster: str) -> None:
    """Give a task to another roster, unless it has changed meanwhile."""
    await connection.execute(
        """
        UPDATE task SET owner = %(to_roster)s, version = version + 1
        WHERE task_id = %(task_id)s AND version = %(version)s AND state = 'open'
        """,
        {"task_id": task.task_id, "version": task.version, "to_roster": to_roster},
    )


async def unsigned(connection: Connection, consent_id: str) -> Task | None:
    """Find the task that asks for the second signature of an override."""
    found = await TASK.select(
        connection,
        "WHERE consent_id = %(consent_id)s AND cause = 'unsigned' AND consent_id <> ''",
        {"consent_id": consent_id},
    )
    return found[0] if found else None


async def undelivered(connection: Connection, offer_id: str) -> str:
    """Return the open task that says that nothing reaches an offer's desk; empty if there is none."""
    found = await TASK.select(
        connection,
        "WHERE offer_id = %(offer_id)s AND cause = 'undelivered' AND state <> 'closed' ORDER BY create_time LIMIT 1",
        {"offer_id": offer_id},
    )
    return found[0].task_id if found else ""


async def of_provider(connection: Connection, provider_id: str, cause: Cause) -> list[Task]:
    """List the tasks about a provider, and no referral, that are not closed."""
    return await TASK.select(
        connection,
        "WHERE provider_id = %(provider_id)s AND cause = %(cause)s AND referral_id IS NULL AND state <> 'closed'",
        {"provider_id": provider_id, "cause": str(cause)},
    )


async def put(connection: Connection, task: Task) -> None:
    """Write a task."""
    await TASK.put(connection, [task])


async def senders(connection: Connection, found: Collection[Task]) -> Mapping[str, str]:
    """Say which system each task's referral comes from, by task id; a task about no referral may name its own."""
    cursor = await connection.execute(
        "SELECT referral_id, client_id FROM referral WHERE referral_id = ANY(%(ids)s)",
        {"ids": [task.referral_id for task in found if task.referral_id]},
    )
    client_ids: dict[str | None, str] = dict(await cursor.fetchall())
    return {task.task_id: client_ids.get(task.referral_id, task.client_id) for task in found}


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
               (SELECT referral_id FROM referral WHERE client_id = %(client_id)s::text)
               OR client_id = %(client_id)s::text)
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
