"""
The rules that fields share, each naming the field that breaks it.

A field is named as its own record sees it; whoever holds the record puts the
path in front with `moved`, so that a caller reads `provider.claims[2].code`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from services.directory.model.countries import COUNTRIES
from services.errors import InvalidInput, Reason, Violation
from services.hours import zone_names
from services.taxonomy import Kind, canonical_language, term

MAX_NAME_COUNT: Final = 50  #: texts of one field, a language each as a rule
MAX_LIST_LENGTH: Final = 200  #: claims, rules, languages, schedules of one provider

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_DATASET = re.compile(r"[a-z0-9_.-]{1,64}", re.ASCII)
_PLACE_ID = re.compile(r"[a-z0-9_]{1,24}:[A-Za-z0-9_-]{1,32}", re.ASCII)
_BASIS = re.compile(r"([a-z][a-z0-9_]{0,31})?", re.ASCII)
# R4: no rule rests on a person's willingness to cooperate with authorities.
_COOPERATION = re.compile("cooperat|testi[fm]|witness|denounc")

T = TypeVar("T")
R = TypeVar("R")


def moved(error: InvalidInput, path: str) -> InvalidInput:
    """Put the path of the record in front of the fields that an error names."""
    fields = [Violation(f"{path}.{each.field}", each.rule) for each in error.fields]
    message = "; ".join(f"{each.field} {each.rule}" for each in fields) or error.message
    return InvalidInput(message, reason=error.reason, fields=fields, metadata=error.metadata)


def inside(path: str, read: Callable[[T], R], value: T) -> R:
    """Read a part of a record, so that its faults are named by their path from the record."""
    try:
        return read(value)
    except InvalidInput as error:
        raise moved(error, path) from None


def each_inside(path: str, read: Callable[[T], R], values: Iterable[T]) -> tuple[R, ...]:
    """Read the parts of a list in their order, as `inside` does."""
    if not values:
        return ()
    parts: list[R] = []
    for value in values:  # most lists are empty or short, and none is at fault: its place is worked out when one is
        try:
            parts.append(read(value))
        except InvalidInput as error:
            raise moved(error, f"{path}[{len(parts)}]") from None
    return tuple(parts)


def refuse(field: str, rule: str, reason: Reason = Reason.INVALID_FIELD) -> InvalidInput:
    """Make the error of a field that breaks a rule."""
    return InvalidInput(f"{field} {rule}", reason=reason, fields=[Violation(field, rule)])


def check_text(field: str, text: str, max_length: int, *, required: bool = False) -> None:
    """Check that a text is not longer than a number of characters, and is there if it must be."""
    if required and not text:
        raise refuse(field, "must not be empty")
    if len(text) > max_length:
        raise refuse(field, f"must have at most {max_length} characters")
    if "\0" in text:
        raise refuse(field, "must not hold the character U+0000")


def check_id(field: str, value: str, *, required: bool = False) -> None:
    """Check that an id is opaque text of 1 to 64 letters, digits, hyphens and underscores."""
    if (value or required) and not _ID.fullmatch(value):
        raise refuse(field, "must be an id of 1 to 64 letters, digits, hyphens or underscores")


def check_dataset(field: str, value: str) -> None:
    if not _DATASET.fullmatch(value):
        raise refuse(field, "must be 1 to 64 of a-z, 0-9, _, . and -")


def check_place_id(field: str, value: str) -> None:
    if value and not _PLACE_ID.fullmatch(value):
        raise refuse(field, "must be a place id of ResolvePlace")


def check_country(field: str, code: str) -> None:
    """Check that a country is of ISO 3166-1 alpha-2, in capitals."""
    if code not in COUNTRIES:
        raise refuse(field, "must be a country of ISO 3166-1 alpha-2, in capitals")


def check_zone(field: str, zone: str) -> None:
    """Check that a time zone is one of the IANA database, or empty."""
    if zone and zone not in zone_names():
        raise refuse(field, "must be a time zone of the IANA database")


@lru_cache(maxsize=4096)
def language_tag(tag: str) -> str:
    """Write a language tag the one way that it is kept, or raise InvalidInput for `language`."""
    return canonical_language(tag)


def check_code(field: str, kind: Kind, code: str) -> None:
    """Check that a code is in its vocabulary (UNKNOWN_CODE)."""
    term(kind, code, field)


def check_codes(field: str, kind: Kind, codes: Sequence[str]) -> None:
    """Check that codes are in their vocabulary (UNKNOWN_CODE) and none is named twice."""
    for index, code in enumerate(codes):
        check_code(f"{field}[{index}]", kind, code)
    check_unique(field, codes)


def check_unique(field: str, keys: Sequence[object]) -> None:
    if len(set(keys)) != len(keys):
        raise refuse(field, "must not name anything twice")


def check_count(field: str, values: Sequence[object], max_count: int = MAX_LIST_LENGTH) -> None:
    if len(values) > max_count:
        raise refuse(field, f"must have at most {max_count} entries")


def check_basis(field: str, basis: str) -> None:
    """Check what a fact rests on: a code, and never a person's cooperation (R4)."""
    if not _BASIS.fullmatch(basis):
        raise refuse(field, "must be a code of at most 32 characters in lower_snake_case")
    if _COOPERATION.search(basis):
        raise refuse(field, "must not rest on cooperation with authorities")


def check_aware(field: str, time: datetime | None) -> None:
    if time is not None and time.utcoffset() is None:
        raise refuse(field, "must name its time zone")
