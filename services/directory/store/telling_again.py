"""Providers come into the feed again when something changed that is told with them, and nothing of their own."""

from collections.abc import Collection

from psycopg import sql

from services.directory.store.providers import FEED
from services.runtime import feed
from services.runtime.postgres import Connection


async def bring_again(connection: Connection, column: str, values: Collection[str]) -> None:
    """
    Bring the providers that name something into the feed again: among the last steps of a transaction.

    Neither their records nor their history change; who has read one before may still change it.

    Args:
        connection: In a transaction.

        column: What they name, for example "receiver_id".

        values: The ids of it.
    """
    if not values:
        return
    cursor = await connection.execute(
        sql.SQL(
            """
            SELECT provider_id FROM provider WHERE {} = ANY(%s::uuid[]) AND NOT archived
            ORDER BY provider_id FOR NO KEY UPDATE
            """
        ).format(sql.Identifier(column)),
        [list(values)],
    )
    provider_ids = [row[0] for row in await cursor.fetchall()]
    if not provider_ids:
        return
    revisions = await feed.take(connection, FEED, len(provider_ids))
    await connection.execute(
        """
        UPDATE provider SET revision = entry.revision, told_revision = coalesce(told_revision, provider.revision)
        FROM unnest(%s::uuid[], %s::bigint[]) AS entry (provider_id, revision)
        WHERE provider.provider_id = entry.provider_id
        """,
        [provider_ids, list(revisions)],
    )
