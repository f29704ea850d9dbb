"""Tests of how a service reaches its schema: who acts is written with the act, and no value leaves in an error."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import pytest
import structlog.testing

from services.errors import Unavailable
from services.runtime.database_errors import QueryFailed
from services.runtime.migrate import migrate
from services.runtime.postgres import Act, Pool, Process, look, open_pool, read, transaction, write

CANARY = "12 Elm Street ZQX-7"
SYSTEM = Process(client_id="things")
ACT = Act(action="thing.create", object_kind="thing", object_id="t-1", request_id="r-1")


@dataclass(frozen=True)
class Worker:
    client_id: str = "ministry"
    actor: str = "worker-118"


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[Pool]:
    await migrate(postgres_url, "things", "services.runtime")
    async with open_pool(postgres_url, "things", max_size=3) as pool:
        async with transaction(pool, SYSTEM, ACT) as connection:
            await connection.execute("CREATE TABLE thing (name text PRIMARY KEY, number int)")
        yield pool


async def rows(pool: Pool, query: str) -> list[tuple[object, ...]]:
    async with read(pool) as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def test_an_act_and_its_audit_commit_together(pool: Pool) -> None:
    async with transaction(pool, Worker(), ACT) as connection:
        await connection.execute("INSERT INTO thing VALUES ('a')")

    query = "SELECT actor, actor_kind, via_system, action, decision, object_id_hash IS NOT NULL FROM audit ORDER BY seq"
    assert await rows(pool, query) == [
        ("things", "system", None, "thing.create", "allowed", True),
        ("worker-118", "worker", "ministry", "thing.create", "allowed", True),
    ]


async def test_one_statement_writes_and_has_a_row_of_the_audit_for_each_object(pool: Pool) -> None:
    act = Act(action="thing.create", object_kind="thing", object_ids=("t-2", "t-3"))
    steps = "made AS (INSERT INTO thing (name) SELECT unnest(%(names)s::text[]) RETURNING name) SELECT name FROM made"

    made = await write(pool, Worker(), act, steps, {"names": ["a", "b"]})

    assert made == [("a",), ("b",)]
    query = (
        "SELECT actor, via_system, count(DISTINCT object_id_hash) FROM audit WHERE actor_kind = 'worker' GROUP BY 1, 2"
    )
    assert await rows(pool, query) == [("worker-118", "ministry", 2)]


async def test_one_select_needs_no_transaction(pool: Pool) -> None:
    query = "SELECT number, count(*) FROM generate_series(1, %(last)s) AS number GROUP BY 1 ORDER BY 1"

    assert await look(pool, query, {"last": 2}) == [(1, 1), (2, 1)]


async def test_one_statement_that_fails_leaves_neither_rows_nor_audit(pool: Pool) -> None:
    steps = "made AS (INSERT INTO thing (name) VALUES ('a') RETURNING name) SELECT 1 / 0 FROM made"
    with pytest.raises(QueryFailed):
        await write(pool, SYSTEM, ACT, steps, {})

    assert await rows(pool, "SELECT (SELECT count(*) FROM thing), (SELECT count(*) FROM audit)") == [(0, 1)]


async def test_an_act_that_fails_leaves_neither_rows_nor_audit(pool: Pool) -> None:
    with pytest.raises(QueryFailed):
        async with transaction(pool, SYSTEM, ACT) as connection:
            await connection.execute("INSERT INTO thing VALUES ('a'); SELECT 1 / 0")

    assert await rows(pool, "SELECT count(*) FROM thing") == [(0,)]
    assert await rows(pool, "SELECT count(*) FROM audit") == [(1,)]


async def test_a_trial_that_is_to_leave_nothing_ends_without_an_error(pool: Pool) -> None:
    heard: list[object] = []
    async with pool.heard_by(heard.extend), transaction(pool, SYSTEM, ACT) as connection:
        connection.word.append("tried")
        await connection.execute("INSERT INTO thing VALUES ('a')")
        raise psycopg.Rollback

    assert heard == []
    assert await rows(pool, "SELECT (SELECT count(*) FROM thing), (SELECT count(*) FROM audit)") == [(0, 1)]


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_audit_is_never_changed(pool: Pool, change: str) -> None:
    with pytest.raises(QueryFailed, match="23001"):
        async with transaction(pool, SYSTEM, ACT) as connection:
            await connection.execute(change.encode())


async def test_the_principal_is_known_inside_the_transaction_and_to_nobody_after_it(pool: Pool) -> None:
    async with transaction(pool, Worker(), ACT) as connection:
        cursor = await connection.execute("SELECT current_setting('app.principal', true)")
        inside = await cursor.fetchone()
    after = [await rows(pool, "SELECT current_setting('app.principal', true)") for _ in range(5)]

    assert inside == ("ministry",)
    assert {row for found in after for row in found} <= {("",), (None,)}


async def test_what_reads_cannot_write(pool: Pool) -> None:
    with pytest.raises(QueryFailed, match="25006"):
        async with read(pool) as connection:
            await connection.execute("INSERT INTO thing VALUES ('a')")


async def test_a_snapshot_sees_one_moment(pool: Pool) -> None:
    async with read(pool, snapshot=True) as connection:
        before = await (await connection.execute("SELECT count(*) FROM thing")).fetchone()
        async with transaction(pool, SYSTEM, ACT) as writing:
            await writing.execute("INSERT INTO thing VALUES ('a')")
        after = await (await connection.execute("SELECT count(*) FROM thing")).fetchone()

    assert before == after == (0,)


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("INSERT INTO thing VALUES (%(canary)s), (%(canary)s)", "23505"),
        ("SELECT %(canary)s::text::int", "22P02"),
        ("SELECT nothing FROM thing WHERE name = %(canary)s", "42703"),
    ],
)
async def test_a_failure_tells_its_code_and_no_value(pool: Pool, statement: str, sqlstate: str) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(QueryFailed) as caught:
        async with transaction(pool, SYSTEM, ACT) as connection:
            await connection.execute(statement.encode(), {"canary": CANARY})

    assert caught.value.sqlstate == sqlstate
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert CANARY not in str(caught.value) + str(logs)


async def test_a_constraint_is_named(pool: Pool) -> None:
    with pytest.raises(QueryFailed) as caught:
        async with transaction(pool, SYSTEM, ACT) as connection:
            await connection.execute("INSERT INTO thing VALUES ('a'), ('a')")

    assert caught.value.constraint == "thing_pkey"


async def test_a_lock_held_elsewhere_is_unavailable_within_the_limit(pool: Pool) -> None:
    async with transaction(pool, SYSTEM, ACT) as holding:
        await holding.execute("LOCK TABLE thing")
        async with asyncio.timeout(4):
            with pytest.raises(Unavailable) as caught:
                async with transaction(pool, SYSTEM, ACT) as connection:
                    await connection.execute("INSERT INTO thing VALUES ('a')")

    assert caught.value.retry_after_s is not None


async def test_an_exhausted_pool_is_unavailable(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.postgres.WAIT_FOR_CONNECTION_S", 0.2)
    async with open_pool(postgres_url, "things", max_size=1) as pool, read(pool):
        with pytest.raises(Unavailable):
            async with read(pool):
                pass


async def test_a_connection_that_the_server_ended_is_replaced(pool: Pool, postgres_url: str) -> None:
    ours = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'things'"
    with psycopg.connect(postgres_url) as connection:
        connection.execute(ours.encode())

    assert await rows(pool, "SELECT count(*) FROM thing") == [(0,)]


async def test_what_is_planned_once_is_planned_for_any_parameter(postgres_url: str) -> None:
    async with open_pool(postgres_url, "things", plans_once=True) as pool:
        assert await rows(pool, "SHOW plan_cache_mode") == [("force_generic_plan",)]


async def leave_word_and_fail(pool: Pool) -> None:
    async with transaction(pool, SYSTEM, ACT) as connection:
        connection.word.append("lost")
        await connection.execute("SELECT 1 / 0")


async def test_word_is_heard_once_it_is_committed_and_never_of_what_failed(pool: Pool) -> None:
    heard: list[object] = []
    async with pool.heard_by(heard.extend):
        async with transaction(pool, SYSTEM, ACT) as connection:
            connection.word.append("kept")
            assert heard == []
        with pytest.raises(QueryFailed):
            await leave_word_and_fail(pool)
        async with transaction(pool, SYSTEM, ACT) as connection:
            pass
    async with transaction(pool, SYSTEM, ACT) as connection:
        connection.word.append("to nobody")

    assert heard == ["kept"]


async def test_a_server_that_is_away_is_unavailable_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.postgres.WAIT_FOR_CONNECTION_S", 0.2)
    async with open_pool("postgresql://nobody@127.0.0.1:1/none", "things", min_size=0) as pool:
        with pytest.raises(Unavailable):
            async with read(pool):
                pass
