"""Brings a schema to what the code needs: numbered SQL files, each applied once, in order, whole or not at all."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import AsyncConnection, sql

from services.errors import FailedPrecondition
from services.runtime.database_errors import translated

RUNTIME = "services.runtime"  #: what every schema has: the audit and the feed
#: holds a schema for one process, until its connection ends
TURN = "SELECT pg_advisory_lock(hashtextextended('ihala.migrate:' || %s, 0))"
FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of SQL."""

    name: str  #: package and file, for example "directory/0001_provider.sql"
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


async def migrate(database_url: str, schema: str, package: str) -> list[str]:
    """
    Apply what has not been applied yet, first of the runtime, then of the service.

    Replicas that start together take turns. A file that this code does not know, because
    a newer one applied it, is left alone.

    Args:
        database_url: Of a role that may create the schema or owns it.

        schema: Made if absent; unqualified names in the files are in it.

        package: Whose folder `migrations/` has files NNNN_words.sql, for example
            "services.directory".

    Returns:
        The names that were applied now.

    Raises:
        FailedPrecondition: A file was changed after it was applied.

        Unavailable: The database cannot be reached.
    """
    migrations = [migration for part in dict.fromkeys([RUNTIME, package]) for migration in _migrations_of(part)]
    with translated():
        async with await AsyncConnection.connect(database_url, autocommit=True, connect_timeout=5) as connection:
            # a migration may be slow, and waits for its turn as long as it takes
            await connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
            await connection.execute(TURN, [schema])
            await connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            await connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
            return await _apply(connection, migrations)


async def _apply(connection: psycopg.AsyncConnection, migrations: list[Migration]) -> list[str]:
    await connection.execute(
        """
        CREATE TABLE IF NOT EXISTS migration (
            name text PRIMARY KEY,
            checksum text NOT NULL,
            applied_time timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    cursor = await connection.execute("SELECT name, checksum FROM migration")
    applied: dict[str, str] = dict(await cursor.fetchall())
    for migration in migrations:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise FailedPrecondition(
                f"the migration {migration.name} was changed after it was applied: put it back and add a new one"
            )
    missing = [migration for migration in migrations if migration.name not in applied]
    for migration in missing:
        async with connection.transaction():
            await connection.execute(migration.text.encode())
            await connection.execute(
                "INSERT INTO migration (name, checksum) VALUES (%s, %s)", [migration.name, migration.checksum]
            )
    return [migration.name for migration in missing]


def _migrations_of(package: str) -> Iterator[Migration]:
    folder = files(package) / "migrations"
    part = package.rpartition(".")[2]
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    numbers = [name[:4] for name in names]
    if len(set(numbers)) != len(numbers) or not all(FILE_NAME.fullmatch(name) for name in names):
        raise ValueError(f"the migrations of {package} must be named NNNN_words.sql, each number once")
    for name in names:
        yield Migration(f"{part}/{name}", (folder / name).read_text(encoding="utf-8"))
