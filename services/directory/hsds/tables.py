"""The tables of HSDS 3.1: their files, columns, and which object stands inside which."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Child:
    """A property that holds objects of another table."""

    table: str
    key: str  #: the column that tells the nesting in CSV, of the child; of the parent if `one`
    one: bool = False  #: one object, not a list


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of object."""

    file: str
    columns: tuple[str, ...]
    numbers: frozenset[str]
    children: Mapping[str, Child]


_OWNED: Final = "attributes:attribute.link_id metadata:metadata.resource_id"
#: name: file | columns, numbers with # | property:table.key, single objects with =
_TABLES: Final = f"""
organization: organizations.csv
| id name alternate_name description email website tax_status tax_id year_incorporated# legal_status logo uri
  parent_organization_id
| additional_websites:url.organization_id funding:funding.organization_id contacts:contact.organization_id
  phones:phone.organization_id locations:location.organization_id programs:program.organization_id
  organization_identifiers:organization_identifier.organization_id services:service.organization_id {_OWNED}

service: services.csv
| id organization_id program_id name alternate_name description url email status interpretation_services
  application_process fees_description wait_time fees accreditations eligibility_description minimum_age# maximum_age#
  assured_date assurer_email licenses alert last_modified
| additional_urls:url.service_id phones:phone.service_id schedules:schedule.service_id
  service_areas:service_area.service_id service_at_locations:service_at_location.service_id
  languages:language.service_id organization=organization.organization_id funding:funding.service_id
  cost_options:cost_option.service_id program=program.program_id required_documents:required_document.service_id
  contacts:contact.service_id capacities:service_capacity.service_id {_OWNED}

service_at_location: service_at_location.csv
| id service_id location_id description
| service_areas:service_area.service_at_location_id contacts:contact.service_at_location_id
  phones:phone.service_at_location_id schedules:schedule.service_at_location_id location=location.location_id
  service=service.service_id {_OWNED}

location: locations.csv
| id location_type url organization_id name alternate_name description transportation latitude# longitude#
  external_identifier external_identifier_type
| languages:language.location_id addresses:address.location_id contacts:contact.location_id
  accessibility:accessibility.location_id phones:phone.location_id schedules:schedule.location_id {_OWNED}

program: programs.csv | id organization_id name alternate_name description | {_OWNED}
contact: contacts.csv
| id organization_id service_id service_at_location_id location_id name title department email
| phones:phone.contact_id {_OWNED}
phone: phones.csv
| id location_id service_id organization_id contact_id service_at_location_id number extension# type description
| languages:language.phone_id {_OWNED}
address: addresses.csv
| id location_id attention address_1 address_2 city region state_province postal_code country address_type | {_OWNED}
schedule: schedules.csv
| id service_id location_id service_at_location_id valid_from valid_to dtstart timezone# until count# wkst freq
  interval# byday byweekno bymonthday byyearday description opens_at closes_at schedule_link attending_type notes
| {_OWNED}
funding: funding.csv | id organization_id service_id source | {_OWNED}
service_area: service_areas.csv
| id service_id service_at_location_id name description extent extent_type uri | {_OWNED}
required_document: required_documents.csv | id service_id document uri | {_OWNED}
language: languages.csv | id service_id location_id phone_id name code note | {_OWNED}
accessibility: accessibility.csv | id location_id description details url | {_OWNED}
cost_option: cost_options.csv
| id service_id valid_from valid_to option currency amount# amount_description | {_OWNED}
organization_identifier: organization_identifiers.csv
| id organization_id identifier_scheme identifier_type identifier | {_OWNED}
service_capacity: service_capacity.csv
| id service_id unit_id available# maximum# description updated | unit=unit.unit_id {_OWNED}
unit: units.csv | id name scheme identifier uri | {_OWNED}
url: url.csv | id label url organization_id service_id | {_OWNED}
attribute: attributes.csv
| id link_id taxonomy_term_id link_type link_entity value label
| taxonomy_term=taxonomy_term.taxonomy_term_id metadata:metadata.resource_id
taxonomy_term: taxonomy_terms.csv
| id code name description parent_id taxonomy language taxonomy_id term_uri
| taxonomy_detail=taxonomy.taxonomy_id metadata:metadata.resource_id
taxonomy: taxonomies.csv | id name description uri version | metadata:metadata.resource_id
metadata: metadata.csv
| id resource_id resource_type last_action_date last_action_type field_name previous_value replacement_value
  updated_by |
meta_table_description: meta_table_descriptions.csv | id name language character_set | {_OWNED}
"""


def _tables() -> dict[str, Table]:
    found: dict[str, Table] = {}
    words = _TABLES.replace("|", " | ").split()
    starts = [at for at, word in enumerate(words) if word.endswith(":")]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        name, file = words[start][:-1], words[start + 1]
        middle = words.index("|", start + 3)
        columns, children = words[start + 3 : middle], words[middle + 1 : end]
        found[name] = Table(
            file=file,
            columns=tuple(column.rstrip("#") for column in columns),
            numbers=frozenset(column[:-1] for column in columns if column.endswith("#")),
            children=MappingProxyType(dict(map(_child, children))),
        )
    return found


def _child(text: str) -> tuple[str, Child]:
    one = "=" in text
    name, _, rest = text.partition("=" if one else ":")
    table, _, key = rest.partition(".")
    return name, Child(table, key, one)


TABLES: Final[Mapping[str, Table]] = MappingProxyType(_tables())
#: the objects that are records of the directory; the standard's services at locations are its providers
RECORDS: Final = ("organization", "service", "location", "service_at_location")
BY_FILE: Final[Mapping[str, str]] = MappingProxyType({table.file: name for name, table in TABLES.items()})
