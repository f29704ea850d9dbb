"""When the directory may be asked: once its tables are there, and while its database answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, Final, NoReturn

import grpc
import structlog

from services.directory.store.renewing import renew
from services.directory.store.requests import forget_old
from services.errors import Unavailable
from services.runtime.health import Health
from services.runtime.migrate import migrate
from services.runtime.postgres import Pool, read

LOOK_EVERY_S: Final = 2.0
TIDY_EVERY_S: Final = 86_400.0
SCHEMA: Final = "directory"
OURS: Final = "/ihala."

log = structlog.get_logger(__name__)


class Ready(grpc.aio.ServerInterceptor):
    """Refuses calls until the tables are there, so that nobody meets half a directory; health always answers."""

    def __init__(self) -> None:
        self.has_tables = False

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        """Hand out the handler of a method, or until then one that refuses."""
        handler = await continuation(handler_call_details)
        if handler is None or self.has_tables or not handler_call_details.method.startswith(OURS):
            return handler
        forms = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(_refuse, **forms)
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(_refuse_stream, **forms)
        return grpc.stream_stream_rpc_method_handler(_refuse_stream, **forms)


async def _refuse(request: Any, context: Any) -> NoReturn:
    raise Unavailable("the directory is not ready yet", retry_after_s=1.0)


async def _refuse_stream(request: Any, context: Any) -> AsyncIterator[Any]:
    raise Unavailable("the directory is not ready yet", retry_after_s=1.0)
    yield  # makes it a stream


async def keep_ready(database_url: str, pool: Pool, health: Health, ready: Ready) -> None:
    """Make the tables once the database is there, and then say of it every 2 s whether it answers."""
    while True:
        try:
            if not ready.has_tables:
                for name in await migrate(database_url, SCHEMA, "services.directory"):
                    log.info("migration.applied", migration=name)
                ready.has_tables = True
            async with read(pool) as connection:
                await connection.execute("SELECT 1")
        except Unavailable:
            health.set_serving("postgres", is_serving=False)
        else:
            health.set_serving("postgres", is_serving=True)
        await asyncio.sleep(LOOK_EVERY_S if ready.has_tables else LOOK_EVERY_S / 4)


async def _renew_all(pool: Pool) -> None:
    """Renew batch by batch, and rest as long after each as it took: calls have at least half of the time."""
    renewed, started = 0, time.monotonic()
    while count := await renew(pool):
        renewed += count
        await asyncio.sleep(time.monotonic() - started)
        started = time.monotonic()
    if renewed:
        log.info("columns.renewed", rows=renewed)


async def keep_house(pool: Pool, ready: Ready, now: Callable[[], datetime]) -> None:
    """
    Do what nobody calls for, once the tables are there: renew the columns of older rows, and forget old answers daily.

    Args:
        pool: Of the directory.

        ready: Knows when the tables are there.

        now: The clock.
    """
    while True:
        wait_s = LOOK_EVERY_S / 4
        if ready.has_tables:
            try:
                await _renew_all(pool)
                while count := await forget_old(pool, now()):
                    log.info("answers.forgotten", rows=count)
                wait_s = TIDY_EVERY_S
            except Unavailable:
                wait_s = LOOK_EVERY_S
        await asyncio.sleep(wait_s)
