"""What a power cut leaves of what was confirmed: all by our settings, and not all by those that are common (F8, F9)."""

import asyncio
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from services.runtime import jetstream
from services.runtime.embedded import nats, postgres
from services.runtime.embedded.nats_accounts import render_server
from services.runtime.embedded.processes import Child, Supervisor
from tests.faults.breaking import kill_whole
from tests.faults.disks import Disk, disk_at, hide_mounts, needs_disks

pytestmark = [pytest.mark.long, needs_disks]

CONFIRMED = 200
PG_SIZE_MB, NATS_SIZE_MB = 256, 64
STREAM, SUBJECT = "REFERRALS", "referral.v1.offer_requested"
#: written by a process of its own each 200 ms; so late that the cut is sure to come before
ASYNCHRONOUS = {"synchronous_commit": "off", "wal_writer_delay": "10s"}


@pytest.fixture(autouse=True, scope="module")
def _mounts() -> None:
    hide_mounts()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / ".ihala") as supervisor:
        yield supervisor


def end(supervisor: Supervisor, child: Child, number: signal.Signals) -> None:
    child.send(number)
    assert child.ended.wait(30)
    supervisor.children.remove(child)


def cut(supervisor: Supervisor, child: Child, disk: Disk) -> None:
    """Cut the power, and put the disk in again."""
    disk.cut_power()
    kill_whole(child)
    supervisor.children.remove(child)
    disk.remove()
    disk.mount()


@pytest.mark.parametrize("settings", [{}, ASYNCHRONOUS], ids=["ours", "asynchronous"])
def test_postgresql_keeps_what_was_committed_by_our_settings_alone(
    supervisor: Supervisor, settings: dict[str, str]
) -> None:
    server = postgres.start(supervisor)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE confirmed (number int)")
    end(supervisor, server.child, signal.SIGINT)
    with disk_at(supervisor.folder / "postgres" / "data", PG_SIZE_MB) as disk:
        server = postgres.start(supervisor, settings=settings)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for number in range(CONFIRMED):
                connection.execute("INSERT INTO confirmed VALUES (%s)", [number])
        cut(supervisor, server.child, disk)
        server = postgres.start(supervisor, settings=settings)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            row = connection.execute("SELECT count(*) FROM confirmed").fetchone()
        end(supervisor, server.child, signal.SIGINT)

    kept = row[0] if row else 0
    assert kept < CONFIRMED if settings else kept == CONFIRMED


@pytest.mark.parametrize("sync_interval", ["always", "2m"])
def test_nats_keeps_what_was_confirmed_by_our_settings_alone(
    supervisor: Supervisor, sync_interval: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rendered(port: int, public_keys: Mapping[str, str]) -> str:
        text = render_server(port, public_keys)
        assert "sync_interval: always" in text
        return text.replace("sync_interval: always", f"sync_interval: {sync_interval}")

    monkeypatch.setattr("services.runtime.embedded.nats.render_server", rendered)
    end(supervisor, nats.start(supervisor).child, signal.SIGTERM)
    with disk_at(supervisor.folder / "nats" / "store", NATS_SIZE_MB) as disk:
        server = nats.start(supervisor)
        asyncio.run(publish(server))
        cut(supervisor, server.child, disk)
        server = nats.start(supervisor)
        kept = asyncio.run(count(server))
        end(supervisor, server.child, signal.SIGTERM)

    assert kept == CONFIRMED if sync_interval == "always" else kept < CONFIRMED


async def publish(server: nats.NatsServer) -> None:
    async with jetstream.connect(server.url, server.seed_file("provisioner"), name="provisioner") as connection:
        await jetstream.ensure_stream(connection, STREAM, ["referral.v1.>"], replicas=1)
        for number in range(CONFIRMED):
            await jetstream.publish(connection, SUBJECT, b"{}", message_id=f"event-{number}")


async def count(server: nats.NatsServer) -> int:
    async with jetstream.connect(server.url, server.seed_file("provisioner"), name="provisioner") as connection:
        await jetstream.ensure_stream(connection, STREAM, ["referral.v1.>"], replicas=1)  # it may be gone as a whole
        return (await connection.stream.stream_info(STREAM)).state.messages
