"""What the providers of a batch of an import rest on: organizations, services and locations, brought up to the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.directory.model import Location, Organization, Service, Upserted
from services.directory.model.copies import altered
from services.directory.store.bodies import LOCATIONS, ORGANIZATIONS, SERVICES
from services.directory.store.body_batches import Brought, bring_up
from services.directory.store.import_rows import Row
from services.directory.store.service_areas import keep_areas
from services.directory.store.translations import Languages
from services.runtime.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the providers of a batch rest on, as it is now."""

    services: Brought[Service]
    locations: Brought[Location]
    service_by_key: Mapping[str, Service]
    location_by_key: Mapping[str, Location]
    organizations: Brought[Organization]

    async def write(self, connection: Connection) -> None:
        """Write what is new or different of it, in the order in which one rests on the other."""
        for brought in (self.organizations, self.services, self.locations):
            await brought.write(connection)

    def services_with_other_areas(self) -> list[str]:
        """List the services that were there and serve elsewhere now."""
        return [
            self.services.id_by_key[key]
            for key, fields in self.services.changed_fields.items()
            if "service.service_areas" in fields
        ]

    def added_to(self, upserted: Upserted, row: Row) -> Upserted:
        """Add what a row has changed in what its provider rests on."""
        fields = (
            self.organizations.changed_fields.get(row.organization_key, ())
            + self.services.changed_fields.get(row.service_key, ())
            + self.locations.changed_fields.get(row.location_key, ())
        )
        return replace(upserted, changed=upserted.changed + fields) if fields else upserted


async def bring_ground(
    connection: Connection, dataset: str, rows: Sequence[Row], make_id: Callable[[], str], translated: Languages
) -> Ground:
    """Say how organizations, services and locations come up; of several rows with one key the first counts."""
    organizations: dict[str, Organization] = {}
    services: dict[str, Service] = {}
    locations: dict[str, Location] = {}
    for row in rows:
        if row.organization_key not in organizations:
            organizations[row.organization_key] = replace(row.organization, source=row.organization_source)
    brought = await bring_up(connection, ORGANIZATIONS, dataset, organizations, make_id, translated)
    ids = brought.id_by_key
    for row in rows:
        organization_id = ids[row.organization_key]
        if row.service_key not in services:
            services[row.service_key] = altered(row.service, organization_id=organization_id, source=row.service_source)
        if row.location.is_confidential:
            services[row.service_key] = services[row.service_key].hiding()
        if row.location_key not in locations:
            # a location of a key of its own may be shared: it is nobody's
            owner_id = organization_id if row.location_key == row.source_key else ""
            locations[row.location_key] = altered(row.location, organization_id=owner_id, source=row.location_source)
    brought_services = await bring_up(connection, SERVICES, dataset, services, make_id, translated)
    await keep_areas(
        connection, {brought_services.id_by_key[key]: each.service_areas for key, each in services.items()}
    )
    return Ground(
        organizations=brought,
        services=brought_services,
        locations=await bring_up(connection, LOCATIONS, dataset, locations, make_id, translated),
        service_by_key=services,
        location_by_key=locations,
    )
