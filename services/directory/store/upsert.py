"""
Upsert the rows of an import in batches: a few statements for a thousand rows, not some for each.

Organizations, services and locations are brought up to the file first, then
the providers; a provider that is equal to what is there takes no revision.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.directory.model import (
    ImportRecord,
    Location,
    Organization,
    Outcome,
    Provider,
    Service,
    Site,
    Source,
    Upserted,
    Vetting,
    VettingState,
)
from services.directory.model.copies import altered
from services.directory.model.translations import keeping
from services.directory.store import places
from services.directory.store.bodies import LOCATIONS, ORGANIZATIONS, SERVICES
from services.directory.store.body_batches import Brought, bring_up
from services.directory.store.confidence import at_location, becomes_confidential, forget_past
from services.directory.store.import_rows import Known, Row, read_known, reported_pools, sort_out
from services.directory.store.meanwhile import meanwhile
from services.directory.store.providers import Change, Held, lock_by, prepare, write
from services.directory.store.requests import forget
from services.directory.store.service_areas import hide_services, keep_areas
from services.directory.store.telling_again import bring_again
from services.directory.store.translations import Languages, languages_of_translations
from services.directory.wire.hiding_wire import is_suspended, verified_time_of
from services.directory.wire.nouns_wire import PROVIDER
from services.runtime.postgres import Connection


async def upsert_rows(
    connection: Connection,
    dataset: str,
    rows: Sequence[ImportRecord],
    *,
    actor: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Upserted]:
    """
    Create or change the providers of one dataset, with what they rest on.

    The last step is the feed's counter, so call it last in the transaction, and
    wake the feed's readers after the commit. Batches of one dataset follow each
    other: the dataset is locked until the transaction ends.

    What the directory knows better than a file stays: an empty receiver or pool
    keeps what is there, a place report counts if it is newer, and a
    safeguarding flag (vetting SUSPENDED) is not lifted.

    Args:
        connection: In the transaction of the import's batch.

        dataset: The dataset; the rows' own sources are of it or absent.

        rows: At most 1000, each source key at most once.

        actor: Who imports, for the history.

        now: The time of the change.

        new_id: Makes the ids of new records.

    Returns:
        One entry for each row, in their order. A row that is equal to what is
        there is UNCHANGED and takes no revision. A row that the directory
        refuses (a confidential site made public by a file, for example) is
        REFUSED with its field and rule, and the others go on.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('directory.import:' || %s, 0))", [dataset])
    translated = await languages_of_translations(connection, dataset)
    sorted_out = await sort_out(connection, dataset, rows)
    accepted = [row for row in sorted_out if isinstance(row, Row)]
    ground = await _bring_ground(connection, dataset, accepted, lambda: str(new_id()), translated)
    await places.lock_pools(connection, await reported_pools(connection, dataset, accepted))
    known = await read_known(connection, dataset, [row.source_key for row in accepted])
    plans = [_planned(row, ground, known.get(row.source_key), new_id, translated) for row in accepted]
    plans, news = await _with_places(connection, plans, actor=actor, now=now)
    beside = await _beside(connection, {plan.provider_id for plan in plans}, ground, news)
    results = [ground.added_to(plan.outcome(), row) for plan, row in zip(plans, accepted, strict=True)]
    changed = [plan for plan, told in zip(plans, results, strict=True) if told.outcome is not Outcome.UNCHANGED]
    changes = [plan.change for plan in changed] + [change for _, change in beside]
    async with meanwhile(ground.write(connection)):
        prepared = await prepare(changes)
    hidden = [plan.change for plan in changed if plan.hides]
    hidden += [change for held, change in beside if becomes_confidential(held.provider, change.provider)]
    await forget(connection, [each for each, place in ground.locations.changed.items() if place.is_confidential])
    await forget_past(connection, hidden)
    confidential = [plan.provider for plan in changed if plan.provider.is_confidential]
    confidential += [change.provider for _, change in beside if change.provider.is_confidential]
    told_again = await hide_services(connection, {provider.service_id for provider in confidential})
    await bring_again(connection, "service_id", [*told_again, *ground.services_with_other_areas()])
    await write(connection, changes, actor=actor, now=now, prepared=prepared)
    following = iter(results)
    return [next(following) if isinstance(row, Row) else Upserted(Outcome.REFUSED, fault=row) for row in sorted_out]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to become of the provider of one row."""

    provider_id: str
    provider: Provider
    before: Known | None

    def outcome(self) -> Upserted:
        """Say what it comes to, and which fields are different then."""
        if self.before is None:
            return Upserted(Outcome.CREATED, self.provider_id)
        doc = PROVIDER.doc(self.provider_id, self.provider)
        if doc == self.before.doc and not self.before.archived:
            return Upserted(Outcome.UNCHANGED, self.provider_id)
        changed = PROVIDER.changed_fields(self.before.doc, doc)
        names = tuple(field.removeprefix("provider.") for field in changed)
        return Upserted(
            Outcome.UPDATED, self.provider_id, changed=(*names, "archived") if self.before.archived else names
        )

    @property
    def change(self) -> Change:
        create_time = self.before.create_time if self.before else None
        return Change(provider_id=self.provider_id, provider=self.provider, create_time=create_time)

    @property
    def hides(self) -> bool:
        return self.before is not None and self.before.is_public and self.provider.is_confidential


async def _bring_ground(
    connection: Connection, dataset: str, rows: Sequence[Row], make_id: Callable[[], str], translated: Languages
) -> _Ground:
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
    return _Ground(
        organizations=brought,
        services=brought_services,
        locations=await bring_up(connection, LOCATIONS, dataset, locations, make_id, translated),
        service_by_key=services,
        location_by_key=locations,
    )


def _planned(
    row: Row, ground: _Ground, before: Known | None, new_id: Callable[[], UUID], translated: Languages
) -> _Plan:
    """Put a provider together out of its row and what the directory knows better; reports come later."""
    provider_id = before.provider_id if before else str(new_id())
    location = ground.location_by_key[row.location_key]
    vetting = row.provider.vetting
    if before is not None and vetting.state is not VettingState.SUSPENDED and is_suspended(before.doc):
        vetting = Vetting(VettingState.SUSPENDED)
    # what is confidential is held to its rules with its site once more
    put_together = replace if location.is_confidential else altered
    provider = put_together(
        row.provider,
        source=_kept_source(row.provider.source, before),
        service_id=ground.services.id_by_key[row.service_key],
        location_id=ground.locations.id_by_key[row.location_key],
        receiver_id=row.provider.receiver_id or (before.receiver_id if before else ""),
        pool_id=row.provider.pool_id or (before.pool_id if before else provider_id),
        vetting=vetting,
        site=Site.of(location, ground.service_by_key[row.service_key].organization_id),
        **_kept_texts(row.provider, before, translated, is_hidden=location.is_confidential),
    )
    return _Plan(provider_id=provider_id, provider=provider, before=before)


def _kept_source(told: Source | None, before: Known | None) -> Source | None:
    """A file does not make a record older than somebody has verified it here."""
    known = verified_time_of(before.doc) if before else None
    if told is None or known is None or (told.verified_time and told.verified_time >= known):
        return told
    return replace(told, verified_time=known)


def _kept_texts(told: Provider, before: Known | None, translated: Languages, *, is_hidden: bool) -> Mapping[str, Any]:
    """Keep what translations have said of a public provider."""
    fields = [field for field in ("names", "descriptions") if f"provider.{field}" in translated]
    if not fields or before is None or is_hidden or not before.is_public:
        return {}
    present = before.provider
    return {
        field: keeping(getattr(told, field), getattr(present, field), translated[f"provider.{field}"])
        for field in fields
    }


async def _with_places(
    connection: Connection, plans: Sequence[_Plan], *, actor: str, now: datetime
) -> tuple[list[_Plan], Mapping[str, places.Reports]]:
    """Give the providers the reports of their pools, and return the pools that have news with theirs."""
    before = await places.present(connection, [plan.provider.pool_id for plan in plans])
    news: dict[str, places.Reports] = defaultdict(tuple)
    for plan in plans:
        pool_id = plan.provider.pool_id
        news[pool_id] += places.newer(plan.provider.place_reports, before[pool_id])
    news = {pool_id: reports for pool_id, reports in news.items() if reports}
    after = await places.add(connection, news, actor=actor, now=now) if news else {}
    reports = {**before, **after}
    given = [_reported(plan, reports.get(plan.provider.pool_id, ())) for plan in plans]
    return given, after


def _reported(plan: _Plan, reports: places.Reports) -> _Plan:
    if plan.provider.place_reports == reports:
        return plan
    return replace(plan, provider=replace(plan.provider, place_reports=reports))


async def _beside(
    connection: Connection, own_ids: Collection[str], ground: _Ground, news: Mapping[str, places.Reports]
) -> list[tuple[Held, Change]]:
    """Lock the providers beside the rows that copy something of what has changed, and say how they change."""
    held_by_id: dict[str, Held] = {}
    for column, values in (
        ("service_id", list(ground.services.changed)),
        ("location_id", list(ground.locations.changed)),
        ("pool_id", list(news)),
    ):
        for held in await lock_by(connection, column, values, own_ids):
            held_by_id[held.stored.record_id] = held
    beside = []
    for held in held_by_id.values():
        provider = held.provider
        service = ground.services.changed.get(provider.service_id)
        location = ground.locations.changed.get(provider.location_id)
        if location is not None:
            provider = at_location(provider, location, provider.located.organization_id)
        if service is not None:
            provider = provider.at(replace(provider.located, organization_id=service.organization_id))
        provider = replace(provider, place_reports=news.get(provider.pool_id, provider.place_reports))
        if provider != held.provider:
            beside.append((held, replace(held.change, provider=provider)))
    return beside
