"""Providers in PostgreSQL: every change takes its revision of the feed last, and leaves a row in the history."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import Provider, Stored
from services.directory.store.arrays import array
from services.directory.store.bodies import check_revision, unique_source
from services.directory.store.provider_columns import COLUMNS, FORM, LISTS, STORED, columns_of
from services.directory.store.service_areas import keep_areas
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.requests_wire import is_record_id
from services.runtime import feed
from services.runtime.auth import absent
from services.runtime.postgres import Connection

FEED: Final = "providers"
PREPARED_AT_ONCE: Final = 100  #: rows, some 4 ms: nobody else is answered meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A provider as it is to be."""

    provider_id: str
    provider: Provider  #: with the facts of its location
    archived: bool = False
    create_time: datetime | None = None  #: None: it is new


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A provider that this transaction has locked."""

    stored: Stored
    provider: Provider

    @property
    def change(self) -> Change:
        """The provider as it is, to be altered."""
        return Change(
            provider_id=self.stored.record_id,
            provider=self.provider,
            archived=self.stored.archived,
            create_time=self.stored.create_time,
        )


async def lock(connection: Connection, provider_id: str, expected_revision: int | None = None) -> Held:
    """
    Lock a provider for a change.

    Raises:
        NotFound: there is none.

        Conflict: it has another revision than the caller has read.
    """
    held = await lock_by(connection, "provider_id", [provider_id]) if is_record_id(provider_id) else []
    if not held:
        raise absent()
    if expected_revision is not None:
        check_revision(held[0].stored, expected_revision)
    return held[0]


async def lock_by(
    connection: Connection, column: str, values: Sequence[str], except_ids: Collection[str] = ()
) -> list[Held]:
    """
    Lock the providers that name something, archived ones too, in the order of their ids.

    Whoever adds a provider holds what it names, so none joins while what it
    names is locked: a service or a location by its row, a pool by `lock_pools`.

    Args:
        connection: In a transaction.

        column: What they name, for example "location_id".

        values: The ids of it.

        except_ids: Providers that are left out.
    """
    if not values:
        return []
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(
            sql.SQL(
                """
                SELECT {} FROM provider
                WHERE {} = ANY(%s::{}[]) AND provider_id <> ALL(%s::uuid[]) ORDER BY provider_id FOR UPDATE
                """
            ).format(STORED, sql.Identifier(column), sql.SQL("text" if column == "pool_id" else "uuid")),
            [list(values), list(except_ids)],
        )
        return [Held(stored=stored, provider=PROVIDER.value(stored)) for stored in await cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Changes as they are written: their rows, and the same as PostgreSQL's arrays."""

    rows: Sequence[Mapping[str, Any]]
    columns: Mapping[str, str]


async def prepare(changes: Sequence[Change]) -> Prepared:
    """Write changes as columns, some at a time: others have their turns meanwhile, and so has the database."""
    rows: list[dict[str, Any]] = []
    for start in range(0, len(changes), PREPARED_AT_ONCE):
        if start:
            await asyncio.sleep(0)
        rows += [columns_of(each.provider_id, each.provider) for each in changes[start : start + PREPARED_AT_ONCE]]
    columns = {
        name: array(array(row[name]) for row in rows) if name in LISTS else array(row[name] for row in rows)
        for name in COLUMNS
    }
    return Prepared(rows, columns)


async def write(
    connection: Connection,
    changes: Sequence[Change],
    *,
    actor: str,
    now: datetime,
    prepared: Prepared | None = None,
) -> list[Stored]:
    """
    Write providers, new and changed: the last step of a transaction.

    The rows are prepared before the feed's counter is taken, so that other
    writers wait for one statement alone.

    Args:
        connection: In a transaction that has locked the providers that are there.

        changes: Each provider once.

        actor: For the history.

        now: The time of the change.

        prepared: The same changes, if they were prepared before.

    Returns:
        The providers as they are stored, in the order of the changes.

    Raises:
        InvalidInput: another provider has the same dataset and source key.
    """
    if not changes:
        return []
    rows_and_columns = prepared or await prepare(changes)
    rows, columns = rows_and_columns.rows, rows_and_columns.columns
    await keep_areas(connection, {change.provider_id: change.provider.service_areas for change in changes})
    revisions = list(await feed.take(connection, FEED, len(changes)))
    async with unique_source("provider"):
        await connection.execute(
            _WRITE,
            {
                **columns,
                "provider_id": array(change.provider_id for change in changes),
                "revision": array(revisions),
                "archived": array(change.archived for change in changes),
                "actor": actor,
                "now": now,
            },
        )
    heard = await _heard_times(connection, {change.provider.receiver_id for change in changes} - {""})
    return [
        Stored(
            record_id=change.provider_id,
            revision=revision,
            archived=change.archived,
            doc=row["doc"],
            create_time=change.create_time or now,
            update_time=now,
            receiver_heard_time=heard.get(change.provider.receiver_id),
        )
        for change, revision, row in zip(changes, revisions, rows, strict=True)
    ]


async def _heard_times(connection: Connection, receiver_ids: Collection[str]) -> Mapping[str, datetime | None]:
    if not receiver_ids:
        return {}
    cursor = await connection.execute(
        "SELECT receiver_id::text, heard_time FROM receiver WHERE receiver_id = ANY(%s::uuid[])", [list(receiver_ids)]
    )
    return dict(await cursor.fetchall())


_COPIED: Final = ("revision", "archived", *COLUMNS)
# In the entry, lists are still texts.
_ENTRY_TYPES: Final = {"provider_id": "uuid", "revision": "bigint", "archived": "boolean"} | {
    name: "text" if name in LISTS else kind for name, kind in COLUMNS.items()
}
_WRITE: Final = (
    sql.SQL(
        """
    WITH entry AS (
        SELECT * FROM unnest({parameters}) AS entry ({names})
    ), saved AS (
        INSERT INTO provider (provider_id, create_time, update_time, columns_form, {copied})
        SELECT provider_id, %(now)s, %(now)s, {form}, {values} FROM entry
        ON CONFLICT (provider_id) DO UPDATE SET (update_time, columns_form, told_revision, {copied})
            = ROW (excluded.update_time, excluded.columns_form, NULL, {excluded})
    )
    INSERT INTO provider_history (provider_id, revision, archived, doc, actor, at)
    SELECT provider_id, revision, archived, doc, %(actor)s, %(now)s FROM entry
    """
    )
    .format(
        parameters=sql.SQL(", ").join(
            sql.SQL("{}::{}[]").format(sql.Placeholder(name), sql.SQL(kind)) for name, kind in _ENTRY_TYPES.items()
        ),
        names=sql.SQL(", ").join(map(sql.Identifier, _ENTRY_TYPES)),
        form=sql.Literal(FORM),
        copied=sql.SQL(", ").join(map(sql.Identifier, _COPIED)),
        values=sql.SQL(", ").join(
            sql.SQL("array_to_tsvector(words::text[])")
            if name == "words"
            else sql.SQL("{}::text[]").format(sql.Identifier(name))
            if name in LISTS
            else sql.Identifier(name)
            for name in _COPIED
        ),
        excluded=sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(name)) for name in _COPIED),
    )
    .as_bytes()
)  # once: it is long
