"""
Turn what a mapping says about a field into the function that reads it from a record.

A field is a constant, a column, a look-up, or the first of several choices whose
condition holds. What a look-up does not know is unknown and remarked, never guessed.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from services.directory.importing.paths import Record, is_blank, text_of, words_of
from services.directory.importing.sections import Section
from services.directory.model.imports import Fault, Notice
from services.errors import InvalidInput


class Notes:
    """What is remarked while one row is read."""

    __slots__ = ("faults", "notices")

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.notices: list[Notice] = []


class RowRefused(Exception):
    """A row cannot be imported; it is reported, and the rest goes on."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}")
        self.fault = Fault(field, rule)


Condition = Callable[[Record], bool]
Choice = Callable[[Record, Notes], str]  #: one code, or "" for nothing said
Check = Callable[[str, str], str]  #: (code, field) → the code; raises InvalidInput

Word = TypeVar("Word", bound=StrEnum)


def always(record: Record) -> bool:
    """Hold for every record, as a section without a condition does; who knows it need not ask a row."""
    return True


_INTEGER = re.compile(r"[+-]?\d{1,9}(\.0+)?", re.ASCII)


def one_of(*allowed: str) -> Check:
    """Check that a code is one of a closed list."""
    known = frozenset(allowed)

    def check(code: str, field: str) -> str:
        if code not in known:
            raise InvalidInput(f"{field} must be one of {', '.join(allowed)}")
        return code

    return check


def any_text(code: str, field: str) -> str:
    """Let every text pass."""
    return code


def condition(section: Section, key: str = "when") -> Condition:
    """
    Read the condition of a section: one table or several that must all hold; absent always holds.

    A table names a column and says `is` (any of these words), `not` (none of
    them) or `given` (true: says something; false: says nothing); or it has a
    list `any`, of which one must hold.
    """
    parts = [_part(part) for part in section.each(key)]
    if not parts:
        return always
    if len(parts) == 1:
        return parts[0]
    return lambda record: all(part(record) for part in parts)


def _part(section: Section) -> Condition:
    if section.has("any"):
        choices = [_part(part) for part in section.each("any")]
        return lambda record: any(choice(record) for choice in choices)
    get = section.source("from")
    if section.has("given"):
        given = section.flag("given")
        return lambda record: bool(words_of(get(record))) is given
    if section.has("is"):
        wanted = frozenset(section.texts("is"))
        return lambda record: not wanted.isdisjoint(words_of(get(record)))
    unwanted = frozenset(section.texts("not"))
    return lambda record: unwanted.isdisjoint(words_of(get(record)))


def choice(section: Section, key: str, check: Check, default: str | None = None) -> Choice:
    """
    Read a field that has one code: a constant, a table, or a list of which the first that holds counts.

    Args:
        section: The section that holds it.

        key: The field.

        check: Refuses a code that the field cannot have.

        default: For a field that the mapping leaves out, and where nothing is
            said; None: the mapping must give it, and nothing said is "".
    """
    spec = section.take(key) if default is None else section.take(key, default)
    return _choice_of(spec, section, key, check, default)


def _choice_of(spec: Any, section: Section, key: str, check: Check, default: str | None) -> Choice:
    where = section.at(key)
    if isinstance(spec, str):
        constant = check(spec, where) if spec else spec
        return lambda record, notes: constant
    if isinstance(spec, list):
        options = [_option(section.open(table, f"{key}[{number}]"), check) for number, table in enumerate(spec)]

        def first(record: Record, notes: Notes) -> str:
            for holds, read in options:
                if holds(record):
                    return read(record, notes) or default or ""
            return default or ""

        return first
    holds, read = _option(section.open(spec, key), check)
    if holds is always:
        return lambda record, notes: read(record, notes) or default or ""
    return lambda record, notes: (read(record, notes) if holds(record) else "") or default or ""


def _option(section: Section, check: Check) -> tuple[Condition, Choice]:
    with section:
        holds = condition(section)
        if section.has("value"):
            constant = check(section.text("value"), section.at("value"))
            return holds, lambda record, notes: constant
        return holds, _look_up(section, check)


def _look_up(section: Section, check: Check) -> Choice:
    get, field = section.source("from"), section.path
    if not section.has("codes"):
        return lambda record, notes: _only(words_of(get(record)), field, check)
    codes = look_up_table(section, check)
    otherwise = check(section.text("otherwise"), section.at("otherwise")) if section.has("otherwise") else None

    def look_up(record: Record, notes: Notes) -> str:
        words = words_of(get(record))
        if not words:
            return ""
        for word, code in codes.items():  # the order of the mapping decides where a source says several
            if word in words:
                return code
        if otherwise is None:
            notes.notices.append(Notice(field, "unmapped"))
            return ""
        return otherwise

    return look_up


def look_up_table(section: Section, check: Check) -> dict[str, str]:
    """Read `codes`: word of the source → our code."""
    table = section.take("codes")
    if not isinstance(table, Mapping) or not all(isinstance(code, str) for code in table.values()):
        raise InvalidInput(f"{section.at('codes')} must be a table of texts")
    return {word: check(code, section.at("codes")) for word, code in table.items()}


def _only(words: tuple[str, ...], field: str, check: Check) -> str:
    if not words:
        return ""
    if len(words) > 1:
        raise RowRefused(field, "must have one value")
    return check(words[0], field)


def word(section: Section, key: str, kind: type[Word], default: Word | None = None) -> Callable[[Record, Notes], Word]:
    """
    Read a field of one of our closed lists, in lower case in the mapping: `telephone`.

    Args:
        section: The section that holds it.

        key: The field.

        kind: The list.

        default: Where the mapping or the record says nothing; None: it must be said.
    """
    by_name = {member.name.lower(): member for member in kind}
    field, check = section.at(key), one_of(*by_name)
    spec = section.take(key) if default is None else section.take(key, default.name.lower())
    if spec and isinstance(spec, str):
        constant = by_name[check(spec, field)]
        return lambda record, notes: constant
    read = _choice_of(spec, section, key, check, None if default is None else default.name.lower())

    def read_word(record: Record, notes: Notes) -> Word:
        name = read(record, notes)
        if not name:
            raise RowRefused(field, "must be given")
        return by_name[name]

    return read_word


def plain_text(section: Section, key: str) -> Choice:
    """Read a field of one text that may be left out, as it stands."""
    return choice(section, key, any_text, default="")


def integer(section: Section, key: str) -> Callable[[Record], int | None]:
    """Read a whole number, or None where nothing is said: a constant or a column."""
    if not section.has(key):
        return lambda record: None
    spec = section.take(key)
    if isinstance(spec, int) and not isinstance(spec, bool):
        return lambda record: spec
    with section.open(spec, key) as inner:
        get, field = inner.source("from"), section.at(key)

    def read(record: Record) -> int | None:
        value = get(record)
        if is_blank(value):
            return None
        if isinstance(value, bool) or not _INTEGER.fullmatch(text_of(value).strip()):
            raise RowRefused(field, "must be a whole number")
        return int(float(text_of(value)))

    return read
