"""
Read which services a record says it offers: yes, no or unknown.

A key with the value 0 is a no and a blank is unknown: a key that merely stands
there says nothing. Where several sources speak of one code, yes counts before
unknown, and unknown before no.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.directory.importing.facts import objects
from services.directory.importing.paths import (
    NO,
    YES,
    Path,
    Record,
    claim_of,
    getter,
    is_blank,
    parse_path,
    words_of,
)
from services.directory.importing.sections import Section
from services.directory.importing.sources import Notes, RowRefused, condition, one_of
from services.directory.model import Claim, ServiceClaim
from services.directory.model.imports import Notice
from services.errors import InvalidInput
from services.taxonomy import service

_STRENGTH = {Claim.YES: 2, Claim.UNKNOWN: 1, Claim.NO: 0}
_CLAIMS = one_of("yes", "no", "unknown")

ReadClaims = Callable[[Record, Notes], tuple[ServiceClaim, ...]]
_Found = Callable[[Record, Notes], list[ServiceClaim]]


def claims(section: Section, key: str = "claims") -> ReadClaims:
    """
    Read the rules about claims of a mapping.

    Returns:
        The function that lists the claims of a record, ordered by code; a code
        that no rule speaks of is not offered.
    """
    makers = [_part(part) for part in section.each(key)]

    def read(record: Record, notes: Notes) -> tuple[ServiceClaim, ...]:
        strongest: dict[str, ServiceClaim] = {}
        for make in makers:
            for found in make(record, notes):
                held = strongest.get(found.code)
                if held is None or _STRENGTH[found.claim] > _STRENGTH[held.claim]:
                    strongest[found.code] = found
        return tuple(strongest[code] for code in sorted(strongest))

    return read


def _part(section: Section) -> _Found:
    """Read one rule: for the record, or with `each` for every object of a list in it."""
    path: Path = ()
    if section.has("each"):
        path = parse_path(section.text("each"), section.at("each"))
        section.used.paths.append((section.base + path, section.at("each")))
        section.base += path
    find, field = _maker(section), section.at("each")
    if not path:
        return find
    get = getter(path)
    return lambda record, notes: [found for item in objects(get(record), field) for found in find(item, notes)]


def _maker(section: Section) -> _Found:
    holds = condition(section)
    basis = section.text("basis", "stated")
    if section.has("flags"):
        find = _flags(section, basis)
        return lambda record, notes: find(record, notes) if holds(record) else []
    code = service(section.text("code"), section.at("code")).code
    if section.has("claim"):
        constant = ServiceClaim(code, Claim[_CLAIMS(section.text("claim"), section.at("claim")).upper()], basis)
        listed = [constant]
        return lambda record, notes: listed if holds(record) else []
    get = section.source("from")
    yes, no = _words(section, "yes", YES), _words(section, "no", NO)
    told = {claim: [ServiceClaim(code, claim, basis)] for claim in Claim}
    return lambda record, notes: told[claim_of(get(record), yes, no)] if holds(record) else []


def _words(section: Section, key: str, default: frozenset[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in section.texts(key)) if section.has(key) else default


def _flags(section: Section, basis: str) -> _Found:
    """Read an object whose keys name services and whose values say whether they are offered."""
    get, field = section.source("flags"), section.path
    if not section.has("codes"):
        return lambda record, notes: [
            ServiceClaim(service(key, field).code, claim_of(value), basis) for key, value in _items(get(record), field)
        ]
    codes = _code_table(section)
    left_out = frozenset(section.texts("left_out")) if section.has("left_out") else frozenset()

    def find(record: Record, notes: Notes) -> list[ServiceClaim]:
        found: list[ServiceClaim] = []
        for key, value in _items(get(record), field):
            if key in codes:
                found += [ServiceClaim(code, claim_of(value), basis) for code in codes[key]]
            elif key not in left_out:
                notes.notices.append(Notice(field, "unmapped"))
        return found

    return find


def _items(value: Any, field: str) -> list[tuple[str, Any]]:
    if is_blank(value):
        return []
    if isinstance(value, Mapping):
        return list(value.items())
    if not isinstance(value, str | list):
        raise RowRefused(field, "must be an object of service and claim, or words")
    return [(word, True) for word in words_of(value)]  # what is listed is offered


def _code_table(section: Section) -> dict[str, tuple[str, ...]]:
    table = section.take("codes")
    if not isinstance(table, Mapping):
        raise InvalidInput(f"{section.at('codes')} must be a table")
    where = section.at("codes")
    return {
        key: tuple(service(code, where).code for code in ([codes] if isinstance(codes, str) else codes))
        for key, codes in table.items()
    }
