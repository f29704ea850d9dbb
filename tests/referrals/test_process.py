"""The referrals process as it is run: real PostgreSQL, NATS and channels, killed and started again."""

import asyncio
import signal
import struct
from pathlib import Path
from typing import Any

import psycopg
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from services.runtime.auth import Role
from services.runtime.channel import open_channel
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.postgres import SUPERUSER, PostgresServer
from tests.referrals.processes import a_referral, peers, process, subjects
from tests.referrals.samples import order
from tests.serving import an_identity

#: what only the sealed facts may hold, in every spelling that a store might have
CANARIES = (
    b"canary-status-5521",
    b"canary-provider-7743",
    b"32.876543",
    b"13.187654",
    struct.pack("<d", 32.876543),
    struct.pack("<d", 13.187654),
)


async def test_it_carries_a_referral_to_the_bus_and_ends_in_order(
    tmp_path: Path, postgres_url: str, nats_server: NatsServer
) -> None:
    identity = an_identity(tmp_path)
    async with (
        asyncio.timeout(90),
        peers(identity) as address,
        process(tmp_path, postgres_url, nats_server, identity, address) as running,
    ):
        await running.serving()
        sender = running.stub(Role.CASE_SYSTEM, "ministry")
        made = await sender.CreateReferral(await a_referral(sender))
        await running.stub(Role.RECEIVER, "house-desk").AcceptOffer(order("Accept", made.offers[0]))

        assert await subjects(nats_server, 2) == ["referral.v1.offer_requested", "referral.v1.offer_accepted"]
        running.process.send_signal(signal.SIGTERM)
        await running.process.wait()

    assert running.process.returncode == 0
    assert running.process.stdout is not None
    assert await running.process.stdout.read() == b""


async def test_it_starts_before_its_peers_and_refuses_until_they_are_there(
    tmp_path: Path, postgres_url: str, nats_server: NatsServer
) -> None:
    identity = an_identity(tmp_path)
    async with (
        asyncio.timeout(60),
        process(tmp_path, postgres_url, nats_server, identity, "127.0.0.1:1") as running,
    ):
        token = identity.token(Role.OPERATOR)
        stub: Any = HealthStub(open_channel(running.address, lambda: token))
        answer = await stub.Check(health_pb2.HealthCheckRequest())
        running.process.send_signal(signal.SIGTERM)
        await running.process.wait()

    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert running.process.returncode == 0


@pytest.mark.parametrize("kills", [5])
async def test_killed_in_the_middle_it_loses_none_doubles_none_and_oversells_none(
    tmp_path: Path, postgres_url: str, nats_server: NatsServer, kills: int
) -> None:
    identity = an_identity(tmp_path)
    answers: dict[str, str] = {}
    async with asyncio.timeout(120), peers(identity) as address:
        waiting: list[Any] = []
        for round_ in range(kills + 1):
            async with process(tmp_path, postgres_url, nats_server, identity, address) as running:
                await running.serving()
                sender = running.stub(Role.CASE_SYSTEM, "ministry")
                waiting += [await a_referral(sender) for _ in range(8)]
                calls = [asyncio.create_task(sender.CreateReferral(each, timeout=20)) for each in waiting]
                if round_ < kills:
                    await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
                    running.process.kill()
                    await running.process.wait()
                    for call in calls:
                        call.cancel()
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
                for request, outcome in zip(waiting, outcomes, strict=True):
                    if not isinstance(outcome, BaseException):
                        assert answers.setdefault(request.request_id, outcome.referral_id) == outcome.referral_id
                waiting = [each for each in waiting if each.request_id not in answers]
                if round_ == kills:
                    await subjects(nats_server, 8 * (kills + 1))

    assert waiting == []
    async with await psycopg.AsyncConnection.connect(postgres_url) as connection:
        rows = await (await connection.execute("SELECT referral_id FROM referrals.referral")).fetchall()
        places = await (await connection.execute("SELECT held FROM referrals.place")).fetchall()
    assert sorted(row[0] for row in rows) == sorted(answers.values())
    assert len(set(answers.values())) == 8 * (kills + 1)
    assert places == [(8 * (kills + 1),)]


async def test_facts_of_a_case_are_in_no_file_log_or_message(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str, nats_server: NatsServer
) -> None:
    """R16, I12."""
    identity = an_identity(tmp_path)
    async with (
        asyncio.timeout(90),
        peers(identity) as address,
        process(tmp_path, postgres_url, nats_server, identity, address) as running,
    ):
        await running.serving()
        sender = running.stub(Role.CASE_SYSTEM, "ministry")
        made = await sender.CreateReferral(await a_referral(sender))
        receiver = running.stub(Role.RECEIVER, "house-desk")
        read = await receiver.AcknowledgeOffer(order("Acknowledge", made.offers[0]))
        await subjects(nats_server, 2)
        with psycopg.connect(postgres_server.url(SUPERUSER, SUPERUSER), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            ((data_folder,),) = connection.execute("SHOW data_directory").fetchall()
        log = b"".join(running.log)

    assert read.offer.person.age.max_years == 17
    in_database, on_bus = (
        b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        for folder in (Path(data_folder), nats_server.folder)
    )
    assert [canary for canary in CANARIES if canary in in_database or canary in on_bus] == []
    # what is no secret is found, so the search sees what is there
    assert made.referral_id.encode() in in_database
    assert made.offers[0].offer_id.encode() in on_bus
    assert [canary for canary in CANARIES if canary in log] == []
