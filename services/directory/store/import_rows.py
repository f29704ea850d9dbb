"""The rows of an import before they are written: which are refused, what each rests on, and what is there already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from psycopg.rows import class_row

from services.directory.model import (
    Disclosure,
    ImportRecord,
    Location,
    Organization,
    Provider,
    Service,
    Site,
    Source,
    Stored,
    inside,
    refuse,
)
from services.directory.store.arrays import array
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.requests_wire import is_record_id
from services.errors import InvalidInput, Violation
from services.runtime.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One accepted row: its parts, each with the source by which it is known."""

    source_key: str
    organization: Organization
    organization_source: Source
    service: Service
    service_source: Source
    location: Location
    location_source: Source
    provider: Provider

    @classmethod
    def of(cls, dataset: str, record: ImportRecord) -> "Row":
        """
        Give every part of a record its source.

        Raises:
            InvalidInput: a part is of another dataset, or the provider tells
                too much of a confidential site.
        """
        organization, key = record.organization, record.source_key
        told = record.provider.source or Source(dataset=dataset, source_key=key)
        provider_source = _own_source(dataset, record.provider, "provider", told)
        if provider_source.source_key != key:
            raise refuse("provider.source.source_key", "must be the key of the row")
        if record.location.is_confidential:
            inside("provider", record.provider.at, Site.of(record.location, ""))
        licence, verified_time = provider_source.licence, provider_source.verified_time
        by_name = _source(dataset, f"name:{organization.names[0].text}"[:256], licence, verified_time)
        provider = record.provider
        return cls(
            source_key=key,
            organization=organization,
            organization_source=_own_source(dataset, organization, "organization", by_name),
            service=record.service,
            service_source=_own_source(dataset, record.service, "service", provider_source),
            location=record.location,
            location_source=_own_source(dataset, record.location, "location", provider_source),
            provider=provider if provider.source else replace(provider, source=provider_source),
        )

    @property
    def organization_key(self) -> str:
        """The key by which the dataset knows the organization."""
        return self.organization_source.source_key

    @property
    def service_key(self) -> str:
        """The same for the service."""
        return self.service_source.source_key

    @property
    def location_key(self) -> str:
        """The same for the location."""
        return self.location_source.source_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A provider that the dataset has already, locked."""

    provider_id: str
    source_key: str
    archived: bool
    disclosure: str
    receiver_id: str
    pool_id: str
    doc: bytes
    create_time: datetime

    @property
    def is_public(self) -> bool:
        """Whether its exact place was public until now."""
        return self.disclosure == Disclosure.PUBLIC

    @property
    def provider(self) -> Provider:
        """The provider as it is."""
        return PROVIDER.value(Stored(record_id=self.provider_id, revision=0, doc=self.doc))


async def sort_out(connection: Connection, dataset: str, records: Sequence[ImportRecord]) -> list[Row | Violation]:
    """Say of each record what it rests on, or which rule it breaks."""
    sorted_out = [_row_or_fault(dataset, record) for record in records]
    rows = [row for row in sorted_out if isinstance(row, Row)]
    confidential = await _confidential_locations(connection, dataset, rows)
    receivers = await _receivers(connection, rows)
    return [_checked(row, confidential, receivers) if isinstance(row, Row) else row for row in sorted_out]


async def reported_pools(connection: Connection, dataset: str, rows: Sequence[Row]) -> set[str]:
    """List the pools that rows join by name or report, as far as they are there already."""
    named = {row.provider.pool_id for row in rows} - {""}
    reporting = [row.source_key for row in rows if row.provider.place_reports and not row.provider.pool_id]
    if reporting:
        cursor = await connection.execute(
            "SELECT pool_id FROM provider WHERE dataset = %s AND source_key = ANY(%s)", [dataset, reporting]
        )
        named |= {pool_id for (pool_id,) in await cursor.fetchall()}
    return named


async def read_known(connection: Connection, dataset: str, source_keys: Sequence[str]) -> Mapping[str, Known]:
    """Lock the providers of a dataset that have these keys, and read them by key."""
    async with connection.cursor(row_factory=class_row(Known)) as cursor:
        await cursor.execute(
            """
            SELECT provider_id::text, source_key, archived, disclosure, coalesce(receiver_id::text, '') AS receiver_id,
                   pool_id, doc, create_time
            FROM provider WHERE dataset = %s AND source_key = ANY(%s::text[]) ORDER BY provider_id FOR UPDATE
            """,
            [dataset, array(source_keys)],
        )
        return {known.source_key: known for known in await cursor.fetchall()}


def _row_or_fault(dataset: str, record: ImportRecord) -> Row | Violation:
    try:
        return Row.of(dataset, record)
    except InvalidInput as error:
        return error.fields[0] if error.fields else Violation("row", error.message)


def _checked(row: Row, confidential: frozenset[str], receivers: frozenset[str]) -> Row | Violation:
    if row.location.disclosure is Disclosure.PUBLIC and row.location_key in confidential:
        # an old file must not uncover a site; an editor may, by name
        return Violation("location.disclosure", "must stay AREA: a file cannot make a confidential site public")
    if row.provider.receiver_id and row.provider.receiver_id not in receivers:
        return Violation("provider.receiver_id", "must name a receiver that is there and not archived")
    return row


async def _confidential_locations(connection: Connection, dataset: str, rows: Sequence[Row]) -> frozenset[str]:
    keys = [row.location_key for row in rows if row.location.disclosure is Disclosure.PUBLIC]
    cursor = await connection.execute(
        "SELECT source_key FROM location WHERE dataset = %s AND source_key = ANY(%s::text[]) AND disclosure = 'AREA'",
        [dataset, array(keys)],
    )
    return frozenset(key for (key,) in await cursor.fetchall())


async def _receivers(connection: Connection, rows: Sequence[Row]) -> frozenset[str]:
    named = {row.provider.receiver_id for row in rows}
    cursor = await connection.execute(
        "SELECT receiver_id::text FROM receiver WHERE receiver_id = ANY(%s::uuid[]) AND NOT archived FOR SHARE",
        [[receiver_id for receiver_id in named if is_record_id(receiver_id)]],
    )
    return frozenset(receiver_id for (receiver_id,) in await cursor.fetchall())


def _own_source(
    dataset: str, part: Organization | Service | Location | Provider, field: str, otherwise: Source
) -> Source:
    """Return the source that a part has, or another."""
    if part.source is None:
        return otherwise
    if part.source.dataset != dataset:
        raise refuse(f"{field}.source.dataset", "must be the dataset of the import")
    return part.source


@lru_cache(maxsize=1024)
def _source(dataset: str, source_key: str, licence: str, verified_time: datetime | None) -> Source:
    """Make the source of what has none; an organization of many rows has one."""
    return Source(dataset=dataset, source_key=source_key, licence=licence, verified_time=verified_time)
