"""
Real servers for tests that ask for them by the name of a fixture.

PostgreSQL starts once a session and gives every test a database of its own; NATS, ready
in 20 ms, starts for every test, so that no stream or account outlives one.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from services.runtime.embedded import nats, postgres
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.postgres import OWNER, SUPERUSER, PostgresServer
from services.runtime.embedded.processes import Supervisor
from services.runtime.migrate import migrate

NUMBERS = itertools.count(1)
#: tests kill processes, not the power: what was written survives that without
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Start the PostgreSQL that all tests share."""
    with Supervisor(tmp_path_factory.mktemp("postgres")) as supervisor:
        yield postgres.start(supervisor, settings=FAST)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Make an empty database, gone after the test."""
    with _database(postgres_server, "template1") as url:
        yield url


@pytest.fixture
def migrated_url(postgres_server: PostgresServer) -> Iterator[Callable[..., Awaitable[str]]]:
    """
    Make databases with the schemas of services, gone after the test.

    For example `await migrated_url("directory", "referrals")` returns the address. The
    first test of a session that asks for the same services migrates; others get copies.
    """
    made = ExitStack()

    async def make(*services: str) -> str:
        template = "_".join(["template", *services])
        if not _exists(postgres_server, template):
            _run(postgres_server, sql.SQL("DROP DATABASE IF EXISTS {}"), f"{template}_draft")  # of a failed attempt
            _create(postgres_server, f"{template}_draft", "template1")
            for service in services:
                await migrate(postgres_server.url(f"{template}_draft"), service, f"services.{service}")
            _run(postgres_server, sql.SQL("ALTER DATABASE {} RENAME TO {}"), f"{template}_draft", template)
        return made.enter_context(_database(postgres_server, template))

    with made:
        yield make


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """Start a NATS for this test alone, with no stream and no receiver."""
    with Supervisor(tmp_path / "nats_server") as supervisor:
        yield nats.start(supervisor)


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    """Say where NATS is; `nats_server.seed_file(user)` has the users' keys."""
    return nats_server.url


@contextmanager
def _database(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{next(NUMBERS)}"
    _create(server, name, template)
    yield server.url(name)
    _run(server, sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


def _create(server: PostgresServer, name: str, template: str) -> None:
    _run(server, sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}"), name, template, OWNER)


def _exists(server: PostgresServer, name: str) -> bool:
    with psycopg.connect(server.url(SUPERUSER, SUPERUSER)) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _run(server: PostgresServer, statement: sql.SQL, *names: str) -> None:
    with psycopg.connect(server.url(SUPERUSER, SUPERUSER), autocommit=True) as connection:
        connection.execute(statement.format(*map(sql.Identifier, names)))
