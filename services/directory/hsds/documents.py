"""
Documents: the objects of the four records, each on its own, and what stands beside them.

A document's body is the object as it came in without the records inside it; where a
list of records stood, their ids stand, so that order and empty lists come out again.
Which organization, service and location it belongs to are its links.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.directory.hsds.tables import RECORDS, TABLES
from services.directory.model.imports import Fault

Body = dict[str, Any]
MAX_DEPTH: Final = 12  #: of objects inside each other; the standard needs nine
MAX_ID_LENGTH: Final = 200

#: of a record, the property that holds one other record → the name of the link
_LINKS: Final[Mapping[tuple[str, str], str]] = {
    ("service", "organization"): "organization",
    ("service_at_location", "location"): "location",
    ("service_at_location", "service"): "service",
}
#: of a record, the links that a column tells too
LINK_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("organization",),
    "service_at_location": ("service", "location"),
    "location": ("organization",),
}
#: of a record, the property that holds a list of records → the link that each of those gets back
BACK_LINKS: Final[Mapping[tuple[str, str], str]] = {
    ("organization", "services"): "organization",
    ("organization", "locations"): "organization",
    ("service", "service_at_locations"): "service",
}


@dataclass(slots=True)
class Document:
    """One record's object; the table of what is no record is told by `table` too."""

    table: str
    key: str  #: its id in the standard
    body: Body
    links: dict[str, str] = field(default_factory=dict)  #: organization, service, location: their keys


@dataclass(slots=True)
class Documents:
    """All documents of a file or of a dataset, and the faults that were met on the way."""

    by_table: dict[str, dict[str, Document]] = field(default_factory=lambda: {table: {} for table in TABLES})
    faults: list[tuple[str, Fault]] = field(default_factory=list)  #: with the key of the object

    def of(self, table: str) -> dict[str, Document]:
        """Return the documents of a table, by key."""
        return self.by_table[table]

    def __iter__(self) -> Iterator[Document]:
        for documents in self.by_table.values():
            yield from documents.values()

    def add(self, table: str, value: Any) -> None:
        """Take in an object of a table with all the records inside it; what is no object of it is a fault."""
        checked = self._checked(table, value, table)
        if checked is not None:
            self._take(table, checked)

    def put(self, document: Document) -> None:
        """Take in a document; what is known of it already stays, and what is new is added."""
        known = self.of(document.table).get(document.key)
        if known is None:
            self.of(document.table)[document.key] = document
            return
        for name in merge(known.body, document.body):
            rule = "must say the same everywhere: the first was kept"
            self.faults.append((document.key, Fault(f"{document.table}.{name}", rule)))
        known.links = {**document.links, **known.links}

    def _take(self, table: str, value: Body) -> str:
        body: Body = {}
        links: dict[str, str] = {}
        key = value["id"]
        for name, part in value.items():
            child = TABLES[table].children.get(name)
            if child is None or child.table not in RECORDS or part is None:
                body[name] = part
            elif child.one:
                links[_LINKS[table, name]] = self._take(child.table, part)
            else:
                body[name] = [{"id": self._take_back(table, key, name, child.table, each)} for each in part]
        for link in LINK_COLUMNS.get(table, ()):
            told = value.get(f"{link}_id")
            if isinstance(told, str) and told:
                links.setdefault(link, told)
        self.put(Document(table, key, body, links))
        return str(key)

    def _take_back(self, table: str, key: str, name: str, child: str, value: Body) -> str:
        child_key = self._take(child, value)
        self.of(child)[child_key].links.setdefault(BACK_LINKS[table, name], key)
        return child_key

    def _checked(self, table: str, value: Any, path: str, depth: int = 1) -> Body | None:
        """Copy an object without the parts that are none; a part without an id is a fault, and the rest stays."""
        key = value.get("id") if isinstance(value, dict) else None
        if not isinstance(key, str) or not 0 < len(key) <= MAX_ID_LENGTH or "\0" in key:
            self.faults.append(("", Fault(f"{path}.id", f"must be a text of 1 to {MAX_ID_LENGTH} characters")))
            return None
        if depth > MAX_DEPTH:
            self.faults.append((key, Fault(path, f"must not be deeper than {MAX_DEPTH} objects")))
            return None
        body: Body = {}
        for name, part in value.items():
            child = TABLES[table].children.get(name)
            if child is None or part is None:
                body[name] = part
            elif child.one:
                checked = self._checked(child.table, part, f"{path}.{name}", depth + 1)
                body.update({name: checked} if checked is not None else {})
            elif isinstance(part, list):
                each = (self._checked(child.table, one, f"{path}.{name}[{n}]", depth + 1) for n, one in enumerate(part))
                body[name] = [one for one in each if one is not None]
            else:
                self.faults.append((key, Fault(f"{path}.{name}", "must be a list")))
        return body


def merge(known: Body, more: Mapping[str, Any]) -> list[str]:
    """
    Add to an object what another of the same id says beyond it.

    Returns:
        The names of the properties in which the two differ; the first is kept.
    """
    differing: list[str] = []
    for name, value in more.items():
        if name not in known or known[name] is None:
            known[name] = value
        elif _are_lists(known[name], value):
            differing += [f"{name}.{inner}" for inner in _merge_lists(known[name], value)]
        elif isinstance(known[name], dict) and isinstance(value, dict) and known[name].get("id") == value.get("id"):
            differing += [f"{name}.{inner}" for inner in merge(known[name], value)]
        elif value is not None and known[name] != value:
            differing.append(name)
    return differing


def _are_lists(one: Any, other: Any) -> bool:
    return all(
        isinstance(each, list) and all(isinstance(item, dict) and "id" in item for item in each)
        for each in (one, other)
    )


def _merge_lists(known: list[Body], more: list[Body]) -> list[str]:
    by_id = {each["id"]: each for each in known}
    differing: list[str] = []
    for each in more:
        if each["id"] in by_id:
            differing += merge(by_id[each["id"]], each)
        else:
            known.append(each)
    return differing
