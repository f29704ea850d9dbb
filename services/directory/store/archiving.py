"""What goes along when a record is archived: nothing is matched whose ground is gone."""

from dataclasses import replace

from services.directory.store.providers import Change, lock_by
from services.runtime.postgres import Connection


async def archived_with(connection: Connection, column: str, record_id: str) -> list[Change]:
    """Lock the providers that rest on a record, and say that those in use are to be archived."""
    return [
        replace(held.change, archived=True)
        for held in await lock_by(connection, column, [record_id])
        if not held.stored.archived
    ]


async def archive_services_of(connection: Connection, organization_id: str) -> None:
    """Archive the services of an organization."""
    await connection.execute(
        """
        UPDATE service SET archived = true, revision = revision + 1
        WHERE organization_id = %s AND NOT archived
        """,
        [organization_id],
    )


async def serves_providers(connection: Connection, receiver_id: str) -> bool:
    """Say whether a provider in use names a receiver."""
    cursor = await connection.execute(
        "SELECT FROM provider WHERE receiver_id = %s AND NOT archived LIMIT 1", [receiver_id]
    )
    return await cursor.fetchone() is not None
