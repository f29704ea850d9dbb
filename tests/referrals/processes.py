"""The referrals process as it is run, with a directory and a matching played over real channels."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from tests.matching.peers import FeedDirectory, FeedReferrals, Unserved, register
from tests.referrals.samples import a_consent, a_match_request, a_request_id
from tests.serving import Identity, serving


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
