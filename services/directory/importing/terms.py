"""
Read what few sources say: costs, papers to bring, who pays, numbers, ways to get there, foreign codes.

A field that a mapping does not name costs its rows nothing, and what would tell
where a confidential site is is left out with a notice.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.directory.importing import facts
from services.directory.importing.facts import Fact, ReadFacts
from services.directory.importing.paths import Record, words_of
from services.directory.importing.sections import Section
from services.directory.importing.sources import Notes, RowRefused, choice, look_up_table, one_of, plain_text
from services.directory.importing.texts import texts
from services.directory.importing.times import moment
from services.directory.model import CostOption, Delivery, LocalizedText, Period, PointPrecision
from services.directory.model.imports import Notice
from services.errors import InvalidInput

Make = Callable[[Section, str], Callable[[Record, Notes, str], Any]]
ReadTerms = Callable[[Record, Notes, str, bool], Mapping[str, Any]]  #: the flag says that the site is confidential

_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
#: what a confidential site may have of these; the rest is withheld
_TELLS_NOTHING: Final = frozenset({"foreign_codes", "deliveries"})


def terms(section: Section, part: str, fields: Mapping[str, tuple[str, Make]]) -> ReadTerms:
    """
    Read the fields of one part of a record that a mapping names.

    Args:
        section: Where they stand.

        part: The record that they are of, for notices: "service".

        fields: By field of the record, its key in the mapping and what makes its reader.

    Returns:
        A function that gives values by field, without those that nobody says.
    """
    readers = {field: make(section, key) for field, (key, make) in fields.items() if section.has(key)}
    if not readers:
        return lambda record, notes, zone, confidential: {}

    def read(record: Record, notes: Notes, zone: str, confidential: bool) -> Mapping[str, Any]:  # noqa: FBT001
        told = {field: value for field, get in readers.items() if (value := get(record, notes, zone))}
        if not confidential:
            return told
        for field in told.keys() - _TELLS_NOTHING:
            del told[field]
            code = "contact_withheld" if field == "contacts" else "description_withheld"
            notes.notices.append(Notice(f"{part}.{field}", code))
        return told

    return read


def _texts(section: Section, key: str) -> Callable[[Record, Notes, str], Any]:
    get = texts(section, key)
    return lambda record, notes, zone: get(record)


def _facts_of(make: Callable[[Section], ReadFacts[Fact]]) -> Make:
    return lambda section, key: facts.facts(section, key, make)


def _codes(section: Section, key: str) -> Callable[[Record, Notes, str], Any]:
    get = facts.several(section, key)
    return lambda record, notes, zone: tuple(dict.fromkeys(get(record)))


def _precision(section: Section, key: str) -> Callable[[Record, Notes, str], Any]:
    by_name = {each.name.lower(): each for each in PointPrecision}
    get = choice(section, key, one_of(*by_name), "")
    return lambda record, notes, zone: by_name.get(get(record, notes))  # nobody has said: nothing


def _deliveries(section: Section, key: str) -> Callable[[Record, Notes, str], Any]:
    """Read how a service comes to people: a constant list, or a column whose words are looked up in `codes`."""
    by_name, where = {each.name.lower(): each for each in Delivery}, section.at(key)
    check = one_of(*by_name)
    spec = section.take(key)
    if isinstance(spec, list):
        constant = tuple(dict.fromkeys(by_name[check(str(name), where)] for name in spec))
        return lambda record, notes, zone: constant
    with section.open(spec, key) as inner:
        get = inner.source("from")
        codes = look_up_table(inner, check) if inner.has("codes") else {name: name for name in by_name}

    def read(record: Record, notes: Notes, zone: str) -> tuple[Delivery, ...]:
        words = words_of(get(record))
        notes.notices += [Notice(where, "unmapped") for each in words if each not in codes]
        return tuple(dict.fromkeys(by_name[codes[each]] for each in words if each in codes))

    return read


def cost(section: Section) -> ReadFacts[CostOption]:
    """Read what it costs in one case; an amount that is no number is kept as a text, in no language that is known."""
    amount, currency = plain_text(section, "amount"), plain_text(section, "currency")
    descriptions = texts(section, "descriptions")
    start, end = moment(section, "start"), moment(section, "end")
    where = section.path

    def read(record: Record, notes: Notes, zone: str) -> tuple[CostOption, ...]:
        said, described = amount(record, notes).strip(), descriptions(record)
        is_number = _AMOUNT.fullmatch(said) is not None
        if said and not is_number:
            described = (LocalizedText("und", said), *described)
        if not (is_number or described):
            return ()
        try:
            return (
                CostOption(
                    amount=said if is_number else "",
                    currency=currency(record, notes) if is_number else "",
                    descriptions=described,
                    valid=Period(start(record, zone), end(record, zone)),
                ),
            )
        except InvalidInput as error:
            raise RowRefused(where, error.fields[0].rule if error.fields else "must be valid") from None

    return read


_COSTS: Final[Make] = _facts_of(cost)
_CONTACTS: Final[Make] = _facts_of(facts.contact)
OF_ORGANIZATIONS: Final = {"contacts": ("contacts", _CONTACTS)}
OF_PROVIDERS: Final = {
    "required_documents": ("required_documents", _texts),
    "funding_conditions": ("funding_conditions", _texts),
    "deliveries": ("deliveries", _deliveries),
}
#: at the top of a mapping, as the other lists of a provider
LISTS_OF_PROVIDERS: Final = {"cost_options": ("costs", _COSTS)}
OF_SERVICES: Final = {
    "contacts": ("contacts", _CONTACTS),
    "cost_options": ("costs", _COSTS),
    "required_documents": ("required_documents", _texts),
    "funding_conditions": ("funding_conditions", _texts),
    "foreign_codes": ("foreign_codes", _codes),
}
OF_LOCATIONS: Final = {
    "contacts": ("contacts", _CONTACTS),
    "transportation": ("transportation", _texts),
    "accessibilities": ("accessibilities", _texts),
    "point_precision": ("point_precision", _precision),
}
