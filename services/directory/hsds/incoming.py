"""Turn documents into rows of an import, and into documents to keep beside the records."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from services.directory.hsds.bodies import (
    Fields,
    location_fields,
    location_of,
    organization_fields,
    organization_of,
    service_fields,
    service_of,
)
from services.directory.hsds.carried import MAX_LENGTH, written
from services.directory.hsds.documents import Document, Documents
from services.directory.hsds.offers import provider_fields, provider_of
from services.directory.hsds.tables import RECORDS
from services.directory.hsds.ways import Remarks, Ways
from services.directory.model import (
    ImportRecord,
    Location,
    Organization,
    Service,
    Source,
    moved,
    refuse,
)
from services.directory.model.imports import Fault, Rejected, RowResult
from services.errors import InvalidInput

R = TypeVar("R")
_LOOSE_KEY: Final = "{table}/{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A document to keep, with the record that is made of it if no row brings one."""

    table: str
    source_key: str
    text: str
    record: Organization | Service | Location | None = None
    organization_key: str = ""  #: of a service: the organization that offers it
    location_keys: tuple[str, ...] = ()  #: of the locations that it speaks of


@dataclass(slots=True)
class Incoming:
    """What a file brings."""

    rows: list[RowResult]
    kept: list[Kept]
    rejected: list[Rejected]


class _Reader:
    def __init__(self, documents: Documents, ways: Ways) -> None:
        self._documents = documents
        self._ways = ways
        self.remarks: dict[tuple[str, str], Remarks] = {}
        self._fields: dict[tuple[str, str], Fields] = {}

    def key(self, table: str, key: str) -> str:
        """Say by which key the dataset knows a record: its own if it came from there, else its id in the standard."""
        document = self._documents.of(table).get(key)
        if document is None:
            return key
        origin = self._read(document).get("origin") or {}
        own = origin.get("source_key") if origin.get("dataset") == self._ways.dataset else None
        return own or key

    def organization(self, key: str) -> Organization:
        return self._made(self._documents.of("organization")[key], organization_of)

    def service(self, key: str) -> Service:
        return self._made(self._documents.of("service")[key], service_of)

    def location(self, key: str) -> Location:
        return self._made(self._documents.of("location")[key], location_of)

    def row(self, document: Document, number: int) -> RowResult:
        """Read one service at one location."""
        source_key = self.key(document.table, document.key)
        try:
            record, remarks = self._record(document, source_key)
        except InvalidInput as error:
            faults = tuple(Fault(each.field, each.rule) for each in error.fields)
            return RowResult(row_number=number, source_key=source_key, faults=faults or (Fault("row", error.message),))
        return RowResult(
            row_number=number,
            source_key=source_key,
            record=record,
            faults=tuple(dict.fromkeys(fault for each in remarks for fault in each.faults)),
            notices=tuple(dict.fromkeys(notice for each in remarks for notice in each.notices)),
        )

    def _record(self, document: Document, source_key: str) -> tuple[ImportRecord, list[Remarks]]:
        service = self._linked(document, "service")
        location = self._linked(document, "location")
        organization = self._linked(service, "organization")
        place = self.location(location.key)
        record = ImportRecord(
            source_key=source_key,
            organization=self.organization(organization.key),
            service=self.service(service.key),
            location=place,
            provider=self._made(document, lambda fields: provider_of(fields, place)),
        )
        parts = (document, service, location, organization)
        return record, [self.remarks[each.table, each.key] for each in parts]

    def _linked(self, document: Document, link: str) -> Document:
        found = self._documents.of(link).get(document.links.get(link, ""))
        if found is None:
            raise refuse(f"{document.table}.{link}", "must be there: without it nothing can be referred to")
        return found

    def _made(self, document: Document, make: Callable[[Fields], R]) -> R:
        fields = self._read(document)
        name = "provider" if document.table == "service_at_location" else document.table
        try:
            return make({**fields, "source": self._source(document, fields)})
        except InvalidInput as error:
            raise moved(error, name) from None

    def _source(self, document: Document, fields: Fields) -> Source:
        verified: datetime | None = fields.get("verified_time")
        return Source(
            dataset=self._ways.dataset,
            source_key=self.key(document.table, document.key),
            licence=fields.get("licence", self._ways.licence),
            verified_time=verified,
        )

    def _read(self, document: Document) -> Fields:
        place = (document.table, document.key)
        if place not in self._fields:
            self.remarks[place] = Remarks()
            self._fields[place] = fields_of(document, self._documents, self._ways, self.remarks[place])
        return self._fields[place]


def fields_of(document: Document, documents: Documents, ways: Ways, remarks: Remarks) -> Fields:
    """Read what the document of a record says, with what the documents beside it say of it."""
    match document.table:
        case "organization":
            return organization_fields(document.body, ways, remarks)
        case "service":
            return service_fields(document.body, ways, remarks)
        case "location":
            return location_fields(document.body, ways, remarks)
        case "service_at_location":
            service = documents.of("service").get(document.links.get("service", ""))
            location = documents.of("location").get(document.links.get("location", ""))
            beside = [each.body if each else {} for each in (service, location)]
            return provider_fields(document.body, beside[0], beside[1], ways, remarks)
        case _:
            return {}


def incoming(documents: Documents, ways: Ways) -> Incoming:
    """
    Turn the documents of a file into what an import sends.

    Every document is kept, also one of which no record can be made: that one is
    told among the rejected, and comes out again in an export as it came in.
    """
    reader = _Reader(documents, ways)
    offers = documents.of("service_at_location").values()
    rows = [reader.row(document, number) for number, document in enumerate(offers, start=1)]
    numbers = iter(range(len(rows) + 1, 1_000_000_000))
    rejected = [Rejected(next(numbers), fault, key, record_kept=bool(key)) for key, fault in documents.faults]
    kept: list[Kept] = []
    locations = _locations(documents)
    for document in documents:
        text = written(document, ways)
        key = reader.key(document.table, document.key) if document.table in RECORDS else document.key
        if document.table not in RECORDS:
            key = _LOOSE_KEY.format(table=document.table, key=key)
        if len(text) > MAX_LENGTH:
            fault = Fault(document.table, f"must have at most {MAX_LENGTH} characters of JSON: it is not kept")
            rejected.append(Rejected(next(numbers), fault, key, record_kept=True))
            continue
        record, faults = _record(reader, document)
        rejected += [Rejected(next(numbers), fault, key, record_kept=True) for fault in faults]
        organization = document.links.get("organization", "") if document.table == "service" else ""
        kept.append(
            Kept(
                table=document.table,
                source_key=key,
                text=text,
                record=record,
                organization_key=organization and reader.key("organization", organization),
                location_keys=tuple(
                    sorted(reader.key("location", each) for each in locations[document.table, document.key])
                ),
            )
        )
    return Incoming(rows, kept, rejected)


def _locations(documents: Documents) -> Mapping[tuple[str, str], set[str]]:
    """Say which locations each provider, service and organization speaks of."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for offer in documents.of("service_at_location").values():
        location = offer.links.get("location")
        service = documents.of("service").get(offer.links.get("service", ""))
        if location:
            found[offer.table, offer.key].add(location)
            if service is not None:
                found[service.table, service.key].add(location)
                found["organization", service.links.get("organization", "")].add(location)
    return found


def _record(reader: _Reader, document: Document) -> tuple[Organization | Service | Location | None, list[Fault]]:
    """Make the record of a document; a provider's comes with its row."""
    make: Any = {"organization": reader.organization, "service": reader.service, "location": reader.location}
    if document.table not in make:
        return None, []
    try:
        return make[document.table](document.key), []
    except InvalidInput as error:
        return None, [Fault(each.field, each.rule) for each in error.fields]
