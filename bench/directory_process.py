"""A directory process with data of its own, for benchmarks: the real server, the real gate, real tokens."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection

from bench.synthetic_directory import SyntheticDirectory, load
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from services.directory.settings import REGION
from services.runtime.auth import Role
from services.runtime.channel import open_channel
from services.runtime.embedded.postgres import SUPERUSER, PostgresServer
from services.runtime.keys import create_signing_key, write_jwks
from services.runtime.migrate import migrate
from services.runtime.tokens import mint
from services.towns import load as load_towns

LIFE_S = 3600.0
CALL_WITHIN_S = 29.0


async def filled(server: PostgresServer, count: int) -> str:
    """Fill the database with a made-up directory, unless it has one already; return its address."""
    await migrate(server.url(), "directory", "services.directory")
    options = "-c search_path=directory -c statement_timeout=0"
    async with await AsyncConnection.connect(
        server.url(role=SUPERUSER), autocommit=True, options=options
    ) as connection:
        cursor = await connection.execute("SELECT EXISTS (SELECT FROM provider)")
        if await cursor.fetchone() == (False,):
            towns = await asyncio.to_thread(load_towns, REGION.split(","))
            await load(connection, SyntheticDirectory(towns, count))
    return server.url()


@asynccontextmanager
async def serving(database_url: str, folder: Path) -> AsyncIterator[Any]:
    """Run the directory in a process of its own; yield a stub that may ask and watch."""
    key = create_signing_key(folder / "signing_key.pem")
    write_jwks(folder / "jwks.json", [key])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.directory"),
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.getcwd(),  # noqa: PTH109 -- as text
            "IHALA_DIRECTORY_LISTEN_ADDRESS": "127.0.0.1:0",
            "IHALA_DIRECTORY_JWKS_FILE": str(folder / "jwks.json"),
            "IHALA_DIRECTORY_DATABASE_URL": database_url,
        },
        stderr=asyncio.subprocess.PIPE,
    )
    roles = (Role.SERVICE, Role.COORDINATOR)
    token = mint(key, client_id="bench", roles=roles, life_s=LIFE_S, now=datetime.now(UTC))
    try:
        address = f"127.0.0.1:{await _port(process)}"
        async with open_channel(address, lambda: token, timeout_s=CALL_WITHIN_S) as channel:
            yield DirectoryServiceStub(channel)
    finally:
        process.terminate()
        await process.communicate()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "service.started":
            return int(event["port"])
    raise RuntimeError("the directory ended before it served")
