"""Tests of the whole process: it waits for what is not there, serves, comes back after a kill, and ends in order."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from ihala.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from ihala.endpoint_client import Endpoints
from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1.notify_pb2_grpc import NotifyServiceStub
from ihala.profile import Profile
from services.errors import Unavailable
from services.notify.model import OfferEvent
from services.runtime import jetstream
from services.runtime.auth import Role
from services.runtime.channel import open_channel
from services.runtime.embedded import nats
from services.runtime.embedded.nats_accounts import generate_key
from services.runtime.embedded.ports import Ports
from services.runtime.embedded.processes import Supervisor
from tests.notify.fakes import FakeDirectory
from tests.notify.posting import Authority, Posted, https_server, says
from tests.notify.stores import an_event, as_cloudevent, stores_at
from tests.notify.test_mail_and_messages import mail_server
from tests.notify.test_webhooks import echoes
from tests.serving import Identity, an_identity, serving

READY_S = 20


@pytest.fixture
async def environment(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path
) -> AsyncIterator[tuple[dict[str, str], Identity]]:
    """Give the process everything but NATS, which is not running yet."""
    identity = an_identity(tmp_path)
    (tmp_path / "token").write_text(identity.token(Role.SERVICE))
    (tmp_path / "state").mkdir()
    ports = Ports(tmp_path / "ports.json")
    directory: Any = FakeDirectory()  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
    async with serving(identity, lambda server: add_DirectoryServiceServicer_to_server(directory, server)) as far:
        settings = {
            "LISTEN_ADDRESS": f"127.0.0.1:{ports.get('grpc')}",
            "JWKS_FILE": str(identity.jwks_file),
            "TOKEN_FILE": str(tmp_path / "token"),
            "DATABASE_URL": await migrated_url("notify"),
            "NATS_URL": f"nats://127.0.0.1:{Ports(tmp_path / 'state' / 'ports.json').get('nats')}",
            "NATS_SEED_FILE": str(tmp_path / "state" / "nats" / "keys" / "notify.nk"),
            "DIRECTORY_ADDRESS": far.address,
            "REFERRALS_ADDRESS": far.address,
            "PAGE_ADDRESS": f"127.0.0.1:{ports.get('page')}",
        }
        yield {f"IHALA_NOTIFY_{name}": value for name, value in settings.items()}, identity


@asynccontextmanager
async def a_process(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.notify",
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def is_serving(address: str) -> bool:
    async with open_channel(address) as channel:
        stub: Any = HealthStub(channel)
        try:
            answer = await stub.Check(HealthCheckRequest(), timeout=1)
        except Unavailable:
            return False
    return bool(answer.status == HealthCheckResponse.SERVING)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(READY_S):
        while not await condition():  # noqa: ASYNC110 -- it happens in another process
            await asyncio.sleep(0.05)


def with_nats(environment: dict[str, str], server: nats.NatsServer, state: Path) -> dict[str, str]:
    files = {
        "NATS_SEED_FILE": server.seed_file("notify"),
        "NATS_PROVISIONER_SEED_FILE": server.seed_file("provisioner"),
        "NATS_ACCOUNTS_FILE": server.folder / "accounts.conf",
        "NATS_PID_FILE": state / "pids" / "nats",
    }
    return environment | {f"IHALA_NOTIFY_{name}": str(file) for name, file in files.items()}


async def test_it_serves_the_page_without_nats_and_everything_once_nats_is_there(
    environment: tuple[dict[str, str], Identity], tmp_path: Path
) -> None:
    settings, identity = environment
    state = tmp_path / "state"
    address = settings["IHALA_NOTIFY_LISTEN_ADDRESS"]
    with Supervisor(state) as supervisor:
        server = nats.start(supervisor)  # makes the keys
        supervisor.end(server.child)
        async with a_process(with_nats(settings, server, state)) as process:
            await until(lambda: page_answers(settings))
            assert not await is_serving(address)
            nats.start(supervisor)
            await until(lambda: is_serving(address))

            await an_alert_goes_out(settings, identity, server)

            process.send_signal(signal.SIGTERM)
            said, logged = await asyncio.wait_for(process.communicate(), READY_S)
    assert process.returncode == 0
    assert said == b""
    assert all(line.startswith(b"{") for line in logged.splitlines()), logged
    assert re.search(rb"house-1|offer-1", logged) is None


async def test_killed_and_started_again_it_loses_and_doubles_nothing(
    environment: tuple[dict[str, str], Identity], tmp_path: Path
) -> None:
    settings, _ = environment
    state = tmp_path / "state"
    with Supervisor(state) as supervisor:
        server = nats.start(supervisor)
        full = with_nats(settings, server, state)
        address = settings["IHALA_NOTIFY_LISTEN_ADDRESS"]
        relay = jetstream.connect(server.url, server.seed_file("relay"), name="relay")
        async with stores_at(settings["IHALA_NOTIFY_DATABASE_URL"]) as stores:

            async def all_are_there() -> bool:
                return await stores.rows("SELECT count(*) FROM alert") == [(60,)]

            async with a_process(full):
                await until(lambda: is_serving(address))
                async with relay as connection:
                    for number in range(60):
                        event = an_event(f"offer-{number}", event_id=f"event-{number}")
                        await jetstream.publish(
                            connection,
                            "referral.v1.offer_requested",
                            as_cloudevent(event),
                            message_id=event.event_id,
                        )
            # killed wherever it was
            async with a_process(full):
                await until(all_are_there)
            assert await stores.rows("SELECT count(DISTINCT offer_id), count(*) FROM alert") == [(60, 60)]


async def test_it_tells_by_webhook_and_mail_and_no_log_has_an_address(
    environment: tuple[dict[str, str], Identity], tmp_path: Path
) -> None:
    settings, identity = environment
    (tmp_path / "key").write_bytes(b"k" * 32)
    (tmp_path / "desk_token").write_text(identity.token(Role.RECEIVER, receiver_ids=["house-1"]))
    (tmp_path / "coordinator_token").write_text(identity.token(Role.COORDINATOR, client_id="coordinator-1"))
    authority, state = Authority(tmp_path), tmp_path / "state"
    told = asyncio.Event()

    async def reply(posted: Posted, writer: asyncio.StreamWriter) -> None:
        if b"challenge" in posted.body:
            await echoes()(posted, writer)
        else:
            await says(204)(posted, writer)
            told.set()

    async with https_server(authority.server("localhost"), reply) as outside, mail_server() as boxes:
        settings |= {
            "IHALA_NOTIFY_ENDPOINT_KEY_FILE": str(tmp_path / "key"),
            "IHALA_NOTIFY_EGRESS_ALLOW": f"localhost:{outside.port}",
            "IHALA_NOTIFY_EGRESS_CA_FILE": str(authority.file),
            "IHALA_NOTIFY_SMTP_ADDRESS": f"127.0.0.1:{boxes.port}",
            "IHALA_NOTIFY_SMTP_SECURITY": "none",
            "IHALA_NOTIFY_SMTP_SENDER": "post@example.org",
            "IHALA_NOTIFY_LOG_LEVEL": "debug",
        }
        address = settings["IHALA_NOTIFY_LISTEN_ADDRESS"]
        with Supervisor(state) as supervisor:
            server = nats.start(supervisor)
            async with a_process(with_nats(settings, server, state)) as process:
                await until(lambda: is_serving(address))
                desk = Endpoints(Profile(addresses={"notify": address}, token_file=tmp_path / "desk_token"))
                office = Endpoints(Profile(addresses={"notify": address}, token_file=tmp_path / "coordinator_token"))
                async with desk, office:
                    url = f"https://localhost:{outside.port}/zqx7"
                    webhook = await desk.register_webhook(url, receiver_id="house-1")
                    mailbox = await desk.register("house-1", "email", "zqx7@example.org", language="ar")
                    made = [webhook, mailbox]
                    for each in made:  # the fake's one house says nothing of its disclosure: it counts as confidential
                        assert each.state == "awaiting_approval"
                        assert (await office.approve(each.endpoint_id)).state == "active"
                    await publish(server, an_event())
                    await asyncio.wait_for(told.wait(), READY_S)

                    async def both_were_heard() -> bool:
                        found = [each async for each in office.list(receiver_id="house-1")]
                        return all(each.heard_time for each in found)

                    await until(both_were_heard)
                process.send_signal(signal.SIGTERM)
                _, logged = await asyncio.wait_for(process.communicate(), READY_S)

    assert [mail["Subject"] for mail in boxes.mails] == ["رسالة جديدة"]
    assert re.search(rb"zqx7|example.org|localhost:|house-1|offer-1", logged) is None, logged


async def publish(server: nats.NatsServer, event: OfferEvent) -> None:
    """Publish as the relay of referrals."""
    async with jetstream.connect(server.url, server.seed_file("relay"), name="relay") as relay:
        await jetstream.publish(relay, "referral.v1.offer_requested", as_cloudevent(event), message_id=event.event_id)


async def page_answers(settings: dict[str, str]) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            response = await client.get(f"http://{settings['IHALA_NOTIFY_PAGE_ADDRESS']}/")
        except httpx.HTTPError:
            return False
    return response.status_code == 200


async def an_alert_goes_out(settings: dict[str, str], identity: Identity, server: nats.NatsServer) -> None:
    """Register a receiver, let an offer be made, and see that its alert is on NATS."""
    token = identity.token(Role.OPERATOR)
    _, public = generate_key()
    async with open_channel(settings["IHALA_NOTIFY_LISTEN_ADDRESS"], lambda: token) as channel:
        stub: Any = NotifyServiceStub(channel)
        await stub.RegisterNatsReceiver(
            pb.RegisterNatsReceiverRequest(request_id="1", receiver_id="house-1", public_nkey=public)
        )
    relay = jetstream.connect(server.url, server.seed_file("relay"), name="relay")
    provisioner = jetstream.connect(server.url, server.seed_file("provisioner"), name="provisioner")
    async with relay as publishing, provisioner as watching:
        event = an_event()
        await jetstream.publish(
            publishing, "referral.v1.offer_requested", as_cloudevent(event), message_id=event.event_id
        )

        async def is_out() -> bool:
            return (await watching.stream.stream_info("ALERTS")).state.messages == 1

        await until(is_out)
