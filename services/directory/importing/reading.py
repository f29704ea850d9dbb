"""
Turn files into rows for the directory: each row of the file has exactly one result.

The files are read from their beginning every time, so that repeats and what
several rows share are known whatever part of them is sent.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

from services import towns
from services.directory.importing.limits import Limits, check_rows
from services.directory.importing.mapping import Mapping
from services.directory.importing.parts import PopulationIn
from services.directory.importing.paths import is_known, spell
from services.directory.importing.points import PopulationOf
from services.directory.importing.readers import Item, read_file
from services.directory.importing.shaping import gathered
from services.directory.importing.sources import Notes, RowRefused
from services.directory.model import ImportRecord, refuse
from services.directory.model.imports import Fault, Notice, OnDuplicate, RowResult
from services.errors import InvalidInput, Reason, Violation

DEFAULT_LIMITS: Final = Limits()


@lru_cache(maxsize=16)
def population_in(country_code: str) -> PopulationOf:
    """Count the people that the town list knows in a cell of a country."""
    return towns.load([country_code]).population_in


def digest_of(paths: Sequence[Path], mapping: Mapping) -> str:
    """Make the digest by which an interrupted import is found again: of the mapping and the files."""
    digest = hashlib.sha256(hashlib.sha256(mapping.text).digest())
    for path in paths:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError:
            raise refuse("file", "must be a file that can be read") from None
    return digest.hexdigest()


def read_rows(
    paths: Sequence[Path],
    mapping: Mapping,
    *,
    now: Callable[[], datetime],
    people: PopulationIn = population_in,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[RowResult]:
    """
    Read files by a mapping.

    Args:
        paths: The files of one dataset, in order; rows are numbered through.

        mapping: How to read them.

        now: The present time; records whose period has passed are remarked.

        people: The people known to live in a cell of a country, for the areas
            of confidential sites.

        limits: What is too much.

    Returns:
        One result for each row. Repeated keys are left to the directory, which
        knows what it has met; only with `on_duplicate = last` the earlier rows
        are passed over here, as repeats.

    Raises:
        InvalidInput: a file cannot be read at all, is too much, or has not a
            column that the mapping names.
    """
    opened = [_open(path, mapping, limits) for path in paths]
    if mapping.gather:
        return _gathered_results(chain.from_iterable(opened), _Reader(mapping, now(), people), mapping, limits)
    last = _last_rows(paths, mapping, limits) if mapping.on_duplicate is OnDuplicate.LAST else {}
    return _results(chain.from_iterable(opened), _Reader(mapping, now(), people), last, limits)


def _results(items: Iterable[Item], reader: "_Reader", last: dict[str, int], limits: Limits) -> Iterator[RowResult]:
    for number, item in enumerate(items, start=1):
        check_rows(number, limits)
        result = reader.read(number, item)
        if last.get(result.source_key, number) != number:
            result = RowResult(row_number=number, source_key=result.source_key, repeated=True)
        yield result


def _gathered_results(
    items: Iterable[Item], reader: "_Reader", mapping: Mapping, limits: Limits
) -> Iterator[RowResult]:
    """Read one record from all rows of a key, at the number of the first; the others are repeats."""

    def numbered() -> Iterator[tuple[int, Item]]:
        for number, item in enumerate(items, start=1):
            check_rows(number, limits)
            yield number, item if isinstance(item, Fault) else mapping.split(item)

    results: list[RowResult] = []
    for number, item, others in gathered(numbered(), lambda item: _key_of(item, mapping), mapping.gather):
        result = reader.read(number, item)
        results.append(result)
        results += (RowResult(row_number=other, source_key=result.source_key, repeated=True) for other in others)
    yield from sorted(results, key=lambda result: result.row_number)


def _key_of(item: Item, mapping: Mapping) -> str:
    try:
        return "" if isinstance(item, Fault) else mapping.key(item)
    except RowRefused:
        return ""


def _open(path: Path, mapping: Mapping, limits: Limits) -> Iterator[Item]:
    columns, items = read_file(path, mapping.file_format, limits)
    if columns is not None:
        missing = [(used, where) for used, where in mapping.used if used[0] not in columns]
    else:
        records = list(items)
        items = iter(records)
        missing = [
            (used, where)
            for used, where in mapping.used
            if records
            and not any(not isinstance(item, Fault) and is_known(used, mapping.split(item)) for item in records)
        ]
    faults = [
        Violation(where, f"must name a column that the file has: {spell(used)}")
        for used, where in missing
        if used not in mapping.optional
    ]
    if faults:
        message = "; ".join(f"{fault.field} {fault.rule}" for fault in faults)
        raise InvalidInput(message, reason=Reason.UNKNOWN_FIELD, fields=faults)
    return items


def _last_rows(paths: Sequence[Path], mapping: Mapping, limits: Limits) -> dict[str, int]:
    """Find the last row of each key, for sources whose later rows correct the earlier ones."""
    last: dict[str, int] = {}
    number = 0
    for path in paths:
        for item in read_file(path, mapping.file_format, limits)[1]:
            number += 1
            if key := _key_of(item, mapping):
                last[key] = number
    return last


class _Reader:
    """Reads the rows of one import, and remembers what they share."""

    def __init__(self, mapping: Mapping, now: datetime, people: PopulationIn) -> None:
        self._mapping = mapping
        self._now = now
        self._people = people
        self._shared: dict[tuple[str, str], Any] = {}

    def read(self, number: int, item: Item) -> RowResult:
        if isinstance(item, Fault):
            return RowResult(row_number=number, faults=(item,))
        notes, key = Notes(), ""
        if not self._mapping.gather:
            item = self._mapping.split(item)
        try:
            key = self._mapping.key(item)
            record = self._with_shared(self._mapping.read(item, notes, self._people), notes)
        except RowRefused as refused:
            return RowResult(row_number=number, source_key=key, faults=(refused.fault,))
        except InvalidInput as refused:
            faults = tuple(Fault(each.field, each.rule) for each in refused.fields)
            return RowResult(row_number=number, source_key=key, faults=faults or (Fault("row", refused.message),))
        end = record.provider.valid.end_time
        if end is not None and end <= self._now:
            notes.notices.append(Notice("provider.valid", "expired"))
        return RowResult(
            row_number=number,
            source_key=key,
            record=record,
            faults=tuple(notes.faults),
            notices=tuple(dict.fromkeys(notes.notices)),
        )

    def _with_shared(self, record: ImportRecord, notes: Notes) -> ImportRecord:
        """
        Let what several rows share be as the first of them says it.

        Otherwise two rows that differ would overwrite each other at every import.
        """
        location = self._first("location", record.location, notes)
        if location.disclosure is not record.location.disclosure:
            raise RowRefused("location.disclosure", "must be that of the other rows with this location")
        organization = self._first("organization", record.organization, notes)
        service = self._first("service", record.service, notes)
        if organization is record.organization and service is record.service and location is record.location:
            return record
        return replace(record, organization=organization, service=service, location=location)

    def _first(self, kind: str, part: Any, notes: Notes) -> Any:
        if part.source is not None:
            key = part.source.source_key
        elif kind == "organization":
            key = f"\0{part.names[0].text}"  # known by its first name
        else:
            return part  # the row's own
        first = self._shared.setdefault((kind, key), part)
        if first != part:
            notes.notices.append(Notice(kind, "differs_from_first"))
        return first
