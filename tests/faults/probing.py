"""Asks, while a fault lasts, as somebody does who waits at the door: does it serve, and what does one call say."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from ihala.profile import Profile
from services.errors import IhalaError
from services.runtime.channel import open_channel
from services.runtime.statuses import error_of

PROBE_EACH_S = 0.2
DEADLINE_S = 25.0  #: of one call: none ends by it


async def probe(address: str, took_s: list[float]) -> None:
    """Ask a service again and again whether it serves, until this is cancelled; it must, each time."""
    async with open_channel(address) as channel:
        health: Any = HealthStub(channel)
        while True:
            began_s = time.monotonic()
            answer = await health.Check(HealthCheckRequest())
            assert answer.status == HealthCheckResponse.SERVING
            took_s.append(time.monotonic() - began_s)
            await asyncio.sleep(PROBE_EACH_S)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one call, as the server said it: nothing is repeated."""

    took_s: float
    error: IhalaError | None


async def ask(
    profile: Profile, service: str, call: Callable[[grpc.aio.Channel, tuple[tuple[str, str], ...]], Any]
) -> Heard:
    """Make a call once, without the repeats of our own channel, and say what came of it."""
    assert profile.token_file is not None
    token = (("authorization", f"Bearer {profile.token_file.read_text().strip()}"),)
    async with grpc.aio.insecure_channel(profile.addresses[service]) as channel:
        began_s = time.monotonic()
        try:
            await call(channel, token)
        except grpc.aio.AioRpcError as error:
            return Heard(time.monotonic() - began_s, error_of(error))
        return Heard(time.monotonic() - began_s, None)
