"""The matching process as it is run: warm when its directory is there, and ended in order."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from ihala.matching.v1.matching_pb2_grpc import MatchingServiceStub
from services.runtime.auth import Role
from services.runtime.channel import Channel, open_channel
from tests.matching.peers import FeedDirectory, FeedReferrals, a_message, register
from tests.serving import Identity, an_identity, serving


@dataclass
class Running:
    """A process, and a channel to it."""

    process: asyncio.subprocess.Process
    channel: Channel
    is_serving: AsyncIterator[bool]


@asynccontextmanager
async def matching(folder: Path, identity: Identity, peers_address: str) -> AsyncIterator[Running]:
    (folder / "token").write_text(identity.token(Role.SERVICE, client_id="matching"))
    (folder / "key").write_bytes(b"k" * 32)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.matching"),
        env={
            "PATH": os.environ["PATH"],
            "IHALA_MATCHING_LISTEN_ADDRESS": "127.0.0.1:0",
            "IHALA_MATCHING_JWKS_FILE": str(identity.jwks_file),
            "IHALA_MATCHING_TOKEN_FILE": str(folder / "token"),
            "IHALA_MATCHING_TOKEN_KEY_FILE": str(folder / "key"),
            "IHALA_MATCHING_DIRECTORY_ADDRESS": peers_address,
            "IHALA_MATCHING_REFERRALS_ADDRESS": peers_address,
            "IHALA_MATCHING_COUNTRIES": "LY",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        port = await _port(process)
        token = identity.token(Role.CASE_SYSTEM)
        async with open_channel(f"127.0.0.1:{port}", lambda: token) as channel:
            stub: Any = HealthStub(channel)
            answers = stub.Watch(health_pb2.HealthCheckRequest())
            serving_now = (each.status == health_pb2.HealthCheckResponse.SERVING async for each in answers)
            yield Running(process, channel, serving_now)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "service.started":
            return int(event["port"])
    raise AssertionError("the process ended before it served")


async def test_it_serves_when_it_has_read_the_directory_and_ends_in_order(tmp_path: Path) -> None:
    directory, referrals = FeedDirectory(), FeedReferrals()
    directory.put(*(a_message(f"p-{number}") for number in range(5)))
    identity = an_identity(tmp_path)
    async with (
        asyncio.timeout(60),
        serving(identity, lambda server: register(directory, referrals, server)) as peers,
        matching(tmp_path, identity, peers.address) as running,
    ):
        while not await anext(running.is_serving):
            pass
        answer = await MatchingServiceStub(running.channel).FindMatches(
            pb.FindMatchesRequest(
                needs=[pb.Need(code="LEG-ADV")],
                origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=32.9, longitude_deg=13.2)),
            )
        )
        running.process.send_signal(signal.SIGTERM)
        output, _ = await running.process.communicate()

    assert [each.provider_id for each in answer.needs[0].matches] == [f"p-{number}" for number in range(5)]
    assert (output, running.process.returncode) == (b"", 0)


async def test_r52_a_plan_comes_out_of_a_real_process(tmp_path: Path) -> None:
    directory, referrals = FeedDirectory(), FeedReferrals()
    directory.put(*(a_message(f"p-{number}") for number in range(5)))
    identity = an_identity(tmp_path)
    async with (
        asyncio.timeout(60),
        serving(identity, lambda server: register(directory, referrals, server)) as peers,
        matching(tmp_path, identity, peers.address) as running,
    ):
        while not await anext(running.is_serving):
            pass
        plan = await MatchingServiceStub(running.channel).PlanMatches(
            pb.PlanMatchesRequest(
                groups=[pb.Group(label="all", count=12, needs=[pb.Need(code="LEG-ADV")])],
                origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=32.9, longitude_deg=13.2)),
            )
        )

    assert plan.optimal
    counts = [each.count for each in plan.assignments] + [each.count for each in plan.unassigned]
    assert sum(counts) == 12
    assert plan.match_token


async def test_it_waits_for_its_directory_without_serving(tmp_path: Path) -> None:
    identity = an_identity(tmp_path)
    async with asyncio.timeout(60), matching(tmp_path, identity, "127.0.0.1:1") as running:
        assert not await anext(running.is_serving)

        running.process.send_signal(signal.SIGTERM)
        await running.process.communicate()

    assert running.process.returncode == 0
