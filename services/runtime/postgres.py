"""How a service reaches its own schema: a pool, and four ways through it, `read`, `look`, `transaction` and `write`."""

import select
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from psycopg import AsyncConnection, Rollback
from psycopg.pq.abc import PGconn
from psycopg.rows import AsyncRowFactory, TupleRow, tuple_row
from psycopg_pool import AsyncConnectionPool

from services.runtime.audit import AUDIT, SAID, Act, Principal, Process, said
from services.runtime.database_errors import translated

__all__ = [
    "Act",
    "Connection",
    "Pool",
    "Principal",
    "Process",
    "look",
    "open_pool",
    "read",
    "transaction",
    "write",
]


class Connection(AsyncConnection[TupleRow]):
    """A connection, and what its transaction leaves word of."""

    def __init__(self, pgconn: PGconn, row_factory: AsyncRowFactory[TupleRow] = tuple_row) -> None:
        super().__init__(pgconn, row_factory)
        self.word: list[object] = []  #: for whoever listens in this process; heard once it is committed


class Pool(AsyncConnectionPool[Connection]):
    """Connections to one schema, and who hears what their transactions leave word of."""

    def __init__(self, conninfo: str, **options: Any) -> None:
        super().__init__(conninfo, connection_class=Connection, **options)
        self._listeners: list[Callable[[Sequence[object]], None]] = []

    @asynccontextmanager
    async def heard_by(self, listener: Callable[[Sequence[object]], None]) -> AsyncIterator[None]:
        """Hand word to a listener while the context lasts, right after each commit. It must not raise, nor wait."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def tell(self, word: Sequence[object]) -> None:
        """Hand on what was committed."""
        for listener in self._listeners:
            listener(word)


WAIT_FOR_CONNECTION_S = 5.0
SESSION = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "timezone": "UTC",
}

#: a plan that is made while a table is small, and kept, must not read all of it, nor of an index, when it has grown:
#: each row is said to be as dear as a page, a hundred times more than by default
FEW_ROWS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "cpu_tuple_cost": "1",
    "cpu_index_tuple_cost": "1",
}


@asynccontextmanager
async def open_pool(
    database_url: str,
    schema: str,
    *,
    application_name: str | None = None,
    min_size: int = 1,
    max_size: int = 10,
    plans_once: bool = False,
) -> AsyncIterator[Pool]:
    """
    Hold connections whose unqualified names are those of one schema.

    A database that is away does not stop this: `read` and `transaction` raise
    Unavailable until it is back, and connections that broke are replaced.

    Args:
        database_url: As libpq takes it.

        schema: The service's own; `migrate` has made it.

        application_name: Shown in the server's list of sessions; None for the schema's.

        min_size: Connections that are kept open.

        max_size: Connections at most; who waits longer than 5 s for one gets Unavailable.

        plans_once: Whether a statement that comes again keeps its first plan, whatever its parameters are: for
            services whose statements reach for a few rows by a key. To plan one costs more than to run it.
    """
    settings = {**SESSION, "search_path": schema, "application_name": application_name or schema}
    if plans_once:
        settings |= FEW_ROWS
    pool = Pool(
        database_url,
        kwargs={"options": " ".join(f"-c {name}={value}" for name, value in settings.items()), "autocommit": True},
        min_size=min_size,
        max_size=max_size,
        timeout=WAIT_FOR_CONNECTION_S,
        reconnect_timeout=60.0,
        check=_check_open,
        name=application_name or schema,
        open=False,
    )
    async with pool:
        yield pool


@asynccontextmanager
async def transaction(pool: Pool, principal: Principal, act: Act) -> AsyncIterator[Connection]:
    """
    Open a transaction that says who acts, and audits it: the only way to write.

    The audit's row is the first thing in it, so a read of secrets that runs inside is
    audited before it answers. `app.principal` is set for row security until the end.

    Args:
        pool: Of the service.

        principal: Who acts.

        act: What is done; its row commits or vanishes with everything else in the block.

    Yields:
        The connection. What is added to its `word` is told to the pool's listeners once all is committed: a
        short cut alone, since a process that dies in between tells nobody. A block that raises psycopg's
        `Rollback` ends without an error, and nothing that it did stays.

    Raises:
        Unavailable: As `database_errors.translated`.
    """
    with translated():
        async with pool.connection() as connection:  # whose end rolls back what was not committed
            await connection.execute("BEGIN", prepare=False)
            connection.word = []
            await _begin_act(connection, principal, act)
            try:
                yield connection
            except Rollback:  # all was tried, and nothing is to stay
                await connection.rollback()
                return
            await connection.commit()
            word = connection.word
        if word:
            pool.tell(word)


async def write(
    pool: Pool, principal: Principal, act: Act, steps: LiteralString, parameters: Mapping[str, Any]
) -> list[TupleRow]:
    """
    Write by one statement that is a transaction by itself and audits itself: one message to the server instead of four.

    All steps see the tables as they were before it. A table with row security needs `transaction`, since a
    step may run before the one that says who acts.

    Args:
        pool: Of the service.

        principal: Who acts.

        act: What is done.

        steps: What would follow WITH: `made AS (INSERT …), … SELECT …`.

        parameters: Of the steps; none begins with `act_`.

    Returns:
        What the last step returns.

    Raises:
        Unavailable: As `database_errors.translated`.
    """
    with translated():
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "WITH " + SAID + ", audited AS (" + AUDIT + "), " + steps, {**said(principal, act), **parameters}
            )
            return await cursor.fetchall()


@asynccontextmanager
async def read(pool: Pool, *, snapshot: bool = False) -> AsyncIterator[Connection]:
    """
    Open a transaction that cannot write.

    Args:
        pool: Of the service.

        snapshot: All statements see one moment, instead of each its own.

    Raises:
        Unavailable: As `database_errors.translated`.
    """
    begin: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" if snapshot else "BEGIN READ ONLY"
    with translated():
        async with pool.connection() as connection:  # whose end ends the transaction
            await connection.execute(begin, prepare=False)
            yield connection


async def look(pool: Pool, query: LiteralString, parameters: Mapping[str, Any]) -> list[TupleRow]:
    """
    Read by one SELECT: one message to the server instead of three.

    Args:
        pool: Of the service.

        query: That locks nothing and writes nothing.

        parameters: Of the query.

    Raises:
        Unavailable: As `database_errors.translated`.
    """
    with translated():
        async with pool.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()


async def _check_open(connection: Connection) -> None:
    """
    Refuse a connection that the server has ended.

    Only one that has something to say is asked: its last words, or the end itself, can be read, and
    one that has gone without a word is noticed by the first statement.

    Raises:
        OperationalError: It was ended.
    """
    said = select.poll()
    said.register(connection.fileno(), select.POLLIN)
    if said.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def _begin_act(connection: Connection, principal: Principal, act: Act) -> None:
    await connection.execute("WITH " + SAID + AUDIT, said(principal, act))
