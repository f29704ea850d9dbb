"""Tests of migrations: each applied once, in order, whole or not at all."""

import asyncio
import sys
from pathlib import Path

import psycopg
import pytest

from services.errors import FailedPrecondition
from services.runtime.database_errors import QueryFailed
from services.runtime.migrate import migrate

RUNTIME_NAMES = ["runtime/0001_audit.sql", "runtime/0002_feed.sql"]


class Package:
    """A service's package with a folder of migrations."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.migrations = folder / name / "migrations"
        self.migrations.mkdir(parents=True)
        (folder / name / "__init__.py").touch()

    def write(self, file: str, text: str) -> None:
        (self.migrations / file).write_text(text)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    monkeypatch.syspath_prepend(tmp_path)
    name = "things_to_migrate"
    monkeypatch.delitem(sys.modules, name, raising=False)
    return Package(tmp_path, name)


def tables(url: str, schema: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema])
        return {row[0] for row in rows}


async def test_a_new_schema_gets_audit_and_feed_and_then_its_own(postgres_url: str, package: Package) -> None:
    package.write("0002_b.sql", "ALTER TABLE a ADD COLUMN name text")
    package.write("0001_a.sql", "CREATE TABLE a (number int)")

    applied = await migrate(postgres_url, "things", package.name)

    assert applied == [*RUNTIME_NAMES, f"{package.name}/0001_a.sql", f"{package.name}/0002_b.sql"]
    assert tables(postgres_url, "things") == {"migration", "audit", "feed", "a"}


async def test_a_second_run_applies_only_what_is_new(postgres_url: str, package: Package) -> None:
    package.write("0001_a.sql", "CREATE TABLE a (number int)")
    await migrate(postgres_url, "things", package.name)
    package.write("0002_b.sql", "CREATE TABLE b (number int)")

    assert await migrate(postgres_url, "things", package.name) == [f"{package.name}/0002_b.sql"]
    assert await migrate(postgres_url, "things", package.name) == []


async def test_schemas_of_one_database_do_not_meet(postgres_url: str, package: Package) -> None:
    package.write("0001_a.sql", "CREATE TABLE a (number int)")

    await migrate(postgres_url, "things", package.name)
    await migrate(postgres_url, "others", package.name)

    assert tables(postgres_url, "things") == tables(postgres_url, "others")


async def test_an_applied_file_that_was_changed_is_refused_by_name(postgres_url: str, package: Package) -> None:
    package.write("0001_a.sql", "CREATE TABLE a (number int)")
    await migrate(postgres_url, "things", package.name)
    package.write("0001_a.sql", "CREATE TABLE a (number bigint)")
    package.write("0002_b.sql", "CREATE TABLE b (number int)")

    with pytest.raises(FailedPrecondition, match=r"0001_a\.sql was changed"):
        await migrate(postgres_url, "things", package.name)
    assert "b" not in tables(postgres_url, "things")


async def test_a_file_that_fails_leaves_nothing_and_can_be_corrected(postgres_url: str, package: Package) -> None:
    package.write("0001_a.sql", "CREATE TABLE a (number int); SELECT 1 / 0")
    with pytest.raises(QueryFailed, match="22012"):
        await migrate(postgres_url, "things", package.name)
    assert "a" not in tables(postgres_url, "things")

    package.write("0001_a.sql", "CREATE TABLE a (number int)")

    assert await migrate(postgres_url, "things", package.name) == [f"{package.name}/0001_a.sql"]


async def test_what_a_newer_release_applied_is_left_alone(postgres_url: str, package: Package) -> None:
    package.write("0001_a.sql", "CREATE TABLE a (number int)")
    await migrate(postgres_url, "things", package.name)
    (package.migrations / "0001_a.sql").unlink()

    assert await migrate(postgres_url, "things", package.name) == []


async def test_replicas_that_start_together_take_turns(postgres_url: str, package: Package) -> None:
    package.write("0001_a.sql", "CREATE TABLE a (number int); SELECT pg_sleep(0.1)")

    applied = await asyncio.gather(*(migrate(postgres_url, "things", package.name) for _ in range(4)))

    assert sorted(map(len, applied)) == [0, 0, 0, 3]


@pytest.mark.parametrize("names", [["1_a.sql"], ["0001-a.sql"], ["0001_a.sql", "0001_b.sql"]])
async def test_files_must_be_numbered_each_once(postgres_url: str, package: Package, names: list[str]) -> None:
    for name in names:
        package.write(name, "SELECT 1")

    with pytest.raises(ValueError, match="NNNN_words"):
        await migrate(postgres_url, "things", package.name)
