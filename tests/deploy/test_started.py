"""
The processes of compose.yaml start with its own variables and serve.

No engine: volumes are folders of the test, every host is this machine, every port a free one.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ihala.cli.deployment import Broker, make_deployment
from ihala.cli.exit_codes import BY_REASON
from services.errors import Reason
from services.runtime.embedded import nats, postgres
from services.runtime.embedded.postgres import OWNER, SUPERUSER, PostgresServer
from services.runtime.embedded.processes import Child, Supervisor
from tests.deploy.composition import PROCESSES, ROOT, environment_of, service

STATE = "/var/lib/ihala"
READY_WITHIN_S = 60.0
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True)
class Deployment:
    """What is deployed, and the variables of each process."""

    folder: Path
    supervisor: Supervisor
    database: PostgresServer
    environments: Mapping[str, Mapping[str, str]]
    children: Mapping[str, Child]

    def serves(self, name: str) -> bool:
        """Ask as the container's engine would."""
        probe = [sys.executable, "-m", "services.runtime.probe"]
        return subprocess.run(probe, env=dict(self.environments[name]), cwd=ROOT, check=False).returncode == 0


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployed")
    with Supervisor(tmp_path_factory.mktemp("engine")) as supervisor:
        database = postgres.start(supervisor)
        nats_port = supervisor.ports.get("nats")
        broker = Broker(
            host="127.0.0.1",
            port=nats_port,
            store_dir=str(folder / "messages"),
            pid_file=str(folder / "nats" / "nats.pid"),
        )
        make_deployment(folder, lambda: datetime.now(UTC), broker)
        prepare(database, folder / "postgres")
        shell, option, script = service("nats")["command"]
        assert (shell, option) == ("sh", "-c")
        program = str(nats.find_program(os.environ))
        script = script.replace(STATE, str(folder)).replace("exec nats-server", f"exec {program}")
        supervisor.spawn("nats", ["/bin/sh", option, script], stage=1)
        environments = {name: here(name, folder, supervisor, database, nats_port) for name in PROCESSES}
        children = {
            name: supervisor.spawn(
                name,
                [sys.executable, *service(name)["command"][1:]],
                environment=environments[name],
                directory=ROOT,
                stage=2,
            )
            for name in PROCESSES
        }
        yield Deployment(folder, supervisor, database, environments, children)


def prepare(server: PostgresServer, folder: Path) -> None:
    """Do what the image of PostgreSQL does with a new volume."""
    with psycopg.connect(server.url(OWNER, SUPERUSER), autocommit=True) as connection:
        for statement in filter(None, map(str.strip, (folder / "roles.sql").read_text().split(";\n"))):
            connection.execute(sql.SQL(statement))
        password = (folder / "superuser_password").read_text()
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(SUPERUSER), password))


def here(name: str, folder: Path, supervisor: Supervisor, server: PostgresServer, nats_port: int) -> dict[str, str]:
    """Translate the variables of a process to this machine."""
    own = {}
    for variable, value in environment_of(name).items():
        said = value.replace(STATE, str(folder)).replace("@postgres:5432", f"@127.0.0.1:{server.port}")
        said = said.replace("nats://nats:4222", f"nats://127.0.0.1:{nats_port}")
        if variable.endswith("_ADDRESS"):
            own_ports = {"LISTEN_ADDRESS": name, "PAGE_ADDRESS": "answer", "DUTY_ADDRESS": "duty"}
            setting = variable.removeprefix(f"IHALA_{name.upper()}_")
            peer = own_ports.get(setting, said.rpartition(":")[0])
            said = f"127.0.0.1:{supervisor.ports.get(peer)}"
        own[variable] = said
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | own


@pytest.mark.parametrize("name", PROCESSES)
def test_process_starts_with_the_variables_of_its_container_and_serves(deployment: Deployment, name: str) -> None:
    child = deployment.children[name]
    end_s = time.monotonic() + READY_WITHIN_S
    while not deployment.serves(name):
        assert child.exit_code is None, child.log_tail()
        assert time.monotonic() < end_s, child.log_tail()


def test_probe_says_when_a_process_is_gone(deployment: Deployment) -> None:
    environment = dict(deployment.environments["maps"]) | {"IHALA_MAPS_LISTEN_ADDRESS": "127.0.0.1:1"}
    answer = subprocess.run(
        [sys.executable, "-m", "services.runtime.probe"],
        env=environment,
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert answer.returncode == 1
    assert answer.stderr == "not serving\n"


def test_notify_makes_nats_read_the_accounts_again(deployment: Deployment) -> None:
    log = deployment.supervisor.folder / "logs" / "nats.log"
    end_s = time.monotonic() + READY_WITHIN_S
    while b"Reloaded server configuration" not in log.read_bytes():
        assert time.monotonic() < end_s, log.read_text()
        assert not deployment.children["notify"].ended.wait(0.1)


def test_new_epochs_are_refused_by_the_operators_tool_while_services_run(deployment: Deployment) -> None:
    """F29: it is let in as the superuser, and sees whom to stop."""
    environment = here("epochs", deployment.folder, deployment.supervisor, deployment.database, 0)
    said = subprocess.run(
        [Path(sys.executable).with_name("ihala"), *service("epochs")["command"][1:]],
        env=environment,
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert said.returncode == BY_REASON[Reason.ILLEGAL_MOVE], said.stderr
    assert [name for name in ("directory", "notify", "referrals") if f"{name} (" not in said.stderr] == []


def test_role_of_one_service_sees_no_table_of_another(deployment: Deployment) -> None:
    url = deployment.environments["directory"]["IHALA_DIRECTORY_DATABASE_URL"]

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM directory.provider").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT count(*) FROM referrals.referral")


def test_doing_it_again_renews_tokens_and_changes_no_secret(deployment: Deployment) -> None:
    def contents() -> dict[str, bytes]:
        files = (file for file in deployment.folder.rglob("*") if file.is_file() and "messages" not in file.parts)
        return {str(file.relative_to(deployment.folder)): file.read_bytes() for file in files}

    before = contents()
    make_deployment(deployment.folder, lambda: datetime.now(UTC), Broker())
    after = contents()
    changed = {name for name, content in after.items() if before.get(name) != content} - {"nats/nats.conf"}

    assert set(before) == set(after)
    assert changed
    assert {Path(name).suffix or Path(name).name for name in changed} == {".token", "token", "duty_token"}


def test_secrets_are_readable_by_their_owner_alone(deployment: Deployment) -> None:
    shared = {"operator/keys/jwks.json", "postgres/roles.sql", "nats/nats.pid"}
    lax = {
        str(file.relative_to(deployment.folder))
        for file in deployment.folder.rglob("*")
        if file.is_file() and file.stat().st_mode & 0o077 and "messages" not in file.parts
    }

    assert lax <= shared
    assert "PASSWORD 'SCRAM-SHA-256$" in (deployment.folder / "postgres" / "roles.sql").read_text()
