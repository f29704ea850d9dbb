"""The official files of HSDS 3.1, read where they lie: nothing of them is in this repository (CC BY-SA)."""

import csv
import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from services.directory.exchange import Brought, Form, Ways, bring, take
from services.runtime.auth import Role
from tests.directory.house import House
from tests.directory.import_files import ROOT

STANDARD = ROOT.parent / "shared" / "data" / "hsds" / "3.1-dev"
EXAMPLES = STANDARD / "examples"
RECORDS = ("organization", "service", "service_at_location")  #: that have a compiled schema


def example(name: str) -> Path:
    """Say where an official example lies, or skip the test."""
    if not (EXAMPLES / name).exists():
        pytest.skip("the official files of HSDS are not beside this repository")
    return EXAMPLES / name


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def by_id(objects: Sequence[Any]) -> list[Any]:
    return sorted(objects, key=lambda each: str(each["id"]))


def csv_rows(text: str) -> list[dict[str, str]]:
    """Read a table without its blanks, ordered by id."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return by_id([{column: cell for column, cell in row.items() if cell} for row in rows])


def package(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Read all tables of a CSV package."""
    found = {path.name: csv_rows(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.csv"))}
    return {name: rows for name, rows in found.items() if rows}


@cache
def _validator(table: str) -> Draft202012Validator:
    schema = read_json(STANDARD / "schema" / "compiled" / f"{table}.json")
    return Draft202012Validator(schema, format_checker=FormatChecker())


def faults_of(table: str, document: Any) -> list[str]:
    """List what the official schema finds wrong with a document."""
    example("service_full.json")
    return [f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in _validator(table).iter_errors(document)]


@cache
def _columns() -> dict[str, Any]:
    resources = read_json(STANDARD / "datapackage.json")["resources"]
    return {each["path"]: each["schema"]["fields"] for each in resources}


def package_faults(tables: dict[str, list[dict[str, str]]]) -> list[str]:
    """List the cells that the official description of the CSV package requires or lists, and that are not so."""
    example("csv")
    faults = []
    for name, rows in tables.items():
        for field in _columns().get(name, ()):
            rules = field.get("constraints") or {}
            for row in rows:
                value = row.get(field["name"])
                if rules.get("required") and value is None:
                    faults.append(f"{name}: {field['name']} is missing")
                if value is not None and rules.get("enum") and value not in rules["enum"]:
                    faults.append(f"{name}: {field['name']} is not listed")
                if value is not None and field.get("type") == "number":
                    float(value)
    return faults


async def bring_files(house: House, *paths: Path, dataset: str = "hsds", **options: Any) -> Brought:
    """Import as `ihala import --mapping hsds` does."""
    ways = Ways(
        dataset=dataset, **{name: options.pop(name) for name in ("country_code", "language") if name in options}
    )
    keep = house.documents(Role.DIRECTORY_EDITOR).KeepDocuments
    return await bring(house.editor.ImportProviders, keep, paths, ways, **options)


async def take_files(house: House, out: Path, form: Form = Form.JSON, **options: Any) -> int:
    """Export as `ihala export --as hsds` does."""
    return await take(house.editor, house.documents(Role.DIRECTORY_EDITOR), out, form, **options)
