"""
The change feed: an order of changes in which a reader misses none.

A feed is a counter row. A writer takes revisions as the last step of its transaction
and stamps its rows with them; the row's lock is freed only after the commit is visible,
so the order in which changes become visible is the order of their revisions. Neither a
sequence nor transaction ids give that. A feed's epoch changes when its history does: a
reader of another epoch starts from 0.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.runtime.postgres import Connection, Pool, read
from services.runtime.stop import first_of

PAGE_LIMIT = 500
POLL_S = 0.5
ROOT = ""  #: the feed whose epoch those have that nobody has written to

#: takes revisions and returns the last one: as a statement, or within one that stamps rows with them at once
TAKING: Final = """
    INSERT INTO feed (name, epoch, revision)
    SELECT %(name)s, epoch, %(count)s FROM feed WHERE name = ''
    ON CONFLICT (name) DO UPDATE SET revision = feed.revision + excluded.revision
    RETURNING revision
"""

Row = TypeVar("Row")
ReadRows = Callable[[Connection, int, int], Awaitable[Sequence[tuple[int, Row]]]]


@dataclass(frozen=True, slots=True)
class FeedState:
    """Where a feed is."""

    epoch: str
    revision: int  #: of the newest change; 0 if there was none


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Changes in ascending order, at most `PAGE_LIMIT`."""

    epoch: str
    rows: Sequence[Row]
    revision: int  #: resume after this
    caught_up: bool  #: there was nothing newer when this was read


@dataclass(frozen=True, slots=True)
class Renewed:
    """What the feeds of a schema were given: one epoch for all of them."""

    epoch: str
    feed_count: int  #: at least 1, the root


async def take(connection: Connection, name: str, count: int = 1) -> range:
    """
    Take revisions of a feed: the last lock of a transaction.

    What follows may only stamp the rows and commit, since every other writer of the
    feed waits meanwhile. The first take makes the feed.

    Args:
        connection: In a transaction.

        name: Of the feed, not empty.

        count: How many, at least 1.

    Returns:
        The revisions, ascending.
    """
    cursor = await connection.execute(TAKING, taking(name, count))
    row = await cursor.fetchone()
    if row is None:
        raise rootless()
    last: int = row[0]
    return range(last - count + 1, last + 1)


def taking(name: str, count: int) -> dict[str, str | int]:
    """Make the parameters of `TAKING`."""
    return {"name": name, "count": count}


def rootless() -> RuntimeError:
    """Say that nothing was taken, since there is no root to begin a feed from."""
    return RuntimeError("the root feed is missing")


async def state(connection: Connection, name: str) -> FeedState:
    """Return where a feed is; one that nobody has written to is at 0."""
    cursor = await connection.execute(
        """
        SELECT epoch::text, CASE name WHEN '' THEN 0 ELSE revision END
        FROM feed WHERE name IN (%(name)s, '') ORDER BY name DESC LIMIT 1
        """,
        {"name": name},
    )
    row = await cursor.fetchone()
    if row is None:
        raise rootless()
    return FeedState(*row)


async def epoch(connection: Connection, name: str) -> str:
    """Return the epoch of a feed."""
    return (await state(connection, name)).epoch


async def renew_epochs(connection: Connection) -> Renewed:
    """Make every reader start from 0: after a restore, whose revisions may have been given out before."""
    cursor = await connection.execute(
        "UPDATE feed SET epoch = new.epoch FROM (SELECT gen_random_uuid() AS epoch) AS new RETURNING new.epoch::text"
    )
    rows = await cursor.fetchall()
    if not rows:
        raise rootless()
    return Renewed(rows[0][0], len(rows))


def check_cursor(at: FeedState, epoch: str, after_revision: int) -> None:
    """
    Refuse a reader that cannot go on from where it says it is.

    Args:
        at: Where the feed is.

        epoch: The reader's; empty if it has none yet.

        after_revision: The last revision it has seen; 0 for none.

    Raises:
        InvalidInput: `after_revision` is negative.

        FailedPrecondition: With reason EPOCH_CHANGED: of another epoch, or ahead.
    """
    if after_revision < 0:
        raise InvalidInput("after_revision must be at least 0")
    if epoch != at.epoch and (epoch or after_revision):
        raise FailedPrecondition("the feed has a new epoch: start from revision 0", reason=Reason.EPOCH_CHANGED)
    if after_revision > at.revision:
        raise FailedPrecondition("the reader is ahead of the feed: start from revision 0", reason=Reason.EPOCH_CHANGED)


class FeedWaker:
    """Wakes the readers in this process when a writer in it has committed; those in others poll."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def wake(self) -> None:
        """Call after the commit."""
        self._next.set()
        self._next = asyncio.Event()

    def ticket(self) -> asyncio.Event:
        """Return what the next `wake` sets; take it before reading, so that none is missed between."""
        return self._next


async def pages(
    pool: Pool,
    name: str,
    read_rows: ReadRows[Row],
    *,
    waker: FeedWaker,
    stop: asyncio.Event,
    epoch: str = "",
    after_revision: int = 0,
) -> AsyncIterator[Page[Row]]:
    """
    Yield the changes of a feed until a stop is requested, each page read in a short transaction of its own.

    The first page comes at once, even if it is empty; afterwards pages with rows, and an empty one where the last
    was full and nothing follows it, so that every reader hears when it has caught up.

    Args:
        pool: Of the service.

        name: Of the feed.

        read_rows: Given a connection, a revision and a limit, returns up to that many
            rows after the revision, each with its own, ascending.

        waker: That the writers of this process wake.

        stop: Ends it within 0.5 s.

        epoch: As `check_cursor`.

        after_revision: As `check_cursor`.

    Raises:
        FailedPrecondition: As `check_cursor`, also later if the epoch changes.
    """
    is_told = False  # that there was nothing newer
    while not stop.is_set():
        ticket = waker.ticket()
        async with read(pool) as connection:
            at = await state(connection, name)
            check_cursor(at, epoch, after_revision)
            rows = await read_rows(connection, after_revision, PAGE_LIMIT)
        epoch = at.epoch
        after_revision = rows[-1][0] if rows else after_revision
        caught_up = len(rows) < PAGE_LIMIT
        if rows or not is_told:
            yield Page(epoch, [row for _revision, row in rows], after_revision, caught_up)
        is_told = caught_up
        if caught_up:
            await news(ticket)


async def news(ticket: asyncio.Event, gather_s: float = 0.0) -> None:
    """
    Wait until a writer of this process has committed, or until it is time to look what others have written.

    Args:
        ticket: Of a `FeedWaker`, taken before the last look.

        gather_s: How long to go on waiting after a commit, so that one look sees what comes together.
    """
    await first_of(POLL_S, ticket)
    if gather_s and ticket.is_set():
        await asyncio.sleep(gather_s)
