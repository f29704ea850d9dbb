"""Read organizations, services and locations out of their documents, and write into these what differs."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.directory.hsds import terms
from services.directory.hsds.attributes import facts_of, made_id, write_fact
from services.directory.hsds.attributes import forget as forget_attributes
from services.directory.hsds.documents import Body
from services.directory.hsds.ways import Remarks, Ways, texts_of
from services.directory.model import Disclosure, LocalizedText, Location, Organization, Service, Texts
from services.directory.model.countries import COUNTRIES
from services.directory.model.fallback import text_for
from services.directory.model.imports import Fault, Notice
from services.errors import InvalidInput
from services.geo import Point

Fields = dict[str, Any]
FACTS_TAXONOMY: Final = "ihala-facts"
_DECIMAL: Final = re.compile(r"-?\d{1,3}(\.\d{1,30})?", re.ASCII)
_ADDRESS: Final = ("attention", "address_1", "address_2", "city", "region", "state_province", "postal_code", "country")


def organization_fields(body: Body, ways: Ways, remarks: Remarks) -> Fields:
    """Read what an organization's document says."""
    website = next((url for url in (body.get("website"), body.get("uri")) if _is_web(url)), "")
    fields = {
        **_named("organization", body, ways, remarks),
        "url": website,
        "contacts": terms.contacts_of("organization.contacts", body, ways, remarks),
    }
    return with_facts("organization", body, remarks, fields)


def service_fields(body: Body, ways: Ways, remarks: Remarks) -> Fields:
    """Read what a service's document says of the service itself."""
    fields = {
        **_named("service", body, ways, remarks),
        "contacts": terms.contacts_of("service.contacts", body, ways, remarks),
        "cost_options": terms.costs_of(body, ways, remarks),
        "required_documents": terms.documents_of(body, ways, remarks),
        "funding_conditions": terms.funding_of(body, ways, remarks),
        "foreign_codes": terms.foreign_codes_of(body),
    }
    return with_facts("service", body, remarks, fields)


def location_fields(body: Body, ways: Ways, remarks: Remarks) -> Fields:
    """Read what a location's document says; a point that is none is left out and remarked."""
    named = _named("location", body, ways, remarks)
    named.pop("descriptions")  # the directory has none for a location; the document keeps it
    addresses = [each for each in body.get("addresses") or () if isinstance(each, dict)]
    lines = [", ".join(str(each[part]) for part in _ADDRESS if each.get(part)) for each in addresses]
    countries = [str(each.get("country")) for each in addresses]
    fields = {
        **named,
        "place": _point(body, remarks),
        "country_code": next((code for code in countries if code in COUNTRIES), ways.country_code),
        "time_zone": ways.time_zone,
        "addresses": texts_of(remarks, "location.addresses", ways.language, *lines),
        "contacts": terms.contacts_of("location.contacts", body, ways, remarks),
        "transportation": terms.transportation_of(body, ways, remarks),
        "accessibilities": terms.accessibilities_of(body, ways, remarks),
    }
    return with_facts("location", body, remarks, fields)


def organization_of(fields: Fields) -> Organization:
    return Organization(**_without_source(fields))


def service_of(fields: Fields) -> Service:
    return Service(organization_id="", **_without_source(fields))


def location_of(fields: Fields) -> Location:
    """
    Make a location; HSDS knows public ones alone.

    Raises:
        InvalidInput: the country is not known, which nobody guesses.
    """
    return Location(disclosure=Disclosure.PUBLIC, **_without_source(fields))


def with_facts(table: str, body: Body, remarks: Remarks, fields: Fields) -> Fields:
    """Let the attributes of a document count before its columns."""
    wrong: list[str] = []
    told = facts_of(table, body, wrong)
    remarks.faults.extend(
        Fault(f"{table}.attributes.{code}", "must be a value of its field, as JSON") for code in wrong
    )
    return {**fields, **told}


def overlay(
    table: str,
    body: Body,
    typed: Mapping[str, Any],
    read: Callable[[], Fields],
    writers: Mapping[str, Callable[[Body, Any], None]],
) -> None:
    """
    Write into a document what the directory says otherwise: into columns where they can say it, else as attributes.

    Where both say the same nothing is touched, so that a document comes out as it came in.
    """
    seen = read()
    for field, value in typed.items():
        if seen.get(field) != value:
            forget_attributes(body, FACTS_TAXONOMY, field)
            if field in writers:
                writers[field](body, value)
    seen = read()
    for field, value in typed.items():
        if seen.get(field) != value:
            write_fact(table, body, field, value)


def write_names(body: Body, names: Texts) -> None:
    """Write the name of the fallback chain, and another as the alternate name."""
    chosen = text_for(names, "en")
    body.pop("alternate_name", None)
    if chosen is None:
        body.pop("name", None)
        return
    body["name"] = chosen.text
    others = [text.text for text in names if text != chosen]
    if others:
        body["alternate_name"] = others[0]


def write_descriptions(body: Body, descriptions: Texts) -> None:
    chosen = text_for(descriptions, "en")
    body["description"] = chosen.text if chosen else ""


def write_website(body: Body, url: str) -> None:
    body["website"] = url
    if not url:
        del body["website"]


def write_place(body: Body, place: Point | None) -> None:
    for column in ("latitude", "longitude"):
        body.pop(column, None)
    if isinstance(place, Point):
        body.update(latitude=place.latitude_deg, longitude=place.longitude_deg)


def write_addresses(body: Body, addresses: tuple[LocalizedText, ...], country_code: str) -> None:
    """Write addresses as one line each: the directory does not know their parts."""
    body["addresses"] = [
        {
            "id": made_id("address", body["id"], number),
            "address_1": address.text,
            "city": "",
            "state_province": "",
            "postal_code": "",
            "country": country_code,
            "address_type": "physical",
        }
        for number, address in enumerate(addresses)
    ]
    if not addresses:
        del body["addresses"]


def _named(table: str, body: Body, ways: Ways, remarks: Remarks) -> Fields:
    names = texts_of(remarks, f"{table}.names", ways.language, body.get("name"), body.get("alternate_name"))
    return {
        "names": tuple(dict.fromkeys(names)),
        "descriptions": texts_of(remarks, f"{table}.descriptions", ways.language, body.get("description")),
    }


def _point(body: Body, remarks: Remarks) -> Point | None:
    latitude, longitude = _degrees(body.get("latitude")), _degrees(body.get("longitude"))
    if latitude is None and longitude is None:
        return None
    try:
        if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in (latitude, longitude)):
            remarks.faults.append(Fault("location.place", "must have two decimal numbers of degrees"))
        else:
            return Point(float(latitude or 0), float(longitude or 0))
    except InvalidInput as error:
        remarks.left_out(error, "location")
    except OverflowError:
        remarks.faults.append(Fault("location.place", "must have two decimal numbers of degrees"))
    remarks.notices.append(Notice("location.place", "point_refused"))
    return None


def _degrees(value: Any) -> Any:
    """Read a number that CSV has with more digits than a number of ours has."""
    return float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value


def _is_web(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("http://", "https://"))


def _without_source(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in {"licence", "verified_time", "origin"}}
