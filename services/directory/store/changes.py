"""The change feed of providers, read page by page."""

from collections.abc import Sequence
from typing import Final

from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Stored
from services.directory.store.provider_columns import STORED
from services.runtime.postgres import Connection

# read with the provider: whoever changes the areas of a service brings its providers into the feed again
_SERVICE_DOC: Final = sql.SQL(
    """
    CASE WHEN NOT has_areas AND NOT archived
    THEN (SELECT service.doc FROM service WHERE service.service_id = provider.service_id) END AS service_doc
    """
)


async def changes_after(connection: Connection, revision: int, limit: int) -> Sequence[tuple[int, Stored]]:
    """Read the latest states of providers that changed after a revision, ascending."""
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            sql.SQL("SELECT {}, {} FROM provider WHERE revision > %s ORDER BY revision LIMIT %s").format(
                STORED, _SERVICE_DOC
            ),
            [revision, limit],
        )
        return [(stored.revision, stored) for stored in await cursor.fetchall()]
