"""Tests of how a process speaks with NATS: nothing is lost, and nothing fails without a word."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from services.errors import FailedPrecondition, PermissionDenied, Unavailable
from services.runtime import consuming, jetstream, nats_connection
from services.runtime.consuming import Malformed
from services.runtime.embedded import nats
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.processes import Supervisor
from services.runtime.jetstream import Connection

SUBJECT = "referral.v1.offer_requested"
Handle = Callable[[Msg], Awaitable[None]]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consuming, "FETCH_WAIT_S", 0.2)
    monkeypatch.setattr(nats_connection, "ANSWER_WAIT_S", 1.0)


@pytest.fixture
async def connection(nats_server: NatsServer) -> AsyncIterator[Connection]:
    seed = nats_server.seed_file("provisioner")
    async with jetstream.connect(nats_server.url, seed, name="provisioner") as connection:
        await jetstream.ensure_stream(connection, "REFERRALS", ["referral.v1.>"])
        await jetstream.ensure_consumer(connection, "REFERRALS", "notify")
        yield connection


async def consume_until(connection: Connection, handle: Handle, done: asyncio.Event) -> None:
    stop = asyncio.Event()
    subscription = await jetstream.subscribe(connection, "REFERRALS", "notify")
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(consuming.consume(connection, subscription, handle, stop))
        await done.wait()
        stop.set()


async def left(connection: Connection) -> tuple[int, int]:
    info = await connection.stream.consumer_info("REFERRALS", "notify")
    return info.num_pending or 0, info.num_ack_pending or 0


async def test_the_stream_is_as_measured_safe(connection: Connection) -> None:
    config = (await connection.stream.stream_info("REFERRALS")).config

    assert (config.retention, config.discard, config.storage) == ("limits", "new", "file")
    assert (config.max_age, config.duplicate_window, config.max_msg_size) == (30 * 86_400, 86_400, 16_384)
    assert (config.allow_direct, config.deny_delete, config.deny_purge) == (False, True, True)


async def test_a_consumer_is_as_old_as_it_is_after_a_restart_of_the_server(tmp_path: Path) -> None:
    async def made(server: NatsServer) -> datetime | None:
        async with jetstream.connect(server.url, server.seed_file("provisioner"), name="provisioner") as connection:
            await jetstream.ensure_stream(connection, "REFERRALS", ["referral.v1.>"])
            return await jetstream.ensure_consumer(connection, "REFERRALS", "notify")

    with Supervisor(tmp_path / "nats_server") as supervisor:
        server = nats.start(supervisor)
        before = await made(server)
        supervisor.end(server.child)

        assert await made(nats.start(supervisor)) == before


async def test_the_consumer_never_gives_a_message_up(connection: Connection) -> None:
    config = (await connection.stream.consumer_info("REFERRALS", "notify")).config

    assert (config.max_deliver, config.ack_policy, config.ack_wait) == (-1, "explicit", 30)
    assert (config.max_ack_pending, config.max_waiting, config.inactive_threshold) == (64, 8, None)


async def test_making_the_same_again_changes_nothing(connection: Connection) -> None:
    await jetstream.publish(connection, SUBJECT, b"{}", message_id="e1")

    await jetstream.ensure_stream(connection, "REFERRALS", ["referral.v1.>"])
    await jetstream.ensure_consumer(connection, "REFERRALS", "notify")

    assert await left(connection) == (1, 0)


async def test_other_settings_under_the_same_name_stop_the_start(connection: Connection) -> None:
    with pytest.raises(FailedPrecondition, match="REFERRALS exists with other settings"):
        await jetstream.ensure_stream(connection, "REFERRALS", ["other.v1.>"])


async def test_publishing_twice_under_one_id_stores_once(connection: Connection) -> None:
    for message_id in ("e1", "e1", "e2"):
        await jetstream.publish(connection, SUBJECT, b"{}", message_id=message_id)

    assert await left(connection) == (2, 0)


async def test_what_was_handled_is_acknowledged(connection: Connection) -> None:
    done = asyncio.Event()
    heard: list[bytes] = []

    async def handle(message: Msg) -> None:
        heard.append(message.data)
        if len(heard) == 3:
            done.set()

    for number in range(3):
        await jetstream.publish(connection, SUBJECT, str(number).encode(), message_id=str(number))
    await consume_until(connection, handle, done)

    assert heard == [b"0", b"1", b"2"]
    assert await left(connection) == (0, 0)


async def test_what_failed_comes_again_and_does_not_hold_up_the_rest(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "REDELIVERY_DELAY_S", 0.1)
    done = asyncio.Event()
    heard: list[bytes] = []

    async def handle(message: Msg) -> None:
        heard.append(message.data)
        if heard == [b"fails once"]:
            raise Unavailable("the database is away")
        if len(heard) == 3:
            done.set()

    await jetstream.publish(connection, SUBJECT, b"fails once", message_id="e1")
    await jetstream.publish(connection, SUBJECT, b"works", message_id="e2")
    await consume_until(connection, handle, done)

    assert heard == [b"fails once", b"works", b"fails once"]
    assert await left(connection) == (0, 0)


async def test_what_is_malformed_never_comes_again(connection: Connection) -> None:
    done = asyncio.Event()

    async def handle(message: Msg) -> None:
        done.set()
        raise Malformed

    await jetstream.publish(connection, SUBJECT, b"{", message_id="e1")
    await consume_until(connection, handle, done)

    assert await left(connection) == (0, 0)


async def test_a_handler_that_is_cut_off_leaves_its_message_to_the_next(connection: Connection) -> None:
    begun = asyncio.Event()

    async def hang(message: Msg) -> None:
        begun.set()
        await asyncio.Event().wait()

    await jetstream.publish(connection, SUBJECT, b"{}", message_id="e1")
    subscription = await jetstream.subscribe(connection, "REFERRALS", "notify")
    task = asyncio.create_task(consuming.consume(connection, subscription, hang, asyncio.Event()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await left(connection) == (0, 1)


async def test_leaving_after_a_consumer_idled_is_quick(nats_server: NatsServer, connection: Connection) -> None:
    stop = asyncio.Event()
    seed = nats_server.seed_file("provisioner")
    async with asyncio.timeout(5):  # without the unsubscribing, nats-py would wait 30 s for the pull subscription
        async with jetstream.connect(nats_server.url, seed, name="provisioner") as idle:
            subscription = await jetstream.subscribe(idle, "REFERRALS", "notify")
            task = asyncio.create_task(consuming.consume(idle, subscription, _never, stop))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(task), 0.5)
            stop.set()
            await task


async def test_a_server_that_stands_still_is_waited_for(nats_server: NatsServer, connection: Connection) -> None:
    done = asyncio.Event()
    nats_server.child.send(signal.SIGSTOP)

    async def handle(message: Msg) -> None:
        done.set()

    async def publish_when_back() -> None:
        with pytest.raises(Unavailable):
            await jetstream.publish(connection, SUBJECT, b"{}", message_id="e1")
        nats_server.child.send(signal.SIGCONT)
        await jetstream.publish(connection, SUBJECT, b"{}", message_id="e1")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publish_when_back())
        await consume_until(connection, handle, done)

    assert await left(connection) == (0, 0)


async def test_a_consumer_that_is_gone_is_waited_for_until_it_is_made_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "RETRY_AFTER_S", 0.1)
    done = asyncio.Event()

    async def handle(message: Msg) -> None:
        done.set()

    await connection.stream.delete_consumer("REFERRALS", "notify")
    await jetstream.publish(connection, SUBJECT, b"{}", message_id="e1")
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(consume_until(connection, handle, done))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.5)
        await jetstream.ensure_consumer(connection, "REFERRALS", "notify")

    assert await left(connection) == (0, 0)


async def test_a_refused_subject_is_said_and_not_taken_for_a_server_that_is_away(
    nats_server: NatsServer,
) -> None:
    async with jetstream.connect(nats_server.url, nats_server.seed_file("relay"), name="relay") as relay:
        with pytest.raises(PermissionDenied):
            await jetstream.publish(relay, "alerts.v1.r1", b"{}", message_id="e1")


async def test_publishing_what_no_stream_keeps_fails(nats_server: NatsServer) -> None:
    async with jetstream.connect(nats_server.url, nats_server.seed_file("relay"), name="relay") as relay:
        with pytest.raises(Unavailable):
            await jetstream.publish(relay, SUBJECT, b"{}", message_id="e1")


async def _never(message: Msg) -> None:
    raise AssertionError("there is no message")
