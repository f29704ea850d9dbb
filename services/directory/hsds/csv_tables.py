"""The tables of the CSV package: rows nested into documents, and documents laid out as rows."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.directory.hsds.attributes import made_id
from services.directory.hsds.documents import LINK_COLUMNS, MAX_ID_LENGTH, Body, Document, Documents, merge
from services.directory.hsds.tables import RECORDS, TABLES
from services.directory.model.imports import Fault

SAME_AS: Final = "ihala_same_as"  #: of a row: the id of the object that it is, where another row has that id
Rows = dict[str, dict[str, Body]]  #: table → id → row


def nest(tables: Mapping[str, Iterable[Any]], documents: Documents) -> None:
    """
    Put the rows of all tables inside the records that they name; the rest stands beside them.

    A row keeps its columns as they are, so that it is laid out again as it came.
    """
    rows = _by_id(tables, documents)
    used: set[tuple[str, str]] = set()
    for table, by_id in rows.items():
        for name, child in TABLES[table].children.items():
            if child.table not in RECORDS:
                used.update((child.table, key) for key in _fill(table, by_id, name, rows.get(child.table, {})))
    _restore(rows)
    for table, by_id in rows.items():
        for key, row in by_id.items():
            if table in RECORDS:
                links = {link: row[f"{link}_id"] for link in LINK_COLUMNS.get(table, ()) if row.get(f"{link}_id")}
                documents.put(Document(table, key, row, links))
            elif (table, key) not in used:
                documents.put(Document(table, row["id"], row))


def lay_out(documents: Documents) -> Rows:
    """
    Lay all documents out as rows; the columns that tell the nesting are filled where a row has none.

    An object that stands in several places, a telephone of two services, is one row
    if one row can say all of them; else it is a row for each, of which the later
    have an id of their own and name the first in the column `ihala_same_as`.
    """
    rows: Rows = {table: {} for table in TABLES}
    for document in documents:
        links = {f"{link}_id": key for link, key in document.links.items()}
        _lay_out(rows, document.table, {**document.body, **links})
    for service in rows["service"].values():
        program = rows["program"].get(service.get("program_id", ""))
        if program is not None and service.get("organization_id"):
            program.setdefault("organization_id", service["organization_id"])
    return rows


def _by_id(tables: Mapping[str, Iterable[Any]], documents: Documents) -> Rows:
    found: Rows = {}
    for table, rows in tables.items():
        by_id = found.setdefault(table, {})
        for number, row in enumerate(rows, start=1):
            key = row.get("id") if isinstance(row, dict) else None
            if not isinstance(key, str) or not 0 < len(key) <= MAX_ID_LENGTH or "\0" in key:
                rule = f"must be a text of 1 to {MAX_ID_LENGTH} characters"
                documents.faults.append(("", Fault(f"{TABLES[table].file}[{number}].id", rule)))
            elif key in by_id:
                documents.faults.append((key, Fault(f"{TABLES[table].file}[{number}].id", "must be unique")))
            else:
                by_id[key] = {column: _told_id(column, value) for column, value in row.items()}
    return found


def _told_id(column: str, value: Any) -> Any:
    """Read a column that names another row: what is no text names none, and is kept as one."""
    return str(value) if column.endswith("_id") and value is not None and not isinstance(value, str) else value


def _fill(table: str, owners: dict[str, Body], name: str, inner: dict[str, Body]) -> set[str]:
    """Put rows of one table into the rows that they belong inside; answers the ids of those that were put."""
    child = TABLES[table].children[name]
    used: set[str] = set()
    if child.one:
        for owner in owners.values():
            found = inner.get(owner.get(child.key) or "")
            if found is not None:
                owner[name] = found
                used.add(found["id"])
        return used
    for row in inner.values():
        holder = owners.get(row.get(child.key) or "")
        if holder is not None and _is_of(table, child.table, row):
            holder.setdefault(name, []).append(row)
            used.add(row["id"])
    return used


def _is_of(table: str, child: str, row: Body) -> bool:
    """Say whether an attribute or a change names another table than this one."""
    told = row.get({"attribute": "link_entity", "metadata": "resource_type"}.get(child, ""))
    return told not in TABLES or told == table


def _lay_out(rows: Rows, table: str, value: Body) -> str:
    """Lay an object out with all inside it, and return the id of its row."""
    row = {name: part for name, part in value.items() if name not in TABLES[table].children and part is not None}
    for name, child in TABLES[table].children.items():
        part = value.get(name)
        if child.one and part is not None and child.table not in RECORDS:
            laid_out = _lay_out(rows, child.table, part)
            row[child.key] = laid_out if laid_out != part["id"] else row.get(child.key, laid_out)
    row_id = _put(rows[table], table, row)
    for name, child in TABLES[table].children.items():
        for each in () if child.one or child.table in RECORDS else value.get(name) or ():
            own = {column: inner for column, inner in each.items() if inner is not None}
            if own.get(child.key) == value["id"]:
                del own[child.key]  # it says where it stands, and that is this row
            _lay_out(rows, child.table, {child.key: row_id, **_told(table, child.table), **own})
    return row_id


def _put(by_id: dict[str, Body], table: str, row: Body) -> str:
    known = by_id.get(row["id"])
    if known is not None and table not in RECORDS and _contradict(known, row):
        parts = (f"{name}={part}" for name, part in sorted(row.items()))
        row = {**row, "id": made_id(table, *parts), SAME_AS: row["id"]}
        known = by_id.get(row["id"])
    if known is None:
        by_id[row["id"]] = row
    else:
        merge(known, row)
    return str(row["id"])


def _contradict(known: Body, row: Body) -> bool:
    return any(known.get(name, part) != part for name, part in row.items())


def _restore(rows: Rows) -> None:
    """Give rows that are one object in several places their one id again, and whatever names them."""
    first: dict[str, str] = {}
    for table, by_id in rows.items():
        for key, row in by_id.items() if table not in RECORDS else ():
            told = row.get(SAME_AS)
            if isinstance(told, str) and 0 < len(told) <= MAX_ID_LENGTH:
                first[key] = told
                del row[SAME_AS]
                row["id"] = told
    for by_id in rows.values() if first else ():
        for row in by_id.values():
            named = [column for column, told in row.items() if column.endswith("_id") and told in first]
            row.update({column: first[row[column]] for column in named})


def _told(table: str, child: str) -> Body:
    match child:
        case "attribute":
            return {"link_entity": table}
        case "metadata":
            return {"resource_type": table}
        case _:
            return {}
