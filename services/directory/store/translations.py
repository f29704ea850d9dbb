"""
Add the texts of a translation to the records of a dataset, and change nothing else of them.

What the translation says otherwise than the record is remarked and never taken:
whom a place takes must not depend on who translated it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from psycopg import sql
from psycopg.rows import class_row

from services.directory.model import ImportRecord, Outcome, Provider, Stored, Texts, Upserted
from services.directory.model.imports import ImportHeader
from services.directory.model.translations import with_texts
from services.directory.store.bodies import LOCATIONS, ORGANIZATIONS, SERVICES, Bodies
from services.directory.store.import_rows import read_known
from services.directory.store.providers import Change, write
from services.errors import Violation
from services.runtime.postgres import Connection

Languages = Mapping[str, frozenset[str]]  #: field, for example `provider.names` → languages of translations
NO_TRANSLATIONS: Final[Languages] = MappingProxyType({})
_ABSENT: Final = Violation("key", "must be that of a record that is there: a translation makes none")
_HIDDEN: Final = Violation(
    "location.disclosure", "must be public: a confidential site has one alias and no translation"
)


async def languages_of_translations(connection: Connection, dataset: str) -> Languages:
    """Read which languages translations have brought, by field."""
    cursor = await connection.execute(
        "SELECT field, array_agg(language) FROM translation WHERE dataset = %s GROUP BY field", [dataset]
    )
    return {field: frozenset(languages) for field, languages in await cursor.fetchall()}


async def translate_rows(
    connection: Connection, header: ImportHeader, rows: Sequence[ImportRecord], *, actor: str, now: datetime
) -> list[Upserted]:
    """
    Bring the texts of a translation to the providers of its dataset, and to what they rest on.

    Args:
        connection: In the transaction of the import's batch; the feed's counter is taken last.

        header: What is translated, and what is compared.

        rows: At most 1000, each source key at most once.

        actor: Who imports, for the history.

        now: The time of the change.

    Returns:
        One entry for each row, in their order. A row whose key is not in the
        dataset, or is of a confidential site, is REFUSED.
    """
    dataset = header.dataset
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('directory.import:' || %s, 0))", [dataset])
    told_by_key = {row.source_key: row for row in rows}
    grounds = await _translate_grounds(connection, header, told_by_key)
    known = await read_known(connection, dataset, list(told_by_key))
    await _remember_languages(connection, header, rows)
    results, changes = [], []
    for row in rows:
        before = known.get(row.source_key)
        if before is None or before.archived or not before.is_public:
            hidden = before is not None and not before.is_public
            results.append(Upserted(Outcome.REFUSED, fault=_HIDDEN if hidden else _ABSENT))
            continue
        provider = before.provider
        after = _translated(provider, row.provider, "provider", header)
        changed = tuple(f for f in ("descriptions", "names") if getattr(after, f) != getattr(provider, f))
        if changed:
            changes.append(Change(provider_id=before.provider_id, provider=after, create_time=before.create_time))
        changed += grounds.get(row.source_key, ())
        results.append(
            Upserted(
                Outcome.UPDATED if changed else Outcome.UNCHANGED,
                before.provider_id,
                changed=changed,
                differing=_differing(provider, row, header.compared),
            )
        )
    await write(connection, changes, actor=actor, now=now)
    return results


def _translated(present: Any, told: Any, part: str, header: ImportHeader) -> Any:
    """Give a record the texts of another one that the translation brings."""
    brought: dict[str, Texts] = {}
    for field in header.translated:
        owner, _, name = field.partition(".")
        if owner == part and getattr(told, name):
            brought[name] = with_texts(getattr(present, name), getattr(told, name))
    return replace(present, **brought) if brought else present


async def _translate_grounds(
    connection: Connection, header: ImportHeader, told_by_key: Mapping[str, ImportRecord]
) -> Mapping[str, tuple[str, ...]]:
    """Bring the texts to organizations, services and locations; of rows that share one, the first counts."""
    cursor = await connection.execute(
        """
        SELECT source_key, organization_id::text, service_id::text, location_id::text FROM provider
        WHERE dataset = %s AND source_key = ANY(%s) AND disclosure = 'PUBLIC' AND NOT archived ORDER BY source_key
        """,
        [header.dataset, list(told_by_key)],
    )
    rests_on = {row[0]: row[1:] for row in await cursor.fetchall()}
    nouns: list[tuple[Bodies[Any], Callable[[ImportRecord], Any]]] = [
        (ORGANIZATIONS, lambda row: row.organization),
        (SERVICES, lambda row: row.service),
        (LOCATIONS, lambda row: row.location),
    ]
    changed: dict[str, tuple[str, ...]] = dict.fromkeys(rests_on, ())
    for index, (bodies, part_of) in enumerate(nouns):
        told: dict[str, Any] = {}
        for key, row in told_by_key.items():  # the order of the file
            if key in rests_on:
                told.setdefault(rests_on[key][index], part_of(row))
        fields = await _translate_bodies(connection, bodies, told, header)
        for key, ids in rests_on.items():
            changed[key] += fields.get(ids[index], ())
    return changed


async def _translate_bodies(
    connection: Connection, bodies: Bodies[Any], told: Mapping[str, Any], header: ImportHeader
) -> Mapping[str, tuple[str, ...]]:
    part = bodies.noun.name
    if not any(field.startswith(f"{part}.") for field in header.translated):
        return {}
    changed: dict[str, tuple[str, ...]] = {}
    for stored in await _locked(connection, bodies, told):
        present = bodies.noun.value(stored)
        if part == "location" and present.is_confidential:
            continue  # its one alias stays
        after = _translated(present, told[stored.record_id], part, header)
        if after != present:
            await bodies.save(connection, stored, after)
            names = [field.partition(".")[2] for field in header.translated if field.startswith(f"{part}.")]
            fields = sorted(name for name in names if getattr(after, name) != getattr(present, name))
            changed[stored.record_id] = tuple(f"{part}.{name}" for name in fields)
    return changed


async def _locked(connection: Connection, bodies: Bodies[Any], record_ids: Iterable[str]) -> list[Stored]:
    async with connection.cursor(row_factory=class_row(Stored)) as cursor:
        record_id = sql.Identifier(bodies.noun.id_field)
        await cursor.execute(
            sql.SQL(
                """
                SELECT {id}::text AS record_id, revision, archived, doc FROM {table}
                WHERE {id} = ANY(%s::uuid[]) ORDER BY {id} FOR UPDATE
                """
            ).format(id=record_id, table=sql.Identifier(bodies.noun.name)),
            [list(record_ids)],
        )
        return await cursor.fetchall()


async def _remember_languages(connection: Connection, header: ImportHeader, rows: Sequence[ImportRecord]) -> None:
    found = {
        (field, text.language)
        for row in rows
        for field in header.translated
        for text in getattr(getattr(row, field.partition(".")[0]), field.partition(".")[2])
    }
    await connection.execute(
        """
        INSERT INTO translation (dataset, field, language)
        SELECT %s, * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING
        """,
        [header.dataset, [field for field, _ in found], [language for _, language in found]],
    )


def _differing(provider: Provider, row: ImportRecord, compared: Sequence[str]) -> tuple[str, ...]:
    """List the facts that a translation says otherwise; the order of a list says nothing."""
    site = provider.located
    return tuple(
        field
        for field in compared
        if _fact(provider if field.startswith("provider.") else site, field)
        != _fact(row.provider if field.startswith("provider.") else row.location, field)
    )


def _fact(record: Any, field: str) -> Any:
    value = getattr(record, field.partition(".")[2])
    return frozenset(value) if isinstance(value, tuple) else value
