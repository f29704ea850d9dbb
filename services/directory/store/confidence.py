"""What becomes of a provider when what it copies changes, above all when its site becomes confidential."""

from collections.abc import Sequence
from dataclasses import replace

from services.directory.model import Location, Provider, Site, refuse
from services.directory.store.providers import Change, lock_by
from services.directory.store.requests import forget
from services.directory.store.service_areas import hide_services, services_at
from services.directory.wire.hiding_wire import hidden_doc
from services.errors import Reason
from services.runtime.postgres import Connection

_FINER = Reason.FINER_THAN_ALLOWED


def at_location(provider: Provider, location: Location, organization_id: str) -> Provider:
    """
    Copy a location's facts into a provider.

    A provider whose site becomes confidential keeps neither its name nor its
    texts nor its contacts: it takes the location's alias.
    """
    site = Site.of(location, organization_id)
    if provider.site is not None and not provider.is_confidential and location.is_confidential:
        return provider.hidden_at(site, location.names)
    return provider.at(site)


async def follow_location(connection: Connection, location_id: str, location: Location) -> list[Change]:
    """Lock the providers at a location that has changed, and say how those change that copy what changed."""
    changes, hidden = [], []
    for held in await lock_by(connection, "location_id", [location_id]):
        provider = at_location(held.provider, location, held.provider.located.organization_id)
        if provider != held.provider:
            changes.append(replace(held.change, provider=provider))
        if becomes_confidential(held.provider, provider):
            hidden.append(changes[-1])
    if location.is_confidential:
        services = await services_at(connection, location_id)
        if any(area.outline for service in services.values() for area in service.service_areas):
            raise refuse(
                "location.disclosure", "must be public while a service there has outlines of its areas", _FINER
            )
        await hide_services(connection, services)
        await forget(connection, [location_id])
    await forget_past(connection, hidden)
    return changes


async def follow_service(connection: Connection, service_id: str, organization_id: str) -> list[Change]:
    """Lock the providers of a service that has changed, and say how those change that copy its organization."""
    return [
        replace(held.change, provider=held.provider.at(replace(held.provider.located, organization_id=organization_id)))
        for held in await lock_by(connection, "service_id", [service_id])
        if held.provider.located.organization_id != organization_id
    ]


async def forget_past(connection: Connection, hidden: Sequence[Change]) -> None:
    """
    Rewrite the history of providers that become confidential, and forget the answers about them.

    Every earlier state keeps its time and its actor; of what it said, the place
    is now the area, the name the alias, and texts and contacts are gone. Old
    versions of the rows remain in the files of the database until it cleans
    up (docs/directory.md).
    """
    if not hidden:
        return
    provider_by_id = {change.provider_id: change.provider for change in hidden}
    cursor = await connection.execute(
        "SELECT provider_id::text, revision, doc FROM provider_history WHERE provider_id = ANY(%s::uuid[])",
        [list(provider_by_id)],
    )
    rows = await cursor.fetchall()
    await connection.execute(
        """
        UPDATE provider_history AS history SET doc = hidden.doc
        FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS hidden (provider_id, revision, doc)
        WHERE history.provider_id = hidden.provider_id AND history.revision = hidden.revision
        """,
        [
            [provider_id for provider_id, _, _ in rows],
            [revision for _, revision, _ in rows],
            [hidden_doc(doc, provider_by_id[provider_id]) for provider_id, _, doc in rows],
        ],
    )
    await forget(connection, list(provider_by_id))
    await connection.execute(
        "UPDATE suggestion SET doc = '', state = 'forgotten' WHERE provider_id = ANY(%s::uuid[])",
        [list(provider_by_id)],
    )


def becomes_confidential(before: Provider, after: Provider) -> bool:
    """Say whether a change hides where a provider is."""
    return not before.is_confidential and after.is_confidential
