"""How a server starts, says that it is well, and stops."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from services.errors import FailedPrecondition, NotFound, Unauthenticated, Unavailable, Unimplemented
from services.runtime import rpc
from services.runtime.auth import Role
from services.runtime.channel import Channel
from services.runtime.methods import METHODS
from tests.runtime.echo import METHOD_OF, RULES, SERVICE, echo_service, first_answer
from tests.serving import Identity, an_identity, serving

SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING
UNKNOWN = HealthCheckResponse.SERVICE_UNKNOWN


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return an_identity(tmp_path)


async def test_a_process_serves_once_everything_it_needs_is_there(identity: Identity) -> None:
    async with serving(
        identity, echo_service(), services=[SERVICE], dependencies=["postgres", "directory feed"]
    ) as running:
        health = running.server.health
        async with running.bare_channel() as channel:
            stub = health_of(channel)

            async def states() -> list[int]:
                names = ("", SERVICE, "postgres", "directory feed")
                return [(await stub.Check(HealthCheckRequest(service=each))).status for each in names]

            assert await states() == [NOT_SERVING] * 4
            health.set_serving("postgres", is_serving=True)
            assert await states() == [NOT_SERVING, NOT_SERVING, SERVING, NOT_SERVING]
            health.set_serving("directory feed", is_serving=True)
            assert await states() == [SERVING] * 4
            health.set_serving("postgres", is_serving=False)
            assert await states() == [NOT_SERVING, NOT_SERVING, NOT_SERVING, SERVING]
            health.set_serving("postgres", is_serving=True)
            health.stop()
            assert await states() == [NOT_SERVING] * 4


async def test_health_of_something_else_is_not_known(identity: Identity) -> None:
    async with serving(identity, echo_service()) as running, running.channel(Role.AUDITOR) as channel:
        with pytest.raises(NotFound):
            await health_of(channel).Check(HealthCheckRequest(service="nothing"))
        answer = await anext(health_of(channel).Watch(HealthCheckRequest(service="nothing")))

    assert answer.status == UNKNOWN


async def test_who_watches_hears_each_change(identity: Identity) -> None:
    async with (
        asyncio.timeout(10),
        serving(identity, echo_service(), dependencies=["nats"]) as running,
        running.bare_channel() as channel,
    ):
        answers = aiter(health_of(channel).Watch(HealthCheckRequest()))
        heard = [(await anext(answers)).status]
        for is_serving in (True, False):
            running.server.health.set_serving("nats", is_serving=is_serving)
            heard.append((await anext(answers)).status)

    assert heard == [NOT_SERVING, SERVING, NOT_SERVING]


async def test_a_dependency_that_nobody_named_is_a_fault_of_the_wiring(identity: Identity) -> None:
    async with serving(identity, echo_service()) as running:
        with pytest.raises(KeyError):
            running.server.health.set_serving("postgres", is_serving=True)


async def test_a_stop_lets_calls_in_hand_end_and_tells_streams_to_come_back(identity: Identity) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait_for_two(text: str) -> str:
        if text == "slow":
            entered.set()
            await leave.wait()
        return text

    async with (
        asyncio.timeout(10),
        serving(identity, echo_service(wait_for_two), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        call = asyncio.create_task(first_answer(channel, "unary_unary", "slow"))
        await entered.wait()
        chat = channel.stream_stream(METHOD_OF["stream_stream"])(forever())
        await anext(chat)

        running.stop.set()
        with pytest.raises(Unavailable) as caught:
            async for _ in chat:
                pass
        assert not running.server.health.is_serving
        leave.set()
        assert await call == "slow"
        await running.task

    assert caught.value.retry_after_s == 1.0


async def test_a_stream_that_never_rests_is_ended_too(identity: Identity) -> None:
    async with (
        asyncio.timeout(10),
        serving(identity, echo_service(), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        answers = channel.unary_stream(METHOD_OF["unary_stream"])(b"")
        await anext(answers)
        running.stop.set()
        with pytest.raises(Unavailable):
            async for _ in answers:
                pass
        await running.task


@pytest.mark.parametrize("words", [b"", b"PRI * HTTP/2.0"])
async def test_who_connects_and_does_not_speak_the_protocol_is_let_go(
    identity: Identity, monkeypatch: pytest.MonkeyPatch, words: bytes
) -> None:
    patience = "grpc.server_handshake_timeout_ms"
    assert dict(rpc.SERVER_OPTIONS)[patience] == 10_000
    options = {**dict(rpc.SERVER_OPTIONS), patience: 200}
    monkeypatch.setattr(rpc, "SERVER_OPTIONS", tuple(options.items()))

    async with asyncio.timeout(20), serving(identity, echo_service(), rules=RULES) as running:
        reader, writer = await asyncio.open_connection(*running.address.split(":"))
        writer.write(words)
        while await reader.read(1024):  # the server's settings, at most
            pass

        writer.close()


async def test_a_port_that_is_taken_is_said_at_once(identity: Identity) -> None:
    async with serving(identity, echo_service()) as running:
        with pytest.raises(FailedPrecondition):
            running.server.listen(running.address)


async def test_descriptors_are_shown_only_where_the_setting_says_so(identity: Identity) -> None:
    async def ask(channel: Channel) -> list[str]:
        requests = [ServerReflectionRequest(list_services="")]
        stub: Any = ServerReflectionStub
        answers = stub(channel).ServerReflectionInfo(each_of(requests))
        answer = await anext(aiter(answers))
        return [each.name for each in answer.list_services_response.service]

    async with serving(identity, echo_service()) as running, running.channel(Role.OPERATOR) as channel:
        with pytest.raises(Unimplemented):
            await ask(channel)

    service = "ihala.notify.v1.NotifyService"
    async with serving(identity, echo_service(), services=[service], with_reflection=True) as running:
        async with running.channel(Role.OPERATOR) as channel:
            assert service in await ask(channel)
        async with running.channel(token="none") as channel:
            with pytest.raises(Unauthenticated):
                await ask(channel)


def test_health_needs_no_credential() -> None:
    assert METHODS["/grpc.health.v1.Health/Check"].is_open


def health_of(channel: grpc.aio.Channel) -> Any:
    stub: Any = HealthStub  # its published types know no asyncio
    return stub(channel)


async def each_of(requests: list[ServerReflectionRequest]) -> AsyncIterator[ServerReflectionRequest]:
    for each in requests:
        yield each


async def forever() -> AsyncIterator[bytes]:
    yield b""
    await asyncio.Event().wait()
