"""The change feed of providers, read page by page."""

from collections.abc import Sequence

from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Stored
from services.directory.store.provider_columns import STORED
from services.runtime.postgres import Connection


async def changes_after(connection: Connection, revision: int, limit: int) -> Sequence[tuple[int, Stored]]:
    """Read the latest states of providers that changed after a revision, ascending."""
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            sql.SQL("SELECT {} FROM provider WHERE revision > %s ORDER BY revision LIMIT %s").format(STORED),
            [revision, limit],
        )
        return [(stored.revision, stored) for stored in await cursor.fetchall()]
