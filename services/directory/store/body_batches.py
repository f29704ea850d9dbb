"""Bring organizations, services or locations of one dataset up to a file: one statement reads and locks, one writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic

from psycopg import sql

from services.directory.model import Location, Stored
from services.directory.model.translations import keeping
from services.directory.store.arrays import array
from services.directory.store.bodies import Bodies, V
from services.directory.store.translations import NO_TRANSLATIONS, Languages
from services.runtime.postgres import Connection

_TYPES = {
    "revision": "bigint",
    "organization_id": "uuid",
    "disclosure": "text",
    "dataset": "text",
    "source_key": "text",
    "sort_name": "text",
    "doc": "bytea",
}


@dataclass(frozen=True, slots=True)
class Brought(Generic[V]):
    """What came of it."""

    id_by_key: Mapping[str, str]  #: of every source key that was brought
    changed: Mapping[str, V]  #: by id, those that were there and are different now
    changed_fields: Mapping[str, tuple[str, ...]]  #: by source key, for example ("location.names",); a new one has none
    statement: tuple[sql.Composed, Mapping[str, str]] | None = None  #: that writes it, if anything is to be written

    async def write(self, connection: Connection) -> None:
        """Write what is new or different: before anything that rests on it."""
        if self.statement is not None:
            await connection.execute(*self.statement)


async def bring_up(
    connection: Connection,
    bodies: Bodies[V],
    dataset: str,
    values: Mapping[str, V],
    make_id: Callable[[], str],
    translated: Languages = NO_TRANSLATIONS,
) -> Brought[V]:
    """
    Say how to create and change records so that they are as a file has them; equal ones are left alone.

    Those that are there are locked; what comes of it is written by `Brought.write`.

    Args:
        connection: In a transaction that has locked the dataset.

        bodies: The records of one noun.

        dataset: Of all of them.

        values: By source key; each has that source.

        make_id: Makes the ids of new records.

        translated: The languages that translations have brought, by field; their texts stay.
    """
    record_id = sql.Identifier(bodies.noun.id_field)
    table = sql.Identifier(bodies.noun.name)
    cursor = await connection.execute(
        sql.SQL(
            """
            SELECT source_key, {id}::text, revision, archived, doc FROM {table}
            WHERE dataset = %s AND source_key = ANY(%s::text[]) ORDER BY {id} FOR UPDATE
            """
        ).format(id=record_id, table=table),
        [dataset, array(values)],
    )
    there = {row[0]: row[1:] for row in await cursor.fetchall()}
    id_by_key, changed, changed_fields = {}, {}, {}
    kept_fields = {field.partition(".")[2]: field for field in translated if field.startswith(f"{bodies.noun.name}.")}
    rows: list[dict[str, Any]] = []
    for key, value in values.items():
        known_id, revision, archived, doc = there.get(key, (None, 0, False, b""))
        id_by_key[key] = known_id or make_id()
        if known_id and kept_fields:
            value = _keeping(bodies, value, doc, kept_fields, translated)  # noqa: PLW2901 -- the record as it is to be
        new_doc = bodies.noun.doc(id_by_key[key], value)
        if known_id and new_doc == doc and not archived:
            continue
        if known_id:
            changed[known_id] = value
            changed_fields[key] = bodies.noun.changed_fields(doc, new_doc)
        columns = {"revision": revision + 1, **bodies.columns(value), "doc": new_doc}
        rows.append({bodies.noun.id_field: id_by_key[key], **columns})
    statement = None
    if rows:
        statement = (_write_statement(bodies), {name: array(row[name] for row in rows) for name in rows[0]})
    return Brought(id_by_key, changed, changed_fields, statement)


def _keeping(bodies: Bodies[V], value: V, doc: bytes, fields: Mapping[str, str], translated: Languages) -> V:
    present: Any = bodies.noun.value(Stored(record_id="", revision=0, doc=doc))
    if any(isinstance(each, Location) and each.is_confidential for each in (value, present)):
        return value  # it has one alias, and that is the file's
    texts: dict[str, Any] = {
        name: keeping(getattr(value, name), getattr(present, name), translated[field]) for name, field in fields.items()
    }
    return replace(value, **texts)


def _write_statement(bodies: Bodies[Any]) -> sql.Composed:
    noun = bodies.noun
    owned = {"service": ["organization_id"], "location": ["organization_id", "disclosure"]}.get(noun.name, [])
    names = ["revision", *owned, "dataset", "source_key", "sort_name", "doc"]
    types = {noun.id_field: "uuid", **{name: _TYPES[name] for name in names}}
    return sql.SQL(
        """
        INSERT INTO {table} ({all_names})
        SELECT * FROM unnest({parameters})
        ON CONFLICT ({id}) DO UPDATE SET archived = false, {assignments}
        """
    ).format(
        table=sql.Identifier(noun.name),
        id=sql.Identifier(noun.id_field),
        all_names=sql.SQL(", ").join(map(sql.Identifier, types)),
        parameters=sql.SQL(", ").join(
            sql.SQL("{}::{}[]").format(sql.Placeholder(name), sql.SQL(kind)) for name, kind in types.items()
        ),
        assignments=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in names),
    )
