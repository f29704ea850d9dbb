"""Rows that were written before a column beside `doc` was there: written anew by the way, while calls are answered."""

from typing import Final

from psycopg import sql

from services.directory.model import Stored
from services.directory.store.arrays import array
from services.directory.store.provider_columns import COLUMNS, FORM, LISTS, columns_of
from services.directory.wire.nouns_wire import PROVIDER
from services.runtime.postgres import Act, Pool, Process, transaction

BATCH: Final = 100  #: read and written at one go, some 20 ms: who asks meanwhile waits no longer
_DIRECTORY: Final = Process(client_id="directory")
_BESIDE: Final = tuple(name for name in COLUMNS if name != "doc")


async def renew(pool: Pool) -> int:
    """
    Write the columns of a batch of older rows as they are written now; the records and the feed stay as they are.

    Args:
        pool: Of the directory.

    Returns:
        How many rows; 0 once there is none left that nobody else holds.
    """
    act = Act(action="provider.renew", object_kind="provider")
    async with transaction(pool, _DIRECTORY, act) as connection:
        cursor = await connection.execute(
            """
            SELECT provider_id::text, revision, doc FROM provider WHERE columns_form < %s
            ORDER BY provider_id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            [FORM, BATCH],
        )
        found = [Stored(record_id=row[0], revision=row[1], doc=row[2]) for row in await cursor.fetchall()]
        if not found:
            return 0
        rows = [columns_of(stored.record_id, PROVIDER.value(stored)) for stored in found]
        columns = {
            name: array(array(row[name]) for row in rows) if name in LISTS else array(row[name] for row in rows)
            for name in _BESIDE
        }
        ids = array(stored.record_id for stored in found)
        await connection.execute(_RENEW, {**columns, "provider_id": ids, "form": FORM})
    return len(found)


_TYPES: Final = {"provider_id": "uuid"} | {name: "text" if name in LISTS else COLUMNS[name] for name in _BESIDE}
_RENEW: Final = (
    sql.SQL(
        """
    UPDATE provider SET (columns_form, {names}) = ROW (%(form)s, {values})
    FROM unnest({parameters}) AS entry ({entry}) WHERE provider.provider_id = entry.provider_id
    """
    )
    .format(
        names=sql.SQL(", ").join(map(sql.Identifier, _BESIDE)),
        values=sql.SQL(", ").join(
            sql.SQL("array_to_tsvector(entry.words::text[])")
            if name == "words"
            else sql.SQL("{}::text[]").format(sql.Identifier("entry", name))
            if name in LISTS
            else sql.Identifier("entry", name)
            for name in _BESIDE
        ),
        parameters=sql.SQL(", ").join(
            sql.SQL("{}::{}[]").format(sql.Placeholder(name), sql.SQL(kind)) for name, kind in _TYPES.items()
        ),
        entry=sql.SQL(", ").join(map(sql.Identifier, _TYPES)),
    )
    .as_bytes()
)
