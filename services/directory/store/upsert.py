"""
Upsert the rows of an import in batches: a few statements for a thousand rows, not some for each.

Organizations, services and locations are brought up to the file first, then
the providers; a provider that is equal to what is there takes no revision.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.directory.model import ImportRecord, Outcome, Upserted
from services.directory.store import places
from services.directory.store.confidence import at_location, becomes_confidential, forget_past
from services.directory.store.import_ground import Ground, bring_ground
from services.directory.store.import_plans import planned, with_places
from services.directory.store.import_rows import Row, read_known, reported_pools, sort_out
from services.directory.store.meanwhile import meanwhile
from services.directory.store.providers import Change, Held, lock_by, prepare, write
from services.directory.store.requests import forget
from services.directory.store.service_areas import hide_services
from services.directory.store.telling_again import bring_again
from services.directory.store.translations import languages_of_translations
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
    ground = await bring_ground(connection, dataset, accepted, lambda: str(new_id()), translated)
    await places.lock_pools(connection, await reported_pools(connection, dataset, accepted))
    known = await read_known(connection, dataset, [row.source_key for row in accepted])
    plans = [planned(row, ground, known.get(row.source_key), new_id, translated) for row in accepted]
    plans, news = await with_places(connection, plans, actor=actor, now=now)
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


async def _beside(
    connection: Connection, own_ids: Collection[str], ground: Ground, news: Mapping[str, places.Reports]
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
