"""Reading single records and lists, as far as the reader may see."""

from typing import Any

from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Stored, Viewer
from services.directory.store.provider_columns import STORED
from services.directory.wire.requests_wire import is_record_id
from services.runtime.auth import absent
from services.runtime.postgres import Connection

# R21: a desk, an organization or a service is shown to others once it has a public provider;
# one that has confidential sites alone is as confidential as they are.
_OF_A_VISIBLE_PROVIDER = """
    EXISTS (
        SELECT FROM provider WHERE provider.{id} = {table}.{id}
        AND (provider.disclosure = 'PUBLIC' OR provider.receiver_id = ANY(%(receiver_ids)s::uuid[]))
    )
"""
_VISIBLE = {
    "organization": _OF_A_VISIBLE_PROVIDER,
    "service": _OF_A_VISIBLE_PROVIDER,
    "location": "(location.disclosure = 'PUBLIC' OR " + _OF_A_VISIBLE_PROVIDER + ")",
    "receiver": "(receiver.receiver_id = ANY(%(receiver_ids)s::uuid[]) OR " + _OF_A_VISIBLE_PROVIDER + ")",
    "provider": "(provider.disclosure = 'PUBLIC' OR provider.receiver_id = ANY(%(receiver_ids)s::uuid[]))",
}
_NAMED = frozenset({"organization", "service", "location"})  #: listed by name


async def get(connection: Connection, noun: str, record_id: str, viewer: Viewer) -> Stored:
    """
    Read a record, archived or not.

    Raises:
        NotFound: there is none, or none that the reader may see.
    """
    found = []
    if is_record_id(record_id):
        where = sql.SQL("{id} = %(record_id)s").format(id=sql.Identifier(f"{noun}_id"))
        found = await _select(connection, noun, where, sql.SQL(""), viewer, {"record_id": record_id})
    if not found:
        raise absent()
    return found[0]


async def list_page(
    connection: Connection,
    noun: str,
    viewer: Viewer,
    *,
    after: list[str] | None,
    limit: int,
    dataset: str = "",
    receiver_id: str = "",
) -> list[Stored]:
    """
    Read a page of the records that are not archived, by name and id, or by id alone where there is no name.

    Args:
        connection: To read by.

        noun: Of the records.

        viewer: Who reads.

        after: The position of the last row of the page before: name and id, or id; None for the first page.

        limit: How many at most.

        dataset: Only those of this dataset, if set.

        receiver_id: Only providers of this desk, if set.
    """
    record_id = sql.Identifier(f"{noun}_id")
    order = sql.SQL("sort_name, {id}").format(id=record_id) if noun in _NAMED else record_id
    where: list[sql.Composable] = [sql.SQL("NOT archived")]
    if after is not None:
        row = sql.SQL("(%(name)s, %(record_id)s::uuid)" if noun in _NAMED else "%(record_id)s::uuid")
        where.append(sql.SQL("({order}) > {row}").format(order=order, row=row))
    if dataset:
        where.append(sql.SQL("dataset = %(dataset)s"))
    if receiver_id:
        where.append(sql.SQL("receiver_id = %(receiver_id)s"))
    return await _select(
        connection,
        noun,
        sql.SQL(" AND ").join(where),
        sql.SQL("ORDER BY {order} LIMIT %(limit)s").format(order=order),
        viewer,
        {
            "name": after[0] if after else None,
            "record_id": after[-1] if after else None,
            "dataset": dataset,
            "receiver_id": receiver_id,
            "limit": limit,
        },
    )


async def position_of(connection: Connection, noun: str, stored: Stored) -> list[str]:
    """Say where in the list a record stands."""
    if noun not in _NAMED:
        return [stored.record_id]
    cursor = await connection.execute(
        sql.SQL("SELECT sort_name FROM {table} WHERE {id} = %s").format(
            table=sql.Identifier(noun), id=sql.Identifier(f"{noun}_id")
        ),
        [stored.record_id],
    )
    row = await cursor.fetchone()
    return [row[0] if row else "", stored.record_id]


async def _select(
    connection: Connection,
    noun: str,
    where: sql.Composable,
    tail: sql.Composable,
    viewer: Viewer,
    parameters: dict[str, Any],
) -> list[Stored]:
    table, record_id = sql.Identifier(noun), sql.Identifier(f"{noun}_id")
    plain = sql.SQL("{id}::text AS record_id, revision, archived, doc").format(id=record_id)
    visible = sql.SQL("TRUE") if viewer.sees_all else sql.SQL(_VISIBLE[noun]).format(table=table, id=record_id)
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            sql.SQL("SELECT {stored} FROM {table} WHERE {where} AND {visible} {tail}").format(
                stored=STORED if noun == "provider" else plain, table=table, where=where, visible=visible, tail=tail
            ),
            {**parameters, "receiver_ids": [each for each in viewer.receiver_ids if is_record_id(each)]},
        )
        return await cursor.fetchall()
