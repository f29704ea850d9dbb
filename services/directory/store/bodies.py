"""Organizations, services, locations and receivers: four tables of one shape, and the way through them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Location, Organization, Receiver, Service, Source, Stored, Texts, refuse
from services.directory.search import sort_name
from services.directory.wire.nouns_wire import LOCATION, ORGANIZATION, RECEIVER, SERVICE, Noun
from services.directory.wire.requests_wire import is_record_id
from services.errors import Conflict
from services.runtime.auth import absent
from services.runtime.postgres import Connection

V = TypeVar("V", Organization, Service, Location, Receiver)
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bodies(Generic[V]):
    """
    The records of one noun.

    Args:
        noun: What it is called; the table has the same name.

        columns: What a value repeats beside its `doc`.
    """

    noun: Noun[V]
    columns: Callable[[V], Columns]

    async def insert(self, connection: Connection, record_id: str, value: V) -> Stored:
        """Add a record."""
        stored = Stored(record_id=record_id, revision=1, doc=self.noun.doc(record_id, value))
        columns = {self.noun.id_field: record_id, "revision": 1, **self.columns(value), "doc": stored.doc}
        await connection.execute(
            sql.SQL("INSERT INTO {table} ({names}) VALUES ({values})").format(
                table=self._table,
                names=sql.SQL(", ").join(map(sql.Identifier, columns)),
                values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
            ),
            columns,
        )
        return stored

    async def save(self, connection: Connection, stored: Stored, value: V) -> Stored:
        """Change a record that this transaction has locked."""
        saved = replace(stored, revision=stored.revision + 1, doc=self.noun.doc(stored.record_id, value))
        columns = {"revision": saved.revision, **self.columns(value), "doc": saved.doc}
        await connection.execute(
            sql.SQL("UPDATE {table} SET {assignments} WHERE {id} = %(record_id)s").format(
                table=self._table,
                assignments=sql.SQL(", ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in columns
                ),
                id=self._id,
            ),
            {**columns, "record_id": stored.record_id},
        )
        return saved

    async def archive(self, connection: Connection, stored: Stored) -> Stored:
        """Archive a record that this transaction has locked."""
        archived = replace(stored, revision=stored.revision + 1, archived=True)
        await connection.execute(
            sql.SQL("UPDATE {table} SET archived = true, revision = %(revision)s WHERE {id} = %(record_id)s").format(
                table=self._table, id=self._id
            ),
            {"revision": archived.revision, "record_id": stored.record_id},
        )
        return archived

    async def lock(self, connection: Connection, record_id: str, expected_revision: int) -> Stored:
        """
        Lock a record for a change.

        Raises:
            NotFound: there is none.

            Conflict: it has another revision than the caller has read.
        """
        stored = await self._one(connection, record_id, sql.SQL("FOR UPDATE"))
        if stored is None:
            raise absent()
        check_revision(stored, expected_revision)
        return stored

    async def hold(self, connection: Connection, record_id: str) -> Stored | None:
        """Keep a record as it is until this transaction ends; None if there is none that is in use."""
        stored = await self._one(connection, record_id, sql.SQL("FOR SHARE"))
        return None if stored is None or stored.archived else stored

    async def _one(self, connection: Connection, record_id: str, lock: sql.SQL) -> Stored | None:
        if not is_record_id(record_id):
            return None
        async with connection.cursor(row_factory=class_row(Stored)) as cursor:
            await cursor.execute(
                sql.SQL(
                    "SELECT {id}::text AS record_id, revision, archived, doc FROM {table} WHERE {id} = %s {lock}"
                ).format(id=self._id, table=self._table, lock=lock),
                [record_id],
            )
            return await cursor.fetchone()

    @property
    def _table(self) -> sql.Identifier:
        return sql.Identifier(self.noun.name)

    @property
    def _id(self) -> sql.Identifier:
        return sql.Identifier(self.noun.id_field)


def check_revision(stored: Stored, expected_revision: int) -> None:
    """Refuse a change by a caller that has read another state (VERSION_CONFLICT)."""
    if not stored.is_of(expected_revision):
        raise Conflict("the record has changed since it was read: read it again")


@asynccontextmanager
async def unique_source(noun: str) -> AsyncIterator[None]:
    """Turn the database's refusal of a second record of one source key into a fault of the request."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        if not str(error.diag.constraint_name).endswith("_source_key_key"):
            raise
        raise refuse(f"{noun}.source.source_key", "must be unique in its dataset") from None


def _named(names: Texts, source: Source | None) -> Columns:
    return {
        "dataset": source.dataset if source else None,
        "source_key": source.source_key if source else None,
        "sort_name": sort_name(names),
    }


ORGANIZATIONS: Bodies[Organization] = Bodies(ORGANIZATION, lambda value: _named(value.names, value.source))
SERVICES: Bodies[Service] = Bodies(
    SERVICE, lambda value: {**_named(value.names, value.source), "organization_id": value.organization_id}
)
LOCATIONS: Bodies[Location] = Bodies(
    LOCATION,
    lambda value: {
        **_named(value.names, value.source),
        "organization_id": value.organization_id or None,
        "disclosure": value.disclosure.value,
    },
)
RECEIVERS: Bodies[Receiver] = Bodies(RECEIVER, lambda value: {"organization_id": value.organization_id or None})
