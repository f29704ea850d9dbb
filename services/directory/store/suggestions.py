"""Suggestions in PostgreSQL: they wait, and are approved or refused once."""

from datetime import datetime
from typing import Final

from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Stored
from services.directory.store.provider_columns import STORED
from services.directory.wire.suggestions_wire import Suggestion
from services.errors import FailedPrecondition
from services.runtime.auth import absent
from services.runtime.postgres import Connection

_COLUMNS: Final = (
    "suggestion_id::text, suggestion.provider_id::text, suggestion.doc, paths, client_id, actor,"
    " suggestion.create_time, state, reason"
)


async def keep(connection: Connection, suggestion: Suggestion) -> None:
    """Keep a suggestion that waits."""
    await connection.execute(
        """
        INSERT INTO suggestion (suggestion_id, provider_id, doc, paths, client_id, actor, create_time, state, reason)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            suggestion.suggestion_id,
            suggestion.provider_id,
            suggestion.doc,
            suggestion.paths,
            suggestion.client_id,
            suggestion.actor,
            suggestion.create_time,
            suggestion.state,
            suggestion.reason,
        ],
    )


async def find_correction(connection: Connection, provider_id: str, reason: str, doc: bytes) -> str:
    """Return the suggestion that waits and says the same of a record; empty if there is none."""
    cursor = await connection.execute(
        """
        SELECT suggestion_id::text FROM suggestion
        WHERE provider_id = %s AND state = 'waiting' AND reason = %s AND doc = %s LIMIT 1
        """,
        [provider_id, reason, doc],
    )
    row = await cursor.fetchone()
    return "" if row is None else str(row[0])


async def waiting(
    connection: Connection, after: tuple[datetime, str] | None, limit: int
) -> list[tuple[Suggestion, Stored]]:
    """List suggestions that wait, oldest first, each with its provider as it is now."""
    async with connection.cursor(row_factory=class_row(Suggestion)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_COLUMNS} FROM suggestion WHERE state = 'waiting'
            AND (%(time)s::timestamptz IS NULL OR (create_time, suggestion_id) > (%(time)s, %(last_id)s::uuid))
            ORDER BY create_time, suggestion.suggestion_id LIMIT %(limit)s
            """.encode(),  # noqa: S608 -- of the columns above
            {"time": after[0] if after else None, "last_id": after[1] if after else None, "limit": limit},
        )
        found = await cursor.fetchall()
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            sql.SQL("SELECT {} FROM provider WHERE provider_id = ANY(%s::uuid[])").format(STORED),
            [[each.provider_id for each in found]],
        )
        by_id = {stored.record_id: stored for stored in await cursor.fetchall()}
    return [(each, by_id[each.provider_id]) for each in found]


async def provider_of(connection: Connection, suggestion_id: str) -> str:
    """
    Say which provider a suggestion is about.

    Raises:
        NotFound: there is no such suggestion.
    """
    cursor = await connection.execute(
        "SELECT provider_id::text FROM suggestion WHERE suggestion_id = %s", [suggestion_id]
    )
    row = await cursor.fetchone()
    if row is None:
        raise absent()
    return str(row[0])


async def lock_waiting(connection: Connection, suggestion_id: str) -> Suggestion:
    """
    Lock a suggestion for its review.

    Raises:
        NotFound: there is none.

        FailedPrecondition: it does not wait any more (ILLEGAL_MOVE).
    """
    async with connection.cursor(row_factory=class_row(Suggestion)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM suggestion WHERE suggestion_id = %s FOR UPDATE".encode(),  # noqa: S608 -- as above
            [suggestion_id],
        )
        found = await cursor.fetchone()
    if found is None:
        raise absent()
    if found.state != "waiting":
        raise FailedPrecondition("the suggestion was reviewed or forgotten already")
    return found


async def settle(connection: Connection, suggestion_id: str, *, approved: bool, reviewer: str, now: datetime) -> None:
    """Write down what became of a suggestion."""
    await connection.execute(
        "UPDATE suggestion SET state = %s, reviewer = %s, review_time = %s WHERE suggestion_id = %s",
        ["approved" if approved else "refused", reviewer, now, suggestion_id],
    )
