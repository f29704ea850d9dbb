"""Announcements in PostgreSQL: few rows, read whole by whoever judges hours."""

from datetime import date, datetime
from typing import Final

from psycopg.rows import class_row

from services.directory.model import CalendarEntry, Stored
from services.directory.wire.calendar_wire import entry_doc, entry_of
from services.directory.wire.requests_wire import is_record_id
from services.hours import Entry
from services.runtime import feed
from services.runtime.auth import absent
from services.runtime.postgres import Connection

FEED: Final = "calendar"


async def announce(connection: Connection, entry_id: str, value: CalendarEntry, *, actor: str, now: datetime) -> Stored:
    """Add an announcement."""
    (revision,) = await feed.take(connection, FEED)
    doc = entry_doc(entry_id, value)
    await connection.execute(
        """
        INSERT INTO calendar_entry (
            calendar_entry_id, revision, country_code, last_day, doc, announced_by, create_time, update_time)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [entry_id, revision, value.entry.country_code, value.entry.last_day, doc, actor, now, now],
    )
    return Stored(record_id=entry_id, revision=revision, doc=doc, create_time=now, update_time=now)


async def lock_entry(connection: Connection, entry_id: str) -> Stored:
    """
    Lock an announcement for a change.

    Raises:
        NotFound: there is none.
    """
    if is_record_id(entry_id):
        async with connection.cursor(row_factory=class_row(Stored)) as cursor:
            await cursor.execute(
                """
                SELECT calendar_entry_id::text AS record_id, revision, doc, create_time, update_time
                FROM calendar_entry WHERE calendar_entry_id = %s FOR UPDATE
                """,
                [entry_id],
            )
            found = await cursor.fetchone()
        if found is not None:
            return found
    raise absent()


async def save_end(connection: Connection, known: Stored, value: CalendarEntry, *, actor: str, now: datetime) -> Stored:
    """Keep the last day of an announcement that this transaction has locked."""
    (revision,) = await feed.take(connection, FEED)
    doc = entry_doc(known.record_id, value)
    await connection.execute(
        """
        UPDATE calendar_entry SET revision = %s, last_day = %s, doc = %s, ended_by = %s, update_time = %s
        WHERE calendar_entry_id = %s
        """,
        [revision, value.entry.last_day, doc, actor, now, known.record_id],
    )
    return Stored(record_id=known.record_id, revision=revision, doc=doc, create_time=known.create_time, update_time=now)


async def list_entries(
    connection: Connection, *, country_code: str = "", from_day: date, after: str | None = None, limit: int | None
) -> list[Stored]:
    """List announcements that last to a day or longer, by id."""
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            """
            SELECT calendar_entry_id::text AS record_id, revision, doc, create_time, update_time FROM calendar_entry
            WHERE (last_day IS NULL OR last_day >= %(from_day)s)
            AND (%(country_code)s = '' OR country_code = %(country_code)s)
            AND (%(after)s::uuid IS NULL OR calendar_entry_id > %(after)s::uuid)
            ORDER BY calendar_entry_id LIMIT %(limit)s
            """,
            {"from_day": from_day, "country_code": country_code, "after": after, "limit": limit},
        )
        return await cursor.fetchall()


async def entries_on(connection: Connection, from_day: date) -> tuple[Entry, ...]:
    """Read all announcements that last to a day or longer."""
    found = await list_entries(connection, from_day=from_day, limit=None)
    return tuple(entry_of(each).entry for each in found)
