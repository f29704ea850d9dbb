"""
Read the records of a file, one by one; a malformed one is reported and the rest goes on.

Text is never changed: no number, date or "NA" is guessed in a CSV file, and bytes
that are not UTF-8 refuse their row instead of being replaced.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from services.directory.importing.limits import Limits, check_columns, check_depth, check_rows, check_size
from services.directory.importing.mapping import Format
from services.directory.importing.paths import Record
from services.directory.importing.tables import read_table
from services.directory.importing.template_reading import read_template
from services.directory.model import refuse
from services.directory.model.imports import Fault
from services.errors import InvalidInput, Reason

Item = Record | Fault  #: a record, or why there is none

DEFAULT_LIMITS: Final = Limits()
_CHUNK_BYTES: Final = 1_048_576


def read_file(
    path: Path, file_format: Format, limits: Limits = DEFAULT_LIMITS
) -> tuple[frozenset[str] | None, Iterator[Item]]:
    """
    Open a file.

    Returns:
        The columns, where the format states them once for the whole file, and
        the records in order; a record that cannot be read is a `Fault`.

    Raises:
        InvalidInput: the file cannot be read at all (MALFORMED), or is too much (TOO_LARGE).
    """
    check_size(path, limits)
    try:
        if file_format is Format.CSV:
            return _read_csv(path, limits)
        if file_format is Format.TEMPLATE:
            return None, iter(read_template(path, limits))
        if file_format is Format.TABLE:
            columns, rows = read_table(path, limits)
            return columns, iter(rows)
        return None, _read_objects(path, file_format, limits)
    except OSError:
        raise refuse("file", "must be a file that can be read") from None


def _read_csv(path: Path, limits: Limits) -> tuple[frozenset[str], Iterator[Item]]:
    with _open(path) as file:
        try:
            header = next(csv.reader(file, strict=True), [])
        except csv.Error:
            header = []
    check_columns(len(header), limits)
    if not any(header) or len(set(header)) != len(header) or not _is_utf8(header):
        raise _malformed("must begin with a header line of different column names in UTF-8")
    _check_lines(path, limits)
    return frozenset(header), _csv_records(path, header)


def _check_lines(path: Path, limits: Limits) -> None:
    """Count the rows before the first is sent; closer only where there are so many lines that it matters."""
    with path.open("rb") as file:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""))
    if lines > limits.rows:
        with _open(path) as text:
            check_rows(_count_rows(csv.reader(text)) - 1, limits)


def _count_rows(rows: Iterator[list[str]]) -> int:
    count = 0
    while True:
        try:
            count += bool(next(rows))
        except StopIteration:
            return count
        except csv.Error:
            count += 1


def _open(path: Path) -> TextIO:
    # What is not UTF-8 comes through as surrogates, so that only its own row is refused.
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _csv_records(path: Path, header: list[str]) -> Iterator[Item]:
    with _open(path) as file:
        rows = csv.reader(file, strict=True)
        next(rows)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:  # an open quote ends at 131072 characters at the latest
                yield Fault("row", "must be a line of CSV with closed quotes")
                continue
            if not row:
                continue  # an empty line is no row
            if len(row) != len(header):
                yield Fault("row", f"must have {len(header)} columns")
            elif not _is_utf8(row):
                yield Fault("row", "must be UTF-8")
            else:
                yield dict(zip(header, row, strict=True))


def _is_utf8(texts: Iterable[str]) -> bool:
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _read_objects(path: Path, file_format: Format, limits: Limits) -> Iterator[Item]:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise _malformed("must be JSON in UTF-8") from None
    if file_format is Format.GEOJSON and isinstance(document, dict):
        if document.get("type") != "FeatureCollection":
            raise _malformed("must be a FeatureCollection or a list of Features")
        document = document.get("features")
    if not isinstance(document, list):
        raise _malformed("must be a list of records")
    check_depth(document, limits)
    check_rows(len(document), limits)
    return iter([_object(item, file_format) for item in document])


def _object(item: Any, file_format: Format) -> Item:
    if not isinstance(item, dict):
        return Fault("row", "must be an object")
    if file_format is Format.GEOJSON and item.get("type") != "Feature":
        return Fault("type", "must be Feature")
    return item


def _malformed(rule: str) -> InvalidInput:
    return refuse("file", rule, Reason.MALFORMED)
