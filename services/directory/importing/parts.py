"""
Read the four records of a row: organization, service, location, provider.

What would tell more about a confidential site than its area is left out here, with
a notice: addresses, descriptions, contacts. Its names are the mapping's aliases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.directory.importing import facts
from services.directory.importing.claims import claims
from services.directory.importing.paths import Record, is_blank, text_of
from services.directory.importing.points import PopulationOf, cell, coarsen, point
from services.directory.importing.sections import Section
from services.directory.importing.sources import Notes, RowRefused, any_text, choice, plain_text, word
from services.directory.importing.terms import (
    LISTS_OF_PROVIDERS,
    OF_LOCATIONS,
    OF_ORGANIZATIONS,
    OF_PROVIDERS,
    OF_SERVICES,
    terms,
)
from services.directory.importing.texts import texts
from services.directory.importing.times import moment
from services.directory.model import (
    Claim,
    Disclosure,
    Firewall,
    Location,
    Organization,
    Period,
    Provider,
    ReachOut,
    Reporting,
    Service,
    Source,
    Status,
    Vetting,
    VettingState,
)
from services.directory.model.imports import Notice

PopulationIn = Callable[[str], PopulationOf]  #: country → people known to live in a cell there
ReadKey = Callable[[Record], str]
ReadOrganization = Callable[[Record, Notes, bool], Organization]  #: the flag says that the site is confidential
ReadService = Callable[[Record, Notes, bool], Service]
ReadLocation = Callable[[Record, Notes, PopulationIn], Location]
ReadProvider = Callable[[Record, Notes, Location, str], Provider]


@dataclass(frozen=True, slots=True)
class Origin:
    """What every record of an import has in common."""

    dataset: str
    licence: str

    def source(self, key: str) -> Source | None:
        """Make the source of a record; a record without a key of its own has none."""
        return Source(dataset=self.dataset, source_key=key, licence=self.licence) if key else None


def key_of(section: Section, key: str = "key") -> ReadKey:
    """
    Read the columns that identify a record, joined by colons.

    A colon or backslash inside a value is escaped, so that two keys never meet.
    The function answers "" where every column is blank, and refuses where only some are.
    """
    if not section.has(key):
        return lambda record: ""
    columns = section.texts(key)
    gets = [section.reader(column, key) for column in columns]
    field = section.at(key)
    if len(gets) == 1:
        (get,) = gets
        return lambda record: _one_column_key(get(record), field)

    def read(record: Record) -> str:
        values = [get(record) for get in gets]
        if all(is_blank(value) for value in values):
            return ""
        if any(is_blank(value) or isinstance(value, dict | list) for value in values):
            raise RowRefused(field, "must be given in every column of the key")
        return ":".join(text_of(value).replace("\\", "\\\\").replace(":", "\\:") for value in values)

    return read


def _one_column_key(value: Any, field: str) -> str:
    if is_blank(value):
        return ""
    if isinstance(value, dict | list):
        raise RowRefused(field, "must be given in every column of the key")
    return text_of(value).replace("\\", "\\\\").replace(":", "\\:")


def organization(section: Section, origin: Origin) -> ReadOrganization:
    with section:
        key, names, descriptions = key_of(section), texts(section, "names"), texts(section, "descriptions")
        url = plain_text(section, "url")
        more = terms(section, "organization", OF_ORGANIZATIONS)

    def read(record: Record, notes: Notes, confidential: bool) -> Organization:  # noqa: FBT001 -- a fact of the row
        own_key = key(record)
        return Organization(
            names=names(record),
            descriptions=() if confidential else descriptions(record),
            # the page of a keyed organization is the same for all its rows; another could be the house's own
            url="" if confidential and not own_key else url(record, notes),
            source=origin.source(own_key),
            **more(record, notes, "UTC", confidential),
        )

    return read


def service(section: Section, origin: Origin) -> ReadService:
    with section:
        key, names, descriptions = key_of(section), texts(section, "names"), texts(section, "descriptions")
        more = terms(section, "service", OF_SERVICES)

    def read(record: Record, notes: Notes, confidential: bool) -> Service:  # noqa: FBT001 -- a fact of the row
        return Service(
            organization_id="",
            names=names(record),
            descriptions=() if confidential else descriptions(record),
            source=origin.source(key(record)),
            **more(record, notes, "UTC", confidential),
        )

    return read


def location(section: Section, origin: Origin) -> ReadLocation:
    with section:
        key, names, aliases = key_of(section), texts(section, "names"), texts(section, "aliases")
        disclosure = word(section, "disclosure", Disclosure)
        exact, coarse = point(section), cell(section)
        country, zone = choice(section, "country", any_text), choice(section, "time_zone", any_text)
        addresses, wheelchair = texts(section, "addresses"), word(section, "wheelchair", Claim, Claim.UNKNOWN)
        front_gate = plain_text(section, "front_gate")
        more = terms(section, "location", OF_LOCATIONS)
        country_field, zone_field = section.at("country"), section.at("time_zone")

    def read(record: Record, notes: Notes, population_in: PopulationIn) -> Location:
        confidential = disclosure(record, notes) is Disclosure.AREA
        country_code, time_zone = country(record, notes), zone(record, notes)
        for field, value in ((country_field, country_code), (zone_field, time_zone)):
            if not value:
                raise RowRefused(field, "must be given")
        place = exact(record, notes)
        if confidential and addresses(record):
            notes.notices.append(Notice("location.addresses", "address_withheld"))
        return Location(
            names=aliases(record)[:1] if confidential else names(record),
            disclosure=Disclosure.AREA if confidential else Disclosure.PUBLIC,
            place=(coarse(record, notes) or coarsen(place, notes, population_in(country_code)))
            if confidential
            else place,
            country_code=country_code,
            time_zone=time_zone,
            addresses=() if confidential else addresses(record),
            front_gate_place_id=front_gate(record, notes),
            wheelchair=wheelchair(record, notes),
            source=origin.source(key(record)),
            **more(record, notes, time_zone, confidential),
        )

    return read


def provider(top: Section, origin: Origin) -> ReadProvider:
    """Read `[provider]` and the lists of facts, which stand at the top of a mapping."""
    with top.inner("provider") as section:
        names, aliases = texts(section, "names"), texts(section, "aliases")
        descriptions = texts(section, "descriptions")
        receiver, pool = plain_text(section, "receiver"), plain_text(section, "pool")
        status, reach_out = word(section, "status", Status), word(section, "reach_out", ReachOut)
        start, end = moment(section, "start"), moment(section, "end")
        last_day = moment(section, "last_day", day_after=True)
        vetting = word(section, "vetting", VettingState, VettingState.UNVETTED)
        vetting_expires, verified = moment(section, "vetting_expires"), moment(section, "verified")
        reporting = word(section, "reporting", Reporting, Reporting.UNKNOWN)
        co_located = word(section, "co_located", Claim, Claim.UNKNOWN)
        staff_genders = facts.several(section, "staff_genders")
        across = word(section, "works_across_borders", Claim, Claim.UNKNOWN)
        free = word(section, "free_of_charge", Claim, Claim.UNKNOWN)
        detention = word(section, "detention", Claim, Claim.NO)
        more = terms(section, "provider", OF_PROVIDERS)
    offered = claims(top)
    rules, languages = facts.facts(top, "rules", facts.rule), facts.facts(top, "languages", facts.language)
    contacts, places = facts.facts(top, "contacts", facts.contact), facts.facts(top, "places", facts.places)
    schedules = facts.facts(top, "schedules", facts.schedule)
    listed = terms(top, "provider", LISTS_OF_PROVIDERS)

    def read(record: Record, notes: Notes, at: Location, source_key: str) -> Provider:
        confidential, zone = at.disclosure is Disclosure.AREA, at.time_zone
        described, reached = descriptions(record), contacts(record, notes, zone)
        if confidential:
            for field, given, code in (
                ("provider.descriptions", described, "description_withheld"),
                ("provider.contacts", reached, "contact_withheld"),
            ):
                if given:
                    notes.notices.append(Notice(field, code))
            described, reached = (), ()
        return Provider(
            service_id="",
            location_id="",
            receiver_id=receiver(record, notes),
            pool_id=pool(record, notes),
            source=Source(
                dataset=origin.dataset,
                source_key=source_key,
                licence=origin.licence,
                verified_time=verified(record, zone),
            ),
            names=aliases(record) if confidential else names(record),
            descriptions=described,
            claims=offered(record, notes),
            rules=rules(record, notes, zone),
            languages=languages(record, notes, zone),
            valid=Period(start(record, zone), last_day(record, zone) or end(record, zone)),
            status=status(record, notes),
            vetting=Vetting(vetting(record, notes), vetting_expires(record, zone)),
            firewall=Firewall(reporting(record, notes), co_located(record, notes)),
            reach_out=reach_out(record, notes),
            contacts=reached,
            place_reports=tuple(sorted(places(record, notes, zone), key=lambda report: report.population)),
            schedules=schedules(record, notes, zone),
            staff_genders=staff_genders(record),
            works_across_borders=across(record, notes),
            free_of_charge=free(record, notes),
            detention=detention(record, notes) is Claim.YES,
            **more(record, notes, zone, confidential),
            **listed(record, notes, zone, confidential),
        )

    return read
