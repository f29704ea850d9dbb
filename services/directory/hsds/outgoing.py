"""
Turn the directory's records into documents, for an export.

A record that came as a document goes out as that document, with what the directory
says otherwise written into it. Confidential sites go out in no form (R16, R21): no
provider or location of theirs, no service or organization that has nothing else.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final

from services.directory.hsds import bodies, offers, terms
from services.directory.hsds.attributes import made_id, write_claims, write_fact
from services.directory.hsds.bodies import Fields, overlay
from services.directory.hsds.carried import Carried, opened
from services.directory.hsds.documents import Body, Document, Documents
from services.directory.hsds.incoming import fields_of
from services.directory.hsds.ways import Remarks, Ways
from services.directory.model import Location, Organization, Provider, Service

_Record = Organization | Service | Location | Provider
_CLASS: Final[Mapping[str, type[Any]]] = {
    "organization": Organization,
    "service": Service,
    "location": Location,
    "service_at_location": Provider,
}
#: set by the directory, said by the nesting, or a secret of it
_NOT_SAID: Final = frozenset(
    {"organization_id", "service_id", "location_id", "receiver_id", "source", "site", "disclosure", "pool_id"}
)


@dataclass(slots=True)
class Records:
    """What the directory has, by record id, without what is archived."""

    organizations: dict[str, Organization] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)
    carried: Sequence[Carried] = ()

    def public(self) -> "Records":
        """Leave out what may not leave: confidential sites, and what is known by them alone."""
        providers = {key: each for key, each in self.providers.items() if not each.is_confidential}
        locations = {key: each for key, each in self.locations.items() if not each.is_confidential}
        came = {each.record_id for each in self.carried}
        services = _of_public(self.services, "service_id", self.providers, providers, came)
        by_service = {key: self.services[key] for key in services}
        organizations = _of_public(
            self.organizations,
            "organization_id",
            {key: each.located for key, each in self.providers.items()},
            {key: each.located for key, each in providers.items()},
            came | {each.organization_id for each in by_service.values()},
        )
        here = {*organizations, *services, *locations, *providers}
        return Records(
            organizations={key: self.organizations[key] for key in organizations},
            services={key: each for key, each in by_service.items() if each.organization_id in organizations},
            locations=locations,
            providers=providers,
            carried=[each for each in self.carried if not each.record_id or each.record_id in here],
        )


def _of_public(
    records: Mapping[str, Any],
    column: str,
    holders: Mapping[str, Any],
    public: Mapping[str, Any],
    came: set[str],
) -> list[str]:
    """List the records that a public provider has, or that came as documents and have no provider at all."""
    used = {getattr(each, column) for each in public.values()}
    hidden = {getattr(each, column) for each in holders.values()} - used
    return [key for key in records if key in used or (key in came and key not in hidden)]


def outgoing(records: Records) -> Documents:
    """Write the documents of all that may leave."""
    return _Writer(records.public()).documents()


class _Writer:
    def __init__(self, records: Records) -> None:
        self._records = records
        self._documents = Documents()
        self._ways: dict[str, Ways] = {}  # by record id
        self._keys: dict[str, str] = {}  # of records in the standard, by record id
        self._new: set[str] = set()
        self._pools = Counter(each.pool_id for each in records.providers.values())

    def documents(self) -> Documents:
        self._take_carried()
        self._begin_records()
        for table, records in self._by_table().items():
            for record_id, record in records.items():
                self._overlay(self._documents.of(table)[self._keys[record_id]], record_id, record)
        return self._documents

    def _by_table(self) -> Mapping[str, Mapping[str, _Record]]:
        return {
            "organization": self._records.organizations,
            "location": self._records.locations,
            "service": self._records.services,
            "service_at_location": self._records.providers,
        }

    def _take_carried(self) -> None:
        for carried in self._records.carried:
            document, ways = opened(carried.table, carried.text)
            if document.key in self._documents.of(carried.table):
                continue  # of two datasets that have an id in common the second goes out by its own
            if carried.record_id:
                self._keys[carried.record_id] = document.key
                self._ways[carried.record_id] = ways
            self._documents.of(carried.table)[document.key] = document

    def _begin_records(self) -> None:
        """Begin the documents of records that came otherwise, and link all as the directory has them."""
        providers: dict[str, list[Provider]] = defaultdict(list)
        for provider in self._records.providers.values():
            providers[provider.service_id].append(provider)
        for table, records in self._by_table().items():
            for record_id, record in records.items():
                document = self._document(table, record_id, record)
                for link in ("organization", "service", "location"):
                    self._link(document, link, getattr(record, f"{link}_id", ""))
                if table == "service":
                    self._write_service(document, providers[record_id], is_new=record_id in self._new)

    def _document(self, table: str, record_id: str, record: _Record) -> Document:
        """Take the document that a record came as, or begin one."""
        if record_id in self._keys:
            return self._documents.of(table)[self._keys[record_id]]
        body: Body = {"id": record_id}
        if table == "location":
            body["location_type"] = "physical"
        elif table == "organization":
            bodies.write_descriptions(body, record.names if isinstance(record, Organization) else ())
        if record.source is not None:
            origin = {"dataset": record.source.dataset, "source_key": record.source.source_key}
            write_fact(table, body, "origin", origin)
        self._keys[record_id] = record_id
        self._ways[record_id] = Ways()
        self._new.add(record_id)
        document = Document(table, record_id, body)
        self._documents.of(table)[record_id] = document
        return document

    def _link(self, document: Document, link: str, record_id: str) -> None:
        key = self._keys.get(record_id)
        if key is not None and document.links.get(link) != key:
            document.links[link] = key
            if f"{link}_id" in document.body or (document.table == "location" and document.key in self._new):
                document.body[f"{link}_id"] = key

    def _write_service(self, document: Document, providers: Sequence[Provider], *, is_new: bool) -> None:
        """Write what the standard says of services and the directory of providers, where all of these agree."""
        statuses = {each.status for each in providers}
        if len(statuses) == 1 and not offers.says_status(document.body, *statuses):
            document.body["status"] = offers.status_word(*statuses)
        document.body.setdefault("status", "active" if statuses else "inactive")
        spoken = dict.fromkeys(each.language for provider in providers for each in provider.languages)
        ages = {offers.ages_of(provider) for provider in providers}
        if is_new and len(ages) == 1:
            offers.write_ages(document.body, *ages)
        if is_new and len(providers) == 1:
            offers.write_capacities(document.body, providers[0].place_reports)
        if is_new and spoken:
            document.body["languages"] = [
                {"id": made_id("language", document.key, code), "code": code} for code in spoken
            ]

    def _overlay(self, document: Document, record_id: str, record: _Record) -> None:
        ways = self._ways[record_id]
        defaults = _defaults(document.table)

        def read() -> Fields:
            return {**defaults, **fields_of(document, self._documents, ways, Remarks())}

        told = _typed(record)
        if isinstance(record, Provider) and (record.pool_id != record_id or self._pools[record.pool_id] > 1):
            told["pool_id"] = record.pool_id
        overlay(document.table, document.body, told, read, _writers(document.table, record))


def _typed(record: _Record) -> Fields:
    told = {each.name: getattr(record, each.name) for each in fields(record) if each.name not in _NOT_SAID}
    source = record.source
    if source is not None:
        told["licence"] = source.licence
        if isinstance(record, Provider):
            told["verified_time"] = source.verified_time
    return told


def _defaults(table: str) -> Fields:
    """Say what a record has of which its document says nothing."""
    own = {each.name: each.default for each in fields(_CLASS[table]) if each.default is not MISSING}
    return {**own, "licence": "", "verified_time": None, "pool_id": ""}


def _writers(table: str, record: _Record) -> Mapping[str, Callable[[Body, Any], None]]:
    match table, record:
        case "organization", Organization(names=names):
            return {
                "names": bodies.write_names,
                # the standard requires one; where there is none the name stands there, and an attribute says so
                "descriptions": lambda body, descriptions: bodies.write_descriptions(body, descriptions or names),
                "url": bodies.write_website,
                "contacts": offers.write_contacts,
            }
        case "service", _:
            return {
                "names": bodies.write_names,
                "descriptions": bodies.write_descriptions,
                "contacts": offers.write_contacts,
                "cost_options": terms.write_costs,
                "required_documents": terms.write_documents,
                "funding_conditions": terms.write_funding,
            }
        case "location", Location(country_code=country_code):
            return {
                "names": bodies.write_names,
                "place": bodies.write_place,
                "contacts": offers.write_contacts,
                "transportation": terms.write_transportation,
                "accessibilities": terms.write_accessibilities,
                "addresses": lambda body, addresses: bodies.write_addresses(body, addresses, country_code),
            }
        case _:
            return {
                "claims": lambda body, claims: write_claims("service_at_location", body, claims),
                "descriptions": bodies.write_descriptions,
                "contacts": offers.write_contacts,
                "schedules": offers.write_schedules,
            }
