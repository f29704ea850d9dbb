"""Run what lives on a connection to NATS, and ring several bells as one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from nats.errors import Error as NatsError

from services.errors import IhalaError, Unavailable
from services.notify.channels.nats import NatsChannel
from services.notify.consumer import Bell
from services.notify.settings import Settings
from services.runtime import jetstream, rpc
from services.runtime.stop import first_of

NATS: Final = "nats"  #: in the health of the service
RETRY_S: Final = 1.0

logger = structlog.get_logger(__name__)


class Bells:
    """
    Several bells that are rung as one.

    Args:
        bells: Each has a method `set`.
    """

    def __init__(self, *bells: Bell) -> None:
        self._bells = bells

    def set(self) -> None:
        """Ring them all."""
        for each in self._bells:
            each.set()


class Bus:
    """
    The loops that live on a connection to NATS: begun when it is there, begun again whenever one fails.

    Args:
        settings: Where NATS is, and as whom.

        channel: Is given the connection while there is one.

        server: Its health says once that NATS was there.

        first: Done with each connection before anything is sent by it or heard.
    """

    def __init__(
        self, settings: Settings, channel: NatsChannel, server: rpc.Server, first: Callable[[], Awaitable[None]]
    ) -> None:
        self._settings = settings
        self._channel = channel
        self._server = server
        self._first = first
        self._loops: list[Callable[[jetstream.Connection], Awaitable[None]]] = []

    def add(self, loop: Callable[[jetstream.Connection], Awaitable[None]]) -> None:
        """Add a loop."""
        self._loops.append(loop)

    async def run(self, stop: asyncio.Event) -> None:
        """Run every loop until a stop is requested."""
        while not stop.is_set():
            try:
                await self._connected(stop)
            except* (IhalaError, NatsError) as group:
                for error in group.exceptions:
                    logger.warning("nats.away", error=type(error).__name__)
            await first_of(RETRY_S, stop)

    async def _connected(self, stop: asyncio.Event) -> None:
        settings = self._settings
        async with jetstream.connect(settings.nats_url, settings.nats_seed_file, name="notify") as connection:
            await self._first()
            self._channel.use(connection)
            self._server.health.set_serving(NATS, is_serving=True)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_until_closed(connection, stop))
                    for loop in self._loops:
                        tasks.create_task(_coroutine(loop, connection))
            finally:
                self._channel.use(None)


async def _until_closed(connection: jetstream.Connection, stop: asyncio.Event) -> None:
    """
    Watch that the client finds back by itself, which it does not once the server has refused it.

    Raises:
        Unavailable: it does not.
    """
    while not stop.is_set():
        if connection.client.is_closed:
            raise Unavailable("NATS has closed the connection for good")
        await first_of(RETRY_S, stop)


async def _coroutine(loop: Callable[[jetstream.Connection], Awaitable[None]], connection: jetstream.Connection) -> None:
    await loop(connection)
