"""One KEK takes the place of another while cases are made, read and erased (F27)."""

import os
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from services.errors import FailedPrecondition
from services.referrals.due.rewrapping import Rewrapper
from services.referrals.store.sealing import Sealer
from services.runtime import postgres
from services.runtime.postgres import Pool

Migrated = Callable[..., Awaitable[str]]
OLD, NEW, THIRD = os.urandom(32), os.urandom(32), os.urandom(32)
CASES = 1200  #: more than two batches
DESTROYED = "old-0700"
ROWS = "SELECT key_id, wrapped FROM case_key ORDER BY key_id"


class Interrupted(Sealer):
    """A case is erased between the reading of its key and the writing."""

    def __init__(self, url: str) -> None:
        super().__init__(NEW, OLD)
        self._url = url

    def wrapped_anew(self, key_id: str, wrapped: bytes) -> bytes | None:
        if key_id == DESTROYED:
            with psycopg.connect(self._url) as connection:
                connection.execute("UPDATE referrals.case_key SET wrapped = NULL WHERE key_id = %s", [key_id])
        return super().wrapped_anew(key_id, wrapped)


async def filled(pool: Pool, sealer: Sealer, prefix: str, count: int) -> dict[str, bytes]:
    """Store keys of cases, and return them as they are."""
    keys, rows = {}, []
    for number in range(count):
        key_id = f"{prefix}-{number:04}"
        keys[key_id], wrapped = sealer.new_key(key_id)
        rows.append((key_id, wrapped))
    async with pool.connection() as connection, connection.cursor() as cursor:
        await cursor.executemany("INSERT INTO case_key (key_id, wrapped) VALUES (%s, %s)", rows)
    return keys


async def opened(pool: Pool, sealer: Sealer) -> dict[str, bytes]:
    async with pool.connection() as connection:
        rows = await (await connection.execute(ROWS)).fetchall()
    return {key_id: sealer.unwrap(key_id, wrapped) for key_id, wrapped in rows if wrapped is not None}


async def passed(rewrapper: Rewrapper) -> None:
    while await rewrapper.look():
        pass


def test_what_either_kek_wrapped_is_opened_and_what_is_new_is_wrapped_by_the_new_one() -> None:
    old_key, by_old = Sealer(OLD).new_key("case-1")
    both = Sealer(NEW, OLD)
    new_key, by_new = both.new_key("case-2")

    assert both.unwrap("case-1", by_old) == old_key
    assert both.unwrap("case-2", by_new) == new_key == Sealer(NEW).unwrap("case-2", by_new)
    for sealer in (Sealer(OLD), Sealer(THIRD), Sealer(THIRD, OLD)):
        with pytest.raises(RuntimeError):
            sealer.unwrap("case-2", by_new)
    with pytest.raises(FailedPrecondition):
        both.unwrap("case-1", None)


async def test_every_key_comes_under_the_new_kek_and_none_that_was_destroyed_comes_back(migrated_url: Migrated) -> None:
    url, both = await migrated_url("referrals"), Sealer(NEW, OLD)
    async with postgres.open_pool(url, "referrals") as pool:
        keys = await filled(pool, Sealer(OLD), "old", CASES) | await filled(pool, both, "new", 3)
        await passed(Rewrapper(pool, Interrupted(url)))
        del keys[DESTROYED]
        rewrapper = Rewrapper(pool, both)

        assert await opened(pool, Sealer(NEW)) == keys
        late = await filled(pool, Sealer(OLD), "late", 1)  # by a replica that was not started anew yet
        await passed(rewrapper)
        assert await opened(pool, Sealer(NEW)) == keys | late


async def test_a_key_of_neither_kek_is_left_as_it_is_and_the_others_go_on(migrated_url: Migrated) -> None:
    async with postgres.open_pool(await migrated_url("referrals"), "referrals") as pool:
        strange = await filled(pool, Sealer(THIRD), "a-strange", 1)
        keys = await filled(pool, Sealer(OLD), "old", 2)
        await passed(Rewrapper(pool, Sealer(NEW, OLD)))

        async with pool.connection() as connection:
            rows: dict[str, bytes] = dict(await (await connection.execute(ROWS)).fetchall())
    assert Sealer(THIRD).unwrap("a-strange-0000", rows["a-strange-0000"]) == strange["a-strange-0000"]
    assert {key_id: Sealer(NEW).unwrap(key_id, rows[key_id]) for key_id in keys} == keys
