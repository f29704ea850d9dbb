"""What somebody with a session of PostgreSQL does to a house: hold a table, hold rows, or take every session."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.house import House

POOLS = ("directory", "notify", "referrals")  #: the services' sessions are called by their schemas
POOL_SIZE = 10  #: `max_connections` of a service
LOOK_EACH_S = 0.1
#: as somebody at psql who thinks for longer than the house would let its own
PATIENT = "-c lock_timeout=0 -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
SESSIONS = "SELECT application_name, count(*) FROM pg_stat_activity WHERE application_name = ANY(%s) GROUP BY 1"
ENDED = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = ANY(%s)"
QUIET_ROUNDS = 5


def locked(house: House, table: str) -> AbstractContextManager[None]:
    """Hold a table against every reader and writer while the context lasts."""
    return _held(house, table, "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")


def long_transaction(house: House, table: str) -> AbstractContextManager[None]:
    """Hold every row of a table, and a snapshot, in a transaction that does not end while the context lasts."""
    return _held(house, table, "SELECT FROM {} FOR UPDATE")


@contextmanager
def _held(house: House, table: str, statement: LiteralString) -> Iterator[None]:
    name = sql.SQL(".").join(map(sql.Identifier, table.split(".")))
    with psycopg.connect(house.parts.database_url, options=PATIENT) as connection:
        connection.execute(sql.SQL(statement).format(name))
        yield
        connection.rollback()


@contextmanager
def crowded(house: House) -> Iterator[None]:
    """End the services' sessions and take each that the server can have, while the context lasts."""
    with ExitStack() as stack:
        own = stack.enter_context(psycopg.connect(house.parts.database_url, autocommit=True))
        quiet = 0
        while quiet < QUIET_ROUNDS:
            row = own.execute(ENDED, [list(POOLS)]).fetchone()
            quiet = 0 if row and row[0] else quiet + 1
            while True:
                try:
                    stack.enter_context(psycopg.connect(house.parts.database_url, options=PATIENT))
                except psycopg.OperationalError:  # too many
                    break
        yield


@contextmanager
def most_sessions(house: House) -> Iterator[Counter[str]]:
    """Note the most sessions that each service has at once while the context lasts."""
    most: Counter[str] = Counter()
    over = threading.Event()

    def look() -> None:
        with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
            while not over.wait(LOOK_EACH_S):
                for name, count in connection.execute(SESSIONS, [list(POOLS)]):
                    most[name] = max(most[name], count)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()
