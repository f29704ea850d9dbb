"""The referrals process as it is run: real PostgreSQL, NATS and channels, killed and started again."""

import asyncio
import json
import os
import signal
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from ihala.directory.v1 import directory_pb2
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2
from ihala.matching.v1.matching_pb2_grpc import add_MatchingServiceServicer_to_server
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1.referrals_service_pb2_grpc import ReferralsServiceStub
from services.referrals.wire.cloudevents import STREAM
from services.runtime import jetstream
from services.runtime.auth import Role
from services.runtime.channel import open_channel
from services.runtime.embedded.nats import NatsServer
from services.runtime.embedded.postgres import SUPERUSER, PostgresServer
from tests.matching.peers import FeedDirectory, FeedReferrals, Unserved, register
from tests.referrals.samples import a_consent, a_match_request, a_request_id, order
from tests.serving import Identity, an_identity, serving

#: what only the sealed facts may hold, in every spelling that a store might have
CANARIES = (
    b"canary-status-5521",
    b"canary-provider-7743",
    b"32.876543",
    b"13.187654",
    struct.pack("<d", 32.876543),
    struct.pack("<d", 13.187654),
)


class CheckingMatching(Unserved):
    """Matching that finds that every choice still holds."""

    async def CheckMatch(self, request: Any, context: Any) -> Any:
        return matching_pb2.CheckMatchResponse(
            choices=[
                matching_pb2.CheckedChoice(
                    choice=choice,
                    match=matching_pb2.Match(provider_id=choice.provider_id, needed_fields=["need", "age"]),
                    items=[matching_pb2.PlaceItem(population="girls", count=1)],
                )
                for choice in request.choices
            ]
        )


def a_record() -> directory_pb2.Provider:
    report = directory_pb2.PlaceReport(population="girls", total=50, occupied=0)
    report.report_time.FromDatetime(datetime.now(UTC))
    return directory_pb2.Provider(
        provider_id="house",
        receiver_id="house-desk",
        pool_id="house",
        place=geo_pb2.Place(point=geo_pb2.Point(latitude_deg=32.88, longitude_deg=13.19)),
        country_code="LY",
        claims=[directory_pb2.ServiceClaim(code="ACC-EMG", claim=directory_pb2.CLAIM_YES)],
        status=directory_pb2.STATUS_ACTIVE,
        vetting=directory_pb2.Vetting(state=directory_pb2.VETTING_STATE_VETTED),
        reach_out=directory_pb2.REACH_OUT_ENROLLED,
        place_reports=[report],
    )


@dataclass
class Process:
    """A process of referrals, and ways to it."""

    process: asyncio.subprocess.Process
    address: str
    identity: Identity
    log: list[bytes]

    def stub(self, role: Role, client_id: str) -> Any:
        token = self.identity.token(role, client_id=client_id, receiver_ids=[client_id])
        return ReferralsServiceStub(open_channel(self.address, lambda: token))

    async def serving(self) -> None:
        token = self.identity.token(Role.OPERATOR)
        stub: Any = HealthStub(open_channel(self.address, lambda: token))
        async for answer in stub.Watch(health_pb2.HealthCheckRequest()):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return


@asynccontextmanager
async def process(folder: Path, url: str, nats: NatsServer, identity: Identity, peers: str) -> AsyncIterator[Process]:
    """Run `python -m services.referrals`; the same folder has the same keys."""
    (folder / "token").write_text(identity.token(Role.SERVICE, client_id="referrals"))
    for key in ("kek", "hmac"):
        if not (folder / key).exists():
            (folder / key).write_bytes(os.urandom(32))
    settings = {
        "LISTEN_ADDRESS": "127.0.0.1:0",
        "JWKS_FILE": identity.jwks_file,
        "TOKEN_FILE": folder / "token",
        "DATABASE_URL": url,
        "NATS_URL": nats.url,
        "NATS_SEED_FILE": nats.seed_file("relay"),
        "NATS_PROVISIONER_SEED_FILE": nats.seed_file("provisioner"),
        "DIRECTORY_ADDRESS": peers,
        "MATCHING_ADDRESS": peers,
        "KEK_FILE": folder / "kek",
        "HMAC_KEY_FILE": folder / "hmac",
    }
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.referrals"),
        env={"PATH": os.environ["PATH"], **{f"IHALA_REFERRALS_{name}": str(each) for name, each in settings.items()}},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    log: list[bytes] = []
    port = await _port(started, log)
    reading = asyncio.create_task(_read(started, log))
    try:
        yield Process(started, f"127.0.0.1:{port}", identity, log)
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()
        await reading


async def _port(started: asyncio.subprocess.Process, log: list[bytes]) -> int:
    assert started.stderr is not None
    async for line in started.stderr:
        log.append(line)
        event = json.loads(line)
        if event["event"] == "service.started":
            return int(event["port"])
    raise AssertionError(log)


async def _read(started: asyncio.subprocess.Process, log: list[bytes]) -> None:
    assert started.stderr is not None
    log.extend([line async for line in started.stderr])


@asynccontextmanager
async def peers(identity: Identity) -> AsyncIterator[str]:
    """Serve a directory with one house, and a matching."""
    directory = FeedDirectory()
    directory.put(a_record())

    def add(server: Any) -> None:
        register(directory, FeedReferrals(), server)
        add_MatchingServiceServicer_to_server(CheckingMatching(), server)  # type: ignore[arg-type]  # a fake

    async with serving(identity, add) as served:
        yield served.address


async def a_referral(stub: Any) -> Any:
    consent = await stub.RecordConsent(
        service_pb.RecordConsentRequest(
            request_id=a_request_id(),
            consent=a_consent("case-1", datetime.now(UTC), receiver_class=None, provider_ids=["house"]),
        )
    )
    return service_pb.CreateReferralRequest(
        request_id=a_request_id(),
        match_token="token",
        match_request=a_match_request(),
        choices=[service_pb.OfferChoice(provider_id="house")],
        case_ref="case-1",
        consent_id=consent.consent.consent_id,
        briefing=pb.Briefing(risk=pb.RISK_SOMEBODY_SEARCHES),
    )


async def subjects(nats: NatsServer, count: int) -> list[str]:
    """Wait for so many messages of the stream."""
    heard: list[str] = []
    async with jetstream.connect(nats.url, nats.seed_file("provisioner"), name="provisioner") as connection:
        subscription = await connection.stream.pull_subscribe("referral.v1.>", "test", STREAM)
        while len(heard) < count:
            try:
                heard += [message.subject for message in await subscription.fetch(count - len(heard), 1)]
            except TimeoutError:
                continue
        await subscription.unsubscribe()
    return heard


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
