"""
Bring records into shape before anything is read from them.

`[split]` turns one text into several words; `gather` makes one record of all rows
with the same key, for sources with a line for each service of a place.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from services.directory.importing.paths import Path, Record, parse_path
from services.directory.importing.sections import Section
from services.errors import InvalidInput

Split = Callable[[Record], Record]


def split(section: Section, key: str = "split") -> Split:
    """
    Read `[split]`: paths, each with the text or texts between its words.

    Words lose the blanks around them, and empty ones are left out. Inside
    gathered rows, each row is split.
    """
    if not section.has(key):
        return lambda record: record
    table = section.take(key)
    if not isinstance(table, Mapping):
        raise InvalidInput(f"{section.at(key)} must be a table")
    separators: list[tuple[Path, re.Pattern[str]]] = []
    for text, marks in table.items():
        where = f"{section.at(key)}.{text}"
        listed = [marks] if isinstance(marks, str) else marks
        if not isinstance(listed, list) or not listed or not all(isinstance(mark, str) and mark for mark in listed):
            raise InvalidInput(f"{where} must be a text or several that stand between words")
        path = parse_path(text, where)
        section.used.paths.append((path, where))
        separators.append((path, re.compile("|".join(map(re.escape, listed)))))

    def shaped(record: Record) -> Record:
        for path, pattern in separators:
            record = _with(record, path, pattern)
        return record

    return shaped


def _with(record: Record, path: Path, pattern: re.Pattern[str]) -> Record:
    """Copy a record with the text at a path split, and what lies on the way; the rest is the same."""
    value = record.get(path[0])
    if len(path) > 1:
        return {**record, path[0]: _with(value, path[1:], pattern)} if isinstance(value, Mapping) else record
    if not isinstance(value, str):
        return record
    return {**record, path[0]: [word for part in pattern.split(value) if (word := part.strip())]}


def gathered(
    items: Iterable[tuple[int, Any]], key_of: Callable[[Any], str], name: str
) -> Iterator[tuple[int, Any, list[int]]]:
    """
    Make one record of all rows with the same key.

    Args:
        items: Numbers of rows, and records or faults.

        key_of: Reads the key; "" for a row that has none, and stands alone.

        name: Of the list that all rows of the key are put in, the first among them.

    Returns:
        Of each key the number of its first row, the first row with the list,
        and the numbers of the other rows.
    """
    groups: dict[str, tuple[int, list[Any], list[int]]] = {}
    for number, item in items:
        key = key_of(item)
        first = groups.get(key) if key else None
        if first is None:
            groups[key or f"\0{number}"] = (number, [item], [])
        else:
            first[1].append(item)
            first[2].append(number)
    for number, rows, others in groups.values():
        first_row = rows[0]
        yield number, {**first_row, name: rows} if isinstance(first_row, Mapping) else first_row, others
