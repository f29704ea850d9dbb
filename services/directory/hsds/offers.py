"""Read providers out of the documents of a service, a location and what joins them, and write what differs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from services.directory.hsds.attributes import claims_of, made_id
from services.directory.hsds.bodies import Fields, with_facts
from services.directory.hsds.documents import Body
from services.directory.hsds.schedules import schedule_rows, schedules_of
from services.directory.hsds.terms import contact_of, costs_of, documents_of, funding_of
from services.directory.hsds.ways import Remarks, Ways, texts_of
from services.directory.model import (
    AgeBand,
    Claim,
    Contact,
    ContactKind,
    LanguageOffer,
    Location,
    PlaceReport,
    Provider,
    ReachOut,
    Rule,
    RuleKind,
    Schedule,
    Site,
    Status,
)
from services.directory.model.imports import Fault
from services.errors import InvalidInput

_PATH: Final = "provider.contacts"
_STATUS: Final = {
    "active": Status.ACTIVE,
    "inactive": Status.PAUSED,
    "temporarily closed": Status.PAUSED,
    "defunct": Status.CLOSED,
}
_STATUS_WRITTEN: Final = {
    Status.DRAFT: "inactive",
    Status.ACTIVE: "active",
    Status.PAUSED: "temporarily closed",
    Status.DO_NOT_REFER: "active",
    Status.CLOSED: "defunct",
}


def provider_fields(at_location: Body, service: Body, location: Body, ways: Ways, remarks: Remarks) -> Fields:
    """Read what the three documents say of one service at one location."""
    contacts = tuple(dict.fromkeys(_contacts(at_location, service, location, ways, remarks)))
    hours = at_location.get("schedules") or service.get("schedules") or location.get("schedules") or []
    quiet = Remarks()  # the service's own record tells what is wrong with its terms
    physical = location.get("location_type") == "physical"
    spoken = [each for body in (service, location) for each in body.get("languages") or ()]
    fields = {
        "names": texts_of(remarks, "provider.names", ways.language, service.get("name")),
        "descriptions": texts_of(remarks, "provider.descriptions", ways.language, at_location.get("description")),
        "claims": tuple({each.code: each for each in (*claims_of(service), *claims_of(at_location))}.values()),
        "rules": _ages(service, remarks),
        "languages": _languages(spoken, remarks),
        "status": _status(service) or Status.PAUSED,
        "reach_out": _reach_out(contacts, physical=physical),
        "contacts": contacts,
        "schedules": schedules_of(hours, ways, remarks),
        "free_of_charge": _free(service),
        "cost_options": costs_of(service, ways, quiet),
        "required_documents": documents_of(service, ways, quiet),
        "funding_conditions": funding_of(service, ways, quiet),
        "verified_time": _verified(service),
        "licence": ways.licence,
    }
    return with_facts("service_at_location", at_location, remarks, fields)


def provider_of(fields: Fields, location: Location) -> Provider:
    """Make the provider of a row, which brings its service and its location along."""
    own = {name: value for name, value in fields.items() if name not in {"licence", "verified_time", "origin"}}
    return Provider(service_id="", location_id="", **own).at(Site.of(location, ""))


def status_word(status: Status) -> str:
    """Say a status in the standard's words."""
    return _STATUS_WRITTEN[status]


def says_status(service: Body, status: Status) -> bool:
    """Say whether a service's document has a status already."""
    return _status(service) is status


def _status(service: Body) -> Status | None:
    word = service.get("status")
    return _STATUS.get(word) if isinstance(word, str) else None


def ages_of(provider: Provider) -> AgeBand:
    """Return the ages that a provider takes, as far as the standard can say it: one range."""
    bands = [rule.age for rule in provider.rules if rule.kind is RuleKind.AGE and rule.claim is Claim.YES]
    return (bands[0] if len(bands) == 1 else None) or AgeBand()


def write_ages(service: Body, band: AgeBand) -> None:
    for column, years in (("minimum_age", band.min_years), ("maximum_age", band.max_years)):
        if years is not None:
            service[column] = years


def write_capacities(service: Body, reports: tuple[PlaceReport, ...]) -> None:
    """Write places by population, as far as both numbers are known; the attribute of the provider is what is read."""
    capacities = [
        {
            "id": made_id("capacity", service["id"], each.population),
            "unit": {
                "id": made_id("population", each.population),
                "name": f"place for {each.population}",
                "scheme": "ihala",
                "identifier": each.population,
            },
            "available": max(each.total - each.occupied, 0),
            "maximum": each.total,
            "updated": each.report_time.isoformat(),
        }
        for each in reports
        if each.total is not None and each.occupied is not None
    ]
    if capacities:
        service["capacities"] = capacities


def write_contacts(body: Body, contacts: tuple[Contact, ...]) -> None:
    """Write telephones and mail addresses; the standard has no place for a page here."""
    phones = [each for each in contacts if each.kind is ContactKind.PHONE]
    mails = [each for each in contacts if each.kind is ContactKind.EMAIL]
    body["phones"] = [
        {"id": made_id("phone", body["id"], each.value), "number": each.value, "type": "voice"} for each in phones
    ]
    body["contacts"] = [{"id": made_id("contact", body["id"], each.value), "email": each.value} for each in mails]
    for name in ("phones", "contacts"):
        if not body[name]:
            del body[name]


def write_schedules(body: Body, schedules: tuple[Schedule, ...]) -> None:
    body["schedules"] = list(schedule_rows(body["id"], schedules))
    if not body["schedules"]:
        del body["schedules"]


def _ages(service: Body, remarks: Remarks) -> tuple[Rule, ...]:
    ends: list[int | None] = []
    for column in ("minimum_age", "maximum_age"):
        years = service.get(column)
        if years is not None and (isinstance(years, bool) or not isinstance(years, int | float) or years != int(years)):
            remarks.faults.append(Fault(f"service.{column}", "must be a whole number of years"))
            years = None
        ends.append(None if years is None else int(years))
    if ends == [None, None]:
        return ()
    try:
        return (Rule(kind=RuleKind.AGE, claim=Claim.YES, age=AgeBand(*ends), basis="stated"),)
    except InvalidInput as error:
        remarks.left_out(error, "service")
        return (Rule(kind=RuleKind.AGE, claim=Claim.UNKNOWN, basis="stated"),)


def _languages(rows: list[Any], remarks: Remarks) -> tuple[LanguageOffer, ...]:
    found: dict[str, LanguageOffer] = {}
    for row in rows:
        code = row.get("code") if isinstance(row, dict) else None
        if not isinstance(code, str) or not code:
            continue  # a name alone is no tag, and none is guessed
        try:
            found.setdefault(code, LanguageOffer(language=code))
        except InvalidInput as error:
            remarks.left_out(error, "provider.languages")
    return tuple(found.values())


def _contacts(at_location: Body, service: Body, location: Body, ways: Ways, remarks: Remarks) -> Iterator[Contact]:
    bodies = (at_location, service, location)
    people = [person for body in bodies for person in body.get("contacts") or () if isinstance(person, dict)]
    for owner in (*bodies, *people):
        for phone in owner.get("phones") or ():
            number, label = phone.get("number"), phone.get("description")
            yield from contact_of(_PATH, ContactKind.PHONE, number, label, ways, remarks)
    for owner in (service, *people):
        yield from contact_of(_PATH, ContactKind.EMAIL, owner.get("email"), None, ways, remarks)
    yield from contact_of(_PATH, ContactKind.WEB, service.get("url"), None, ways, remarks)


def _reach_out(contacts: tuple[Contact, ...], *, physical: bool) -> ReachOut:
    if any(each.kind is ContactKind.PHONE for each in contacts):
        return ReachOut.TELEPHONE
    return ReachOut.WALK_IN if physical else ReachOut.NONE


def _free(service: Body) -> Claim:
    amounts = [each.get("amount") for each in service.get("cost_options") or () if isinstance(each, dict)]
    known = [amount for amount in amounts if isinstance(amount, int | float)]
    if any(amount > 0 for amount in known):
        return Claim.NO
    return Claim.YES if known and len(known) == len(amounts) else Claim.UNKNOWN


def _verified(service: Body) -> datetime | None:
    try:
        day = datetime.fromisoformat(service.get("assured_date") or "")
    except (TypeError, ValueError):
        return None
    return day if day.tzinfo else day.replace(tzinfo=UTC)
