"""Rosters, and who owns a task that is opened now."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.referrals.model import Roster, Shift, Task, TaskState, night_of
from services.referrals.scene import House
from services.runtime.postgres import Connection
from services.taxonomy import urgency_class

NIGHTS_COUNTED: Final = timedelta(days=30)


async def find(connection: Connection, roster_id: str, *, lock: LiteralString = "") -> Roster | None:
    """Find a roster; one that nobody has described is awake at all times."""
    found = await _select(connection, f"WHERE roster_id = %(roster_id)s {lock}", {"roster_id": roster_id})
    return found[0] if found else None


async def every(connection: Connection) -> list[Roster]:
    """List the rosters by name."""
    return await _select(connection, "ORDER BY roster_id", {})


async def nights(connection: Connection, now: datetime) -> dict[str, int]:
    """Count the nights of the last 30 days in which each roster was woken."""
    cursor = await connection.execute(
        "SELECT roster_id, count(*)::integer FROM roster_night WHERE night > %(since)s GROUP BY roster_id",
        {"since": (now - NIGHTS_COUNTED).date()},
    )
    return dict(await cursor.fetchall())


async def put(connection: Connection, roster: Roster) -> None:
    """Write a roster."""
    await connection.execute(
        """
        INSERT INTO roster (roster_id, shifts, stand_in, paused_until_time, version)
        VALUES (%(roster_id)s, %(shifts)s, %(stand_in)s, %(paused_until_time)s, %(version)s)
        ON CONFLICT (roster_id) DO UPDATE SET
            shifts = excluded.shifts, stand_in = excluded.stand_in,
            paused_until_time = excluded.paused_until_time, version = excluded.version
        """,
        {
            "roster_id": roster.roster_id,
            "shifts": Jsonb(
                [[each.actor, each.start_time.isoformat(), each.end_time.isoformat()] for each in roster.shifts]
            ),
            "stand_in": roster.stand_in,
            "paused_until_time": roster.paused_until_time,
            "version": roster.version,
        },
    )


async def assign(connection: Connection, house: House, tasks: Iterable[Task], now: datetime) -> list[Task]:
    """
    Give tasks that nobody has taken to rosters that would hear of them, and count the nights woken (R61).

    Args:
        connection: In a transaction.

        house: Names the manager's roster, and says where it is night.

        tasks: That are new, or have a new owner.

        now: The time.
    """
    assigned, night = [], night_of(now, house.zone)
    for task in tasks:
        if task.state is not TaskState.OPEN:
            assigned.append(task)
            continue
        owner = await awake(connection, house, task.owner, now)
        assigned.append(task if owner == task.owner else replace(task, owner=owner))
        if night is not None and urgency_class(task.urgency).rings_through_quiet_hours:
            await connection.execute(
                "INSERT INTO roster_night (roster_id, night) VALUES (%s, %s) ON CONFLICT DO NOTHING", [owner, night]
            )
    return assigned


async def awake(connection: Connection, house: House, roster_id: str, now: datetime) -> str:
    """Find who owns a roster's tasks now: itself, its stand-in, or the manager's roster, which always does."""
    tried: set[str] = set()
    while roster_id != house.manager_roster and roster_id not in tried:
        tried.add(roster_id)
        roster = await find(connection, roster_id)
        if roster is None or roster.is_awake(now):
            return roster_id
        roster_id = roster.stand_in or house.manager_roster
    return house.manager_roster


async def _select(connection: Connection, rest: LiteralString, parameters: dict[str, Any]) -> list[Roster]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.SQL("SELECT * FROM roster ") + sql.SQL(rest), parameters)
        return [_roster(row) for row in await cursor.fetchall()]


def _roster(row: dict[str, Any]) -> Roster:
    return Roster(
        roster_id=row["roster_id"],
        shifts=_shifts(row["shifts"]),
        stand_in=row["stand_in"],
        paused_until_time=row["paused_until_time"],
        version=row["version"],
    )


def _shifts(stored: Sequence[Sequence[str]]) -> tuple[Shift, ...]:
    return tuple(
        Shift(actor, datetime.fromisoformat(start), datetime.fromisoformat(end)) for actor, start, end in stored
    )
