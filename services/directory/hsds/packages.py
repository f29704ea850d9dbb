"""Read and write HSDS files: JSON, single CSV tables, and packages of them as a folder or a ZIP."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any, Final

from services.directory.hsds.csv_tables import Rows, nest
from services.directory.hsds.documents import Body, Documents
from services.directory.hsds.objects import add_json
from services.directory.hsds.tables import BY_FILE, RECORDS, TABLES
from services.directory.model import refuse

MAX_BYTES: Final = 67_108_864  #: of all files together, as they are read
MAX_FILES: Final = 100
MAX_RATIO: Final = 100  #: of a file to its packed size
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,30})?", re.ASCII)
_DESCRIPTION = "datapackage.json"


def read_files(paths: Sequence[Path]) -> Documents:
    """
    Read files, folders and ZIP archives that are one dataset.

    Raises:
        InvalidInput: a file is too large, cannot be read or is nothing of the
            standard. What is wrong inside one is in `faults`, and the rest is there.
    """
    documents = Documents()
    tables: dict[str, list[Body]] = {}
    room = MAX_BYTES
    for name, content in (found for path in paths for found in _files(path)):
        room -= len(content)
        if room < 0:
            raise refuse("file", f"must have at most {MAX_BYTES} bytes, all files together")
        if name in BY_FILE:
            tables.setdefault(BY_FILE[name], []).extend(_rows(BY_FILE[name], content))
        elif name.endswith(".json") and name != _DESCRIPTION:
            add_json(documents, _json(content))
    if tables:
        nest(tables, documents)
    if not any(True for _ in documents) and not documents.faults:
        raise refuse("file", "must have an object of HSDS 3")
    return documents


def csv_files(rows: Rows) -> Iterator[tuple[str, str]]:
    """Write the tables of a package, each with its file name, and their description; empty tables are left out."""
    resources = []
    for name, table in TABLES.items():
        if not rows[name]:
            continue
        more = dict.fromkeys(column for row in rows[name].values() for column in row if column not in table.columns)
        columns = [*table.columns, *more]
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows[name].values())
        yield table.file, text.getvalue()
        resources.append(_resource(name, columns, rows))
    description = {"name": "human_services_data", "profile": "tabular-data-package", "resources": resources}
    yield _DESCRIPTION, json.dumps(description, indent=2) + "\n"


def _resource(name: str, columns: Sequence[str], rows: Rows) -> Body:
    table = TABLES[name]
    # rows that stood inside others name them; one that names what is not there is still a row
    keys = [
        {"fields": child.key, "reference": {"resource": child.table, "fields": "id"}}
        for child in table.children.values()
        if child.one and rows[child.table]
    ]
    fields = [{"name": column, "type": "number" if column in table.numbers else "string"} for column in columns]
    return {
        "name": name,
        "path": table.file,
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "schema": {"fields": fields, "primaryKey": "id", **({"foreignKeys": keys} if keys else {})},
    }


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        if path.is_dir():
            for each in sorted(path.iterdir())[:MAX_FILES]:
                if each.suffix in {".csv", ".json"} and each.is_file():
                    yield from _files(each)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from _unpacked(archive)
        elif path.stat().st_size > MAX_BYTES:
            raise refuse("file", f"must have at most {MAX_BYTES} bytes, all files together")
        else:
            yield path.name, path.read_bytes()
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise refuse("file", "must be a file, a folder or a ZIP archive that can be read") from None


def _unpacked(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = [entry for entry in archive.infolist() if entry.filename.endswith((".csv", ".json"))]
    if len(entries) > MAX_FILES:
        raise refuse("file", f"must have at most {MAX_FILES} files")
    for entry in entries:
        if entry.file_size > MAX_BYTES or entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise refuse("file", f"must not grow beyond {MAX_BYTES} bytes or {MAX_RATIO} times its packed size")
        with archive.open(entry) as file:
            yield entry.filename.rpartition("/")[2], file.read(entry.file_size + 1)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise refuse("file", "must be JSON in UTF-8") from None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


def _no_number(_: str) -> float:
    raise ValueError


def _rows(table: str, content: bytes) -> Iterator[Body]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse("file", "must be CSV in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    numbers = TABLES[table].numbers
    try:
        for row in reader:
            yield {
                column: _value(text, is_number=column in numbers)
                for column, text in row.items()
                if column and text  # a blank says nothing, and a cell too many belongs to no column
            }
    except csv.Error:
        raise refuse("file", "must be CSV as RFC 4180 has it") from None


def _value(text: str, *, is_number: bool) -> Any:
    """Read a cell; a number of another value when it is written again stays a text, as does one with zeros in front."""
    if not is_number or not _NUMBER.fullmatch(text):
        return text
    number = float(text) if "." in text else int(text)
    return number if Decimal(repr(number)) == Decimal(text) else text


def _cell(value: Any) -> Any:
    if isinstance(value, bool | dict | list):  # nothing of the standard, and kept as it came
        return json.dumps(value, ensure_ascii=False)
    return value


def json_files(documents: Mapping[str, Sequence[Body]]) -> Iterator[tuple[str, Any]]:
    """Name the JSON files of a folder: a page of whole documents for each record, and a list for each other table."""
    for table, whole in documents.items():
        if whole or table in RECORDS:
            yield f"{table}_list.json", whole
