"""The change feed of providers, read page by page."""

from collections.abc import Sequence

from psycopg.rows import class_row

from services.directory.model import Stored
from services.runtime.postgres import Connection


async def changes_after(connection: Connection, revision: int, limit: int) -> Sequence[tuple[int, Stored]]:
    """Read the latest states of providers that changed after a revision, ascending."""
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            """
            SELECT provider_id::text AS record_id, revision, archived, doc, create_time, update_time
            FROM provider WHERE revision > %s ORDER BY revision LIMIT %s
            """,
            [revision, limit],
        )
        return [(stored.revision, stored) for stored in await cursor.fetchall()]
