"""Tests of the change feed: a reader misses nothing, whoever writes and however often it is killed."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.runtime import feed
from services.runtime.feed import FeedState, FeedWaker
from services.runtime.migrate import migrate
from services.runtime.postgres import Act, Connection, Pool, Process, open_pool, read, transaction

WRITERS = 8
CHANGES = 2_000
THINGS = 300
KILLS = 20
WRITER = Process(client_id="things")
CHANGE = Act(action="thing.change", object_kind="thing")
THING_DDL = """
    CREATE TABLE thing (thing_id int PRIMARY KEY, revision bigint UNIQUE NOT NULL, value int NOT NULL);
    CREATE SEQUENCE thing_revision;
"""

#: does the work of a transaction and gives the revision to stamp its row with
Revise = Callable[[Connection, Awaitable[object]], Awaitable[int]]


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[Pool]:
    await migrate(postgres_url, "things", "services.runtime")
    async with open_pool(postgres_url, "things", max_size=WRITERS + 2) as pool:
        async with transaction(pool, WRITER, CHANGE) as connection:
            await connection.execute(THING_DDL)
        yield pool


async def read_things(connection: Connection, after: int, limit: int) -> Sequence[tuple[int, tuple[int, int]]]:
    cursor = await connection.execute(
        "SELECT revision, thing_id, value FROM thing WHERE revision > %s ORDER BY revision LIMIT %s", [after, limit]
    )
    return [(revision, (thing_id, value)) async for revision, thing_id, value in cursor]


async def take_from_feed(connection: Connection) -> int:
    return (await feed.take(connection, "things"))[0]


async def revision_from_feed(connection: Connection, work: Awaitable[object]) -> int:
    await work
    return await take_from_feed(connection)


async def revision_from_sequence(connection: Connection, work: Awaitable[object]) -> int:
    """The mutant: a sequence's order is not the order in which commits become visible."""
    row = await (await connection.execute("SELECT nextval('thing_revision')")).fetchone()
    await work
    assert row is not None
    return int(row[0])


@dataclass
class Watcher:
    """What a client keeps: the rows, and the cursor they were written with."""

    epoch: str = ""
    revision: int = 0
    values: dict[int, int] = field(default_factory=dict)

    async def watch(self, pool: Pool, waker: FeedWaker, stop: asyncio.Event) -> None:
        pages = feed.pages(
            pool, "things", read_things, waker=waker, stop=stop, epoch=self.epoch, after_revision=self.revision
        )
        async for page in pages:
            self.values.update(page.rows)
            self.epoch, self.revision = page.epoch, page.revision


async def write(pool: Pool, waker: FeedWaker, revise: Revise, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(CHANGES // WRITERS):
        thing_id, value, work_s = chance.randrange(THINGS), chance.randrange(10**9), chance.random() * 0.004
        async with transaction(pool, WRITER, CHANGE) as connection:
            revision = await revise(connection, connection.execute("SELECT pg_sleep(%s)", [work_s]))
            await connection.execute(
                """
                INSERT INTO thing VALUES (%(thing_id)s, %(revision)s, %(value)s)
                ON CONFLICT (thing_id) DO UPDATE SET revision = excluded.revision, value = excluded.value
                """,
                {"thing_id": thing_id, "revision": revision, "value": value},
            )
        waker.wake()


async def kill_and_resume(pool: Pool, watcher: Watcher, waker: FeedWaker, written: asyncio.Event) -> None:
    """Cut the watcher off in the middle of whatever it does, twenty times, while others write."""
    chance = random.Random(20)
    for _ in range(KILLS):
        task = asyncio.create_task(watcher.watch(pool, waker, asyncio.Event()))
        reached = watcher.revision + chance.randrange(1, CHANGES // KILLS)
        while watcher.revision < reached and not written.is_set():
            await asyncio.wait_for(asyncio.shield(waker.ticket().wait()), 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def watched_after_concurrent_writes(pool: Pool, revise: Revise) -> tuple[dict[int, int], dict[int, int]]:
    """Return what a watcher has, and what the table has, after eight writers and twenty kills."""
    watcher, waker, written, stop = Watcher(), FeedWaker(), asyncio.Event(), asyncio.Event()

    async def write_all() -> None:
        async with asyncio.TaskGroup() as writers:
            for seed in range(WRITERS):
                writers.create_task(write(pool, waker, revise, seed))
        written.set()
        waker.wake()

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(write_all())
        await kill_and_resume(pool, watcher, waker, written)
        await written.wait()
    last = feed.pages(
        pool, "things", read_things, waker=waker, stop=stop, epoch=watcher.epoch, after_revision=watcher.revision
    )
    async for page in last:
        watcher.values.update(page.rows)
        if page.caught_up:
            break
    async with read(pool) as connection:
        things = await read_things(connection, 0, THINGS)
    return watcher.values, dict(row for _revision, row in things)


async def test_a_watcher_killed_twenty_times_while_eight_write_ends_equal(pool: Pool) -> None:
    watched, there = await watched_after_concurrent_writes(pool, revision_from_feed)

    assert watched == there
    async with read(pool) as connection:
        assert (await feed.state(connection, "things")).revision == CHANGES


async def test_a_sequence_instead_of_the_feed_is_caught_by_that_test(pool: Pool) -> None:
    async with transaction(pool, WRITER, CHANGE) as connection:
        await feed.take(connection, "things", CHANGES)

    watched, there = await watched_after_concurrent_writes(pool, revision_from_sequence)

    assert watched != there


async def test_revisions_are_taken_once_and_in_order(pool: Pool) -> None:
    async with transaction(pool, WRITER, CHANGE) as connection:
        first = await feed.take(connection, "things", 3)
        second = await feed.take(connection, "things")
        other = await feed.take(connection, "referrals:ministry")

    assert (list(first), list(second), list(other)) == ([1, 2, 3], [4], [1])


async def test_a_transaction_that_fails_gives_its_revisions_back(pool: Pool) -> None:
    async def fail() -> None:
        async with transaction(pool, WRITER, CHANGE) as connection:
            await feed.take(connection, "things", 5)
            raise InvalidInput("thing must not be")

    with pytest.raises(InvalidInput):
        await fail()
    async with transaction(pool, WRITER, CHANGE) as connection:
        assert list(await feed.take(connection, "things")) == [1]


async def test_a_feed_without_writers_has_the_epoch_it_will_have(pool: Pool) -> None:
    async with read(pool) as connection:
        before = await feed.state(connection, "referrals:ministry")
    async with transaction(pool, WRITER, CHANGE) as connection:
        await feed.take(connection, "referrals:ministry")
        after = await feed.state(connection, "referrals:ministry")

    assert before.revision == 0
    assert after == FeedState(before.epoch, 1)


async def test_after_a_restore_every_reader_starts_from_0(pool: Pool) -> None:
    stop = asyncio.Event()
    pages = feed.pages(pool, "things", read_things, waker=FeedWaker(), stop=stop)
    first = await anext(pages)
    async with transaction(pool, WRITER, CHANGE) as connection:
        await feed.renew_epochs(connection)

    with pytest.raises(FailedPrecondition) as caught:
        await anext(pages)
    async with read(pool) as connection:
        assert await feed.epoch(connection, "things") != first.epoch
    assert caught.value.reason is Reason.EPOCH_CHANGED


@pytest.mark.parametrize(("epoch", "after_revision"), [("", 0), ("now", 0), ("now", 7)])
def test_a_reader_may_begin_or_go_on(epoch: str, after_revision: int) -> None:
    feed.check_cursor(FeedState("now", 7), epoch, after_revision)


@pytest.mark.parametrize(("epoch", "after_revision"), [("before", 0), ("before", 3), ("", 3), ("now", 8)])
def test_a_reader_of_another_epoch_or_ahead_is_told_so(epoch: str, after_revision: int) -> None:
    with pytest.raises(FailedPrecondition) as caught:
        feed.check_cursor(FeedState("now", 7), epoch, after_revision)

    assert caught.value.reason is Reason.EPOCH_CHANGED


def test_a_negative_revision_is_refused() -> None:
    with pytest.raises(InvalidInput, match="after_revision must"):
        feed.check_cursor(FeedState("now", 7), "now", -1)


async def test_pages_come_at_once_when_empty_and_then_when_woken(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "POLL_S", 60.0)
    waker, stop = FeedWaker(), asyncio.Event()
    pages = feed.pages(pool, "things", read_things, waker=waker, stop=stop)

    async with asyncio.timeout(5):
        empty = await anext(pages)
        following = asyncio.ensure_future(anext(pages))
        await asyncio.sleep(0)
        async with transaction(pool, WRITER, CHANGE) as connection:
            await connection.execute("INSERT INTO thing VALUES (1, %s, 10)", [await take_from_feed(connection)])
        waker.wake()
        full = await following

    assert (empty.rows, empty.revision, empty.caught_up) == ([], 0, True)
    assert (full.rows, full.revision, full.caught_up) == ([(1, 10)], 1, True)


async def test_what_another_process_wrote_is_found_by_polling(pool: Pool) -> None:
    pages = feed.pages(pool, "things", read_things, waker=FeedWaker(), stop=asyncio.Event())

    async with asyncio.timeout(5):
        await anext(pages)
        async with transaction(pool, WRITER, CHANGE) as connection:
            await connection.execute("INSERT INTO thing VALUES (1, %s, 10)", [await take_from_feed(connection)])
        page = await anext(pages)

    assert page.rows == [(1, 10)]


async def test_a_long_feed_comes_in_pages(pool: Pool) -> None:
    count = feed.PAGE_LIMIT + 1
    async with transaction(pool, WRITER, CHANGE) as connection:
        revisions = await feed.take(connection, "things", count)
        await connection.execute(
            "INSERT INTO thing SELECT revision, revision, 0 FROM generate_series(%s::int, %s) AS revision",
            [revisions[0], revisions[-1]],
        )
    pages = feed.pages(pool, "things", read_things, waker=FeedWaker(), stop=asyncio.Event())

    first, second = await anext(pages), await anext(pages)

    assert (len(first.rows), first.revision, first.caught_up) == (500, 500, False)
    assert (len(second.rows), second.revision, second.caught_up) == (1, 501, True)


async def test_a_stop_ends_the_pages(pool: Pool) -> None:
    stop = asyncio.Event()
    pages = feed.pages(pool, "things", read_things, waker=FeedWaker(), stop=stop)
    await anext(pages)
    stop.set()

    async with asyncio.timeout(5):
        assert [page async for page in pages] == []
