"""The command that an operator gives to a database that was restored (F29)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from ihala.cli.app import app
from ihala.cli.exit_codes import BY_REASON
from services.errors import Reason
from services.runtime import epochs
from services.runtime.embedded import postgres
from services.runtime.embedded.processes import Supervisor
from services.runtime.feed import Renewed
from services.runtime.migrate import migrate
from services.runtime.postgres import open_pool

WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
SERVICES = ("directory", "notify", "referrals")


async def renew(url: str) -> Result:
    return await asyncio.to_thread(
        CliRunner(env={"IHALA_DATABASE_URL": url}).invoke, app, ["epochs", "renew", "--format", "json"]
    )


def epochs_in(url: str) -> dict[tuple[str, str], str]:
    with psycopg.connect(url, autocommit=True) as connection:
        return {
            (schema, name): str(epoch)
            for schema in SERVICES
            for name, epoch in connection.execute(f"SELECT name, epoch FROM {schema}.feed").fetchall()  # noqa: S608
        }


async def test_every_feed_has_a_new_epoch_and_each_schema_one_that_the_command_names(
    migrated_url: Callable[..., Awaitable[str]],
) -> None:
    url = await migrated_url(*SERVICES)
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO referrals.feed (name, epoch, revision) VALUES ('one', gen_random_uuid(), 7)")
    before = epochs_in(url)

    said = await renew(url)

    after = epochs_in(url)
    assert said.exit_code == 0, said.stderr
    assert {(each["schema"], each["feed_count"]) for each in json.loads(said.stdout)["schemas"]} == {
        ("directory", 1),
        ("notify", 1),
        ("referrals", 2),
    }
    assert after.keys() == before.keys()
    assert set(after.values()).isdisjoint(before.values())
    assert set(after.values()) == {each["epoch"] for each in json.loads(said.stdout)["schemas"]}
    with psycopg.connect(url) as connection:
        revision = connection.execute("SELECT revision FROM referrals.feed WHERE name = 'one'").fetchone()
        audited = [
            connection.execute(f"SELECT actor, object_kind FROM {schema}.audit WHERE action = 'epoch.renew'").fetchall()  # noqa: S608
            for schema in SERVICES
        ]
    assert revision == (7,)
    assert audited == [[("operator", "feed")]] * len(SERVICES)


async def test_again_does_no_harm(migrated_url: Callable[..., Awaitable[str]]) -> None:
    url = await migrated_url("notify")

    first, second = await renew(url), await renew(url)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout != second.stdout


async def test_while_a_service_is_connected_it_is_refused_and_the_service_named(
    migrated_url: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await migrated_url(*SERVICES)
    before = epochs_in(url)
    monkeypatch.setattr(epochs, "LEAVING_S", 0.3)
    async with open_pool(url, "referrals", max_size=1) as pool, pool.connection():
        said = await renew(url)

    assert said.exit_code == BY_REASON[Reason.ILLEGAL_MOVE]
    assert "referrals (1)" in json.loads(said.stderr)["error"]["message"]
    assert epochs_in(url) == before


async def test_a_service_that_starts_meanwhile_waits_until_it_is_done(
    migrated_url: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await migrated_url("notify")
    order: list[str] = []
    starting: list[asyncio.Task[None]] = []
    renew_schema = epochs._renew_schema

    async def start() -> None:
        await migrate(url, "notify", "services.notify")
        order.append("started")

    async def renew_while_one_starts(database_url: str, schema: str) -> Renewed:
        starting.append(asyncio.create_task(start()))
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while not await (await connection.execute(WAITING)).fetchone():  # noqa: ASYNC110 -- the server's
                await asyncio.sleep(0.01)
        order.append("renewed")
        return await renew_schema(database_url, schema)

    monkeypatch.setattr(epochs, "_renew_schema", renew_while_one_starts)
    async with asyncio.timeout(20):
        await epochs.renew(url)
        await starting[0]

    assert order == ["renewed", "started"]


async def test_a_database_without_a_schema_of_ours_is_refused(postgres_url: str) -> None:
    said = await renew(postgres_url)

    assert said.exit_code != 0
    assert "restore it first" in json.loads(said.stderr)["error"]["message"]


async def test_a_database_that_is_away_is_unready(postgres_url: str) -> None:
    said = await renew("postgresql://nobody@127.0.0.1:1/none")

    assert said.exit_code == BY_REASON[Reason.UNREADY]


def test_in_the_folder_of_a_run_nothing_is_named_and_the_run_must_have_ended(tmp_path: Path) -> None:
    folder = tmp_path / ".ihala"
    runner = CliRunner(env={"IHALA_HOME": str(tmp_path)})
    renewing = ["epochs", "renew", "--format", "json"]
    with Supervisor(folder) as supervisor:
        url = postgres.start(supervisor).url()
        asyncio.run(migrate(url, "notify", "services.notify"))
        refused = runner.invoke(app, renewing)

    said = runner.invoke(app, renewing)

    assert "another run uses this folder" in json.loads(refused.stderr)["error"]["message"]
    assert said.exit_code == 0, said.stderr
    assert [each["schema"] for each in json.loads(said.stdout)["schemas"]] == ["notify"]


def test_where_no_run_was_it_is_said_how_to_name_the_database(tmp_path: Path) -> None:
    (tmp_path / ".ihala").mkdir()
    said = CliRunner(env={"IHALA_HOME": str(tmp_path)}).invoke(app, ["epochs", "renew"])

    assert said.exit_code == BY_REASON[Reason.NOT_FOUND]
    assert "IHALA_DATABASE_URL" in said.stderr
