"""Read HSDS JSON: a document, a list of documents, a page of them, or all tables in one object."""

from typing import Any

from services.directory.hsds.csv_tables import nest
from services.directory.hsds.documents import Documents
from services.directory.hsds.tables import BY_FILE, TABLES
from services.directory.model import refuse

#: properties by which an object is told, each with its table, the surest first
_MARKS = (
    ("location_type", "location"),
    ("service_at_locations", "service"),
    ("status", "service"),
    ("organization_identifiers", "organization"),
    ("taxonomy_detail", "taxonomy_term"),
    ("term_uri", "taxonomy_term"),
    ("parent_id", "taxonomy_term"),
    ("version", "taxonomy"),
)
_ORGANIZATION_ALONE = frozenset({"legal_status", "website", "tax_status", "year_incorporated", "email", "logo"})


def add_json(documents: Documents, value: Any) -> None:
    """
    Take in what a JSON file holds.

    Raises:
        InvalidInput: it is nothing of the standard.
    """
    if isinstance(value, dict) and isinstance(value.get("contents"), list):
        value = value["contents"]
    if isinstance(value, list):
        for number, each in enumerate(value):
            documents.add(_table_of(each, f"[{number}]"), each)
    elif _is_tabular(value):
        nest({BY_FILE.get(name, name): rows for name, rows in value.items()}, documents)
    else:
        documents.add(_table_of(value, ""), value)


def _is_tabular(value: Any) -> bool:
    known = isinstance(value, dict) and all(BY_FILE.get(name, name) in TABLES for name in value)
    return known and bool(value) and all(isinstance(rows, list) for rows in value.values())


def _table_of(value: Any, path: str) -> str:
    if isinstance(value, dict):
        if "name" not in value and ("location" in value or "service" in value or "location_id" in value):
            return "service_at_location"
        for mark, table in _MARKS:
            if mark in value:
                return table
        if "services" in value or "description" in value:
            if _ORGANIZATION_ALONE & value.keys() or "code" not in value:
                return "organization"
            return "taxonomy_term"
    raise refuse(f"file{path}", "must be a document, a list or a page of HSDS 3")
