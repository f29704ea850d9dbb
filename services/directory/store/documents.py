"""Documents in PostgreSQL: kept by dataset, table and key, and never about a confidential site."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.rows import class_row

from services.directory.model import Location, Organization, Service, Source
from services.directory.model.documents import NewDocument
from services.directory.store.bodies import LOCATIONS, ORGANIZATIONS, SERVICES
from services.directory.store.body_batches import bring_up
from services.directory.store.confidence import follow_location, follow_service
from services.directory.store.providers import write
from services.errors import Violation
from services.runtime.postgres import Connection

R = TypeVar("R", Organization, Service, Location)

#: keys of a dataset about which no document is kept: of the sites, and of what has nothing else (R16, R21)
_CONFIDENTIAL = """
    SELECT 'location' AS table_name, source_key FROM location WHERE dataset = %(dataset)s AND disclosure = 'AREA'
    UNION ALL
    SELECT 'service_at_location', source_key FROM provider WHERE dataset = %(dataset)s AND disclosure = 'AREA'
    UNION ALL
    SELECT 'service', service.source_key FROM service
    WHERE service.dataset = %(dataset)s AND EXISTS (
        SELECT FROM provider WHERE provider.service_id = service.service_id AND provider.disclosure = 'AREA'
    )
    UNION ALL
    SELECT 'organization', organization.source_key FROM organization
    WHERE organization.dataset = %(dataset)s AND EXISTS (
        SELECT FROM provider
        WHERE provider.organization_id = organization.organization_id AND provider.disclosure = 'AREA'
    ) AND NOT EXISTS (
        SELECT FROM provider
        WHERE provider.organization_id = organization.organization_id AND provider.disclosure = 'PUBLIC'
          AND NOT provider.archived
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document as it is listed."""

    document_id: str
    table_name: str
    source_key: str
    record_id: str  #: empty if it has no record
    dataset: str
    doc: str


@dataclass(slots=True)
class Came:
    """What came of a batch."""

    created: int
    updated: int
    unchanged: int
    refused: list[tuple[int, Violation]]


async def keep(
    connection: Connection,
    dataset: str,
    documents: Sequence[tuple[int, NewDocument]],
    *,
    actor: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Came:
    """
    Keep documents, and bring up the records that they bring along.

    Taking the feed's revisions is the last step, so call it last in the transaction.

    Args:
        connection: In a transaction.

        dataset: Of all of them.

        documents: Each with its place in the request.

        actor: Who imports.

        now: The time of the change.

        new_id: Makes ids.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('directory.import:' || %s, 0))", [dataset])
    cursor = await connection.execute(_CONFIDENTIAL, {"dataset": dataset})
    confidential: set[tuple[str, str]] = set(await cursor.fetchall())
    refused: list[tuple[int, Violation]] = []
    kept: list[NewDocument] = []
    for index, document in documents:
        if _is_confidential(document, confidential):
            refused.append((index, Violation("document", "must not be about a confidential site")))
        else:
            kept.append(document)
    created, updated = await _save(connection, dataset, kept, actor=actor, now=now, new_id=new_id)
    refused += await _bring_records(connection, dataset, documents, kept, actor=actor, now=now, new_id=new_id)
    return Came(created, updated, len(kept) - created - updated, refused)


def _is_confidential(document: NewDocument, confidential: set[tuple[str, str]]) -> bool:
    """Say whether a document tells of a confidential site; an organization's may, if it has others."""
    if (document.table, document.source_key) in confidential:
        return True
    sites = [("location", key) in confidential for key in document.location_keys]
    return all(sites) and bool(sites) if document.table == "organization" else any(sites)


async def list_page(connection: Connection, dataset: str, after: str | None, limit: int) -> list[Listed]:
    """Read documents by id, without those of archived records and, once more, of confidential ones."""
    async with connection.cursor(row_factory=class_row(Listed)) as cursor:
        await cursor.execute(
            """
            SELECT document_id::text, table_name, document.source_key, document.dataset, document.doc,
                   coalesce(organization.organization_id, service.service_id, location.location_id,
                            provider.provider_id)::text AS record_id
            FROM document
            LEFT JOIN organization ON table_name = 'organization'
                AND (organization.dataset, organization.source_key) = (document.dataset, document.source_key)
            LEFT JOIN service ON table_name = 'service'
                AND (service.dataset, service.source_key) = (document.dataset, document.source_key)
            LEFT JOIN location ON table_name = 'location'
                AND (location.dataset, location.source_key) = (document.dataset, document.source_key)
            LEFT JOIN provider ON table_name = 'service_at_location'
                AND (provider.dataset, provider.source_key) = (document.dataset, document.source_key)
            WHERE document_id > %(after)s AND %(dataset)s IN ('', document.dataset)
              AND NOT coalesce(organization.archived, service.archived, location.archived, provider.archived, false)
              AND coalesce(location.disclosure, provider.disclosure, 'PUBLIC') = 'PUBLIC'
            ORDER BY document_id LIMIT %(limit)s
            """,
            {"after": after or str(UUID(int=0)), "dataset": dataset, "limit": limit},
        )
        return [replace(each, record_id=each.record_id or "") for each in await cursor.fetchall()]


async def _save(
    connection: Connection,
    dataset: str,
    documents: Sequence[NewDocument],
    *,
    actor: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> tuple[int, int]:
    """Write the documents that are new or different, and count both."""
    by_key = {(each.table, each.source_key): each for each in documents}
    cursor = await connection.execute(
        """
        INSERT INTO document AS known
            (document_id, dataset, table_name, source_key, hsds_id, doc, actor, update_time)
        SELECT new.document_id, %(dataset)s, new.table_name, new.source_key, new.hsds_id, new.doc, %(actor)s, %(now)s
        FROM unnest(%(ids)s::uuid[], %(tables)s::text[], %(keys)s::text[], %(hsds_ids)s::text[], %(docs)s::text[])
            AS new (document_id, table_name, source_key, hsds_id, doc)
        ON CONFLICT (dataset, table_name, source_key) DO UPDATE
            SET hsds_id = excluded.hsds_id, doc = excluded.doc, actor = excluded.actor,
                update_time = excluded.update_time
            WHERE known.doc <> excluded.doc
        RETURNING document_id
        """,
        {
            "dataset": dataset,
            "actor": actor,
            "now": now,
            "ids": (ids := [new_id() for _ in by_key]),
            "tables": [each.table for each in by_key.values()],
            "keys": [each.source_key for each in by_key.values()],
            "hsds_ids": [each.hsds_id for each in by_key.values()],
            "docs": [each.text for each in by_key.values()],
        },
    )
    written = [document_id for (document_id,) in await cursor.fetchall()]
    created = len(set(written) & set(ids))
    return created, len(written) - created


async def _bring_records(
    connection: Connection,
    dataset: str,
    documents: Sequence[tuple[int, NewDocument]],
    kept: Sequence[NewDocument],
    *,
    actor: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[tuple[int, Violation]]:
    """Create and change the records that came along; a service whose organization is not there is refused."""

    def make_id() -> str:
        return str(new_id())

    organizations = await bring_up(connection, ORGANIZATIONS, dataset, _records(dataset, kept, Organization), make_id)
    await organizations.write(connection)
    locations = await bring_up(connection, LOCATIONS, dataset, _records(dataset, kept, Location), make_id)
    await locations.write(connection)
    owner_keys = {each.source_key: each.organization_key for each in kept if isinstance(each.record, Service)}
    cursor = await connection.execute(
        "SELECT source_key, organization_id::text FROM organization WHERE dataset = %s AND source_key = ANY(%s)",
        [dataset, list(owner_keys.values())],
    )
    owners: dict[str, str] = dict(await cursor.fetchall())
    found = {
        key: replace(service, organization_id=owners[owner_keys[key]])
        for key, service in _records(dataset, kept, Service).items()
        if owner_keys[key] in owners
    }
    services = await bring_up(connection, SERVICES, dataset, found, make_id)
    await services.write(connection)
    changes = [
        change
        for location_id, location in locations.changed.items()
        for change in await follow_location(connection, location_id, location)
    ] + [
        change
        for service_id, service in services.changed.items()
        for change in await follow_service(connection, service_id, service.organization_id)
    ]
    await write(connection, list({each.provider_id: each for each in changes}.values()), actor=actor, now=now)
    rule = "must name an organization of the dataset: the document is kept without its record"
    return [
        (index, Violation("service.organization_id", rule))
        for index, each in documents
        if isinstance(each.record, Service) and each.source_key in owner_keys and each.source_key not in found
    ]


def _records(dataset: str, documents: Sequence[NewDocument], kind: type[R]) -> Mapping[str, R]:
    found: dict[str, Any] = {}
    for each in documents:
        if isinstance(each.record, kind):
            licence = each.record.source.licence if each.record.source else ""
            source = Source(dataset=dataset, source_key=each.source_key, licence=licence)
            found[each.source_key] = replace(each.record, source=source)
    return found
