"""
Read the repeated facts of a provider: rules, languages, contacts, places, hours.

Each is a list of parts in the mapping. A part gives its fact for every record
whose `when` holds; with `each = "path"` one for every object of the list there,
and its paths start inside that object.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from services.directory.importing.hours import schedules_of
from services.directory.importing.paths import Path, Record, getter, is_blank, parse_path, text_of, words_of
from services.directory.importing.sections import Section
from services.directory.importing.sources import (
    Choice,
    Notes,
    RowRefused,
    always,
    any_text,
    choice,
    condition,
    integer,
    one_of,
    plain_text,
    word,
)
from services.directory.importing.texts import texts
from services.directory.importing.times import moment
from services.directory.model import (
    AgeBand,
    Claim,
    Contact,
    ContactKind,
    LanguageMode,
    LanguageOffer,
    Modality,
    PlaceReport,
    Rule,
    RuleKind,
    Schedule,
    SchedulePurpose,
)
from services.directory.model.imports import Notice
from services.errors import InvalidInput
from services.hours import Calendar

Fact = TypeVar("Fact")
ReadFacts = Callable[[Record, Notes, str], tuple[Fact, ...]]  #: (record, notes, IANA zone)


def facts(section: Section, key: str, make: Callable[[Section], ReadFacts[Fact]]) -> ReadFacts[Fact]:
    """Read a list of facts, those of each part of the mapping in order."""
    parts = [_part(part, make) for part in section.each(key)]
    if not parts:
        return lambda record, notes, zone: ()
    if len(parts) == 1:
        return parts[0]

    def read(record: Record, notes: Notes, zone: str) -> tuple[Fact, ...]:
        return tuple(fact for part in parts for fact in part(record, notes, zone))

    return read


def _part(section: Section, make: Callable[[Section], ReadFacts[Fact]]) -> ReadFacts[Fact]:
    path: Path = ()
    if section.has("each"):
        path = parse_path(section.text("each"), section.at("each"))
        section.used.paths.append((section.base + path, section.at("each")))
        section.base += path
    holds, read, field = condition(section), make(section), section.at("each")
    if not path and holds is always:
        return read
    if not path:
        return lambda record, notes, zone: read(record, notes, zone) if holds(record) else ()
    get = getter(path)

    def read_each(record: Record, notes: Notes, zone: str) -> tuple[Fact, ...]:
        items = objects(get(record), field)
        return tuple(fact for item in items if holds(item) for fact in read(item, notes, zone))

    return read_each


def objects(value: Any, field: str) -> list[Record]:
    """
    List the objects of a list; a text in it is an object with that `value`.

    Raises:
        RowRefused: it is no list of objects or texts.
    """
    if is_blank(value):
        return []
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, Mapping | str) for item in items):
        raise RowRefused(field, "must be a list of objects or texts")
    return [item if isinstance(item, Mapping) else {"value": item} for item in items]


def several(section: Section, key: str) -> Callable[[Record], tuple[str, ...]]:
    """Read a list of codes: a constant list or a column that holds one."""
    if not section.has(key):
        return lambda record: ()
    spec = section.take(key)
    if isinstance(spec, list):
        if not all(isinstance(code, str) for code in spec):
            raise InvalidInput(f"{section.at(key)} must be a list of texts")
        constant = tuple(spec)
        return lambda record: constant
    with section.open(spec, key) as inner:
        get = inner.source("from")
    return lambda record: words_of(get(record))


def rule(section: Section) -> ReadFacts[Rule]:
    """Read one rule of eligibility."""
    kind, claim = word(section, "kind", RuleKind), word(section, "claim", Claim, Claim.YES)
    min_years, max_years = integer(section, "min_years"), integer(section, "max_years")
    codes, basis = several(section, "codes"), section.text("basis", "stated")

    def read(record: Record, notes: Notes, zone: str) -> tuple[Rule, ...]:
        band = AgeBand(min_years(record), max_years(record))
        age = None if band == AgeBand() else band
        return (Rule(kind=kind(record, notes), claim=claim(record, notes), age=age, codes=codes(record), basis=basis),)

    return read


def language(section: Section) -> ReadFacts[LanguageOffer]:
    """Read one language in which a provider can work."""
    tag = choice(section, "language", any_text)
    modality, mode = (
        word(section, "modality", Modality, Modality.SPOKEN),
        word(section, "mode", LanguageMode, LanguageMode.STAFF),
    )
    vetted, gender = word(section, "vetted", Claim, Claim.UNKNOWN), plain_text(section, "gender")

    def read(record: Record, notes: Notes, zone: str) -> tuple[LanguageOffer, ...]:
        spoken = tag(record, notes)
        if not spoken:
            return ()
        return (
            LanguageOffer(
                language=spoken,
                modality=modality(record, notes),
                mode=mode(record, notes),
                vetted=vetted(record, notes),
                gender=gender(record, notes),
            ),
        )

    return read


def contact(section: Section) -> ReadFacts[Contact]:
    """Read one contact, as the source has it."""
    kind, value = word(section, "kind", ContactKind), choice(section, "value", any_text)
    labels = texts(section, "labels")

    def read(record: Record, notes: Notes, zone: str) -> tuple[Contact, ...]:
        text = value(record, notes)
        return (Contact(kind(record, notes), text, labels(record)),) if text else ()

    return read


def places(section: Section) -> ReadFacts[PlaceReport]:
    """Read how many places there are for one population, and when it was so."""
    population = choice(section, "population", any_text)
    total, occupied = integer(section, "total"), integer(section, "occupied")
    report_time, where = moment(section, "report_time"), section.at("report_time")

    def read(record: Record, notes: Notes, zone: str) -> tuple[PlaceReport, ...]:
        time = report_time(record, zone)
        if time is None:
            raise RowRefused(where, "must be given")
        of = population(record, notes)
        return (PlaceReport(population=of, total=total(record), occupied=occupied(record), report_time=time),)

    return read


def schedule(section: Section) -> ReadFacts[Schedule]:
    """Read hours: `osm` names a column in OpenStreetMap's syntax; otherwise days, opening and closing stand apart."""
    purpose = word(section, "purpose", SchedulePurpose, SchedulePurpose.OPENING)
    if section.has("osm"):
        get, where = section.source("osm"), section.at("osm")

        def read_osm(record: Record, notes: Notes, zone: str) -> tuple[Schedule, ...]:
            value = get(record)
            if is_blank(value):
                return ()
            read = schedules_of(text_of(value), purpose(record, notes))
            if read is None:
                notes.notices.append(Notice(where, "hours_not_read"))
            return read or ()

        return read_osm
    on_some_days = section.has("rrule")
    rrule, opens_at, closes_at = plain_text(section, "rrule"), _time(section, "opens_at"), _time(section, "closes_at")
    calendar = choice(section, "calendar", one_of(*Calendar), "")
    first_day = moment(section, "first_day")

    def read(record: Record, notes: Notes, zone: str) -> tuple[Schedule, ...]:
        opens, closes, days = opens_at(record, notes), closes_at(record, notes), rrule(record, notes)
        if not opens or not closes or (on_some_days and not days):  # days that are not known are not all days
            return ()
        announced, first = calendar(record, notes), first_day(record, "UTC")
        return (
            Schedule(
                purpose=purpose(record, notes),
                rrule=days,
                opens_at=opens,
                closes_at=closes,
                first_day=first.date() if first else None,
                calendar=Calendar(announced) if announced else None,
            ),
        )

    return read


def _time(section: Section, key: str) -> Choice:
    """Read a time of day; a source that says two at once has said none."""
    spec, where = section.take(key), section.at(key)
    if isinstance(spec, str):
        return lambda record, notes: spec
    with section.open(spec, key) as inner:
        get, codes = inner.source("from"), inner.take("codes", {})

    def read(record: Record, notes: Notes) -> str:
        words = words_of(get(record))
        if not words:
            return ""
        if len(words) > 1 or (codes and words[0] not in codes):
            notes.notices.append(Notice(where, "hours_not_read"))
            return ""
        return str(codes[words[0]]) if codes else words[0]

    return read
