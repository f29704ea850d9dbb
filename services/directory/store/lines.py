"""Lines in PostgreSQL: drawn and ended, never changed in between; each change takes its revision of their feed last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from services.directory.wire.lines_wire import StoredLine
from services.runtime import feed
from services.runtime.auth import absent
from services.runtime.postgres import Connection

FEED: Final = "lines"
_SELECT: Final = "SELECT line_id::text, revision, ended, doc, create_time, update_time FROM line "


async def draw(connection: Connection, line_id: str, doc: bytes, *, actor: str, now: datetime) -> StoredLine:
    """Keep a new line: the last step of its transaction."""
    (revision,) = await feed.take(connection, FEED)
    await connection.execute(
        """
        INSERT INTO line (line_id, revision, doc, drawn_by, create_time, update_time) VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [line_id, revision, doc, actor, now, now],
    )
    return StoredLine(line_id=line_id, revision=revision, ended=False, doc=doc, create_time=now, update_time=now)


async def end(connection: Connection, line_id: str, *, actor: str, now: datetime) -> StoredLine:
    """
    End a line: the last step of its transaction. One that has ended stays as it is.

    Raises:
        NotFound: there is none.
    """
    found = await _select(connection, "WHERE line_id = %s FOR UPDATE", [line_id])
    if not found:
        raise absent()
    if found[0].ended:
        return found[0]
    (revision,) = await feed.take(connection, FEED)
    await connection.execute(
        "UPDATE line SET ended = true, ended_by = %s, revision = %s, update_time = %s WHERE line_id = %s",
        [actor, revision, now, line_id],
    )
    return (await _select(connection, "WHERE line_id = %s", [line_id]))[0]


async def changed_after(connection: Connection, revision: int, limit: int) -> list[StoredLine]:
    """Read lines that changed after a revision, ascending; after 0 only those that have not ended."""
    return await _select(
        connection,
        "WHERE revision > %s AND (NOT ended OR %s > 0) ORDER BY revision LIMIT %s",
        [revision, revision, limit],
    )


async def _select(connection: Connection, tail: str, parameters: Sequence[object]) -> list[StoredLine]:
    async with connection.cursor(row_factory=class_row(StoredLine)) as cursor:
        await cursor.execute((_SELECT + tail).encode(), parameters)
        return await cursor.fetchall()
