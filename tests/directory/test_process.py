"""The directory process as it is run: it waits for its database, serves, and ends in order."""

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

import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from services.errors import Unavailable
from services.runtime.auth import Role
from services.runtime.channel import Channel, open_channel
from services.runtime.methods import METHODS
from tests.serving import an_identity

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@dataclass
class Running:
    """A process, and a channel to it."""

    process: asyncio.subprocess.Process
    channel: Channel

    async def serving(self) -> AsyncIterator[bool]:
        stub: Any = HealthStub(self.channel)
        async for answer in stub.Watch(health_pb2.HealthCheckRequest()):
            yield answer.status == health_pb2.HealthCheckResponse.SERVING

    async def end(self) -> tuple[bytes, int | None]:
        self.process.send_signal(signal.SIGTERM)
        output, _ = await self.process.communicate()
        return output, self.process.returncode


@asynccontextmanager
async def a_directory(folder: Path, database_url: str) -> AsyncIterator[Running]:
    identity = an_identity(folder)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.directory"),
        env={
            "PATH": os.environ["PATH"],
            "IHALA_DIRECTORY_LISTEN_ADDRESS": "127.0.0.1:0",
            "IHALA_DIRECTORY_JWKS_FILE": str(identity.jwks_file),
            "IHALA_DIRECTORY_DATABASE_URL": database_url,
            "IHALA_DIRECTORY_COUNTRIES": "LY",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        port = await _port(process)
        token = identity.token(Role.COORDINATOR)
        async with open_channel(f"127.0.0.1:{port}", lambda: token, timeout_s=2.0) as channel:
            yield Running(process, channel)
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


async def test_it_makes_its_tables_serves_and_ends_in_order(postgres_url: str, tmp_path: Path) -> None:
    async with asyncio.timeout(60), a_directory(tmp_path, postgres_url) as running:
        async for is_serving in running.serving():
            if is_serving:
                break
        answer = await DirectoryServiceStub(running.channel).ListProviders(rpc_pb.ListProvidersRequest())
        ended = await running.end()

    assert not answer.providers
    assert ended == (b"", 0)


async def test_it_waits_for_its_database_without_serving(tmp_path: Path) -> None:
    async with asyncio.timeout(60), a_directory(tmp_path, NOWHERE) as running:
        async for is_serving in running.serving():
            assert not is_serving
            break
        with pytest.raises(Unavailable):
            await DirectoryServiceStub(running.channel).ListProviders(rpc_pb.ListProvidersRequest())
        assert (await running.end())[1] == 0


def test_every_method_has_a_row_in_the_table_of_roles() -> None:
    service = rpc_pb.DESCRIPTOR.services_by_name["DirectoryService"]

    assert {f"/{service.full_name}/{method.name}" for method in service.methods} == {
        name for name in METHODS if name.startswith(f"/{service.full_name}/")
    }
