"""
Stream alerts to receivers' systems: written is not delivered, and who falls silent is let go.

Both sides beat, so that each notices the other's end even where the network says
nothing. Whoever comes back is told again what it has not confirmed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from services.errors import InvalidInput, NotFound, Unavailable
from services.notify.model import Channel, require_receiver_id
from services.notify.ringing import CONFIRM_WITHIN
from services.notify.store.deliveries import DeliveryStore
from services.notify.store.streams import StreamStore
from services.notify.wire import streams as wire
from services.runtime.auth import Principal, current_principal, require_receiver
from services.runtime.stop import first_of

POLL_S: Final = 0.5  #: between looks for what another replica has heard
CHECK_S: Final = 3.0  #: between beats, each of which checks the credential and the device again
SILENCE_S: Final = 15.0  #: after which the other side is given up

log = structlog.get_logger(__name__)


class Hub:
    """
    Wakes the streams of this process: one look at the database for all of them.

    Args:
        store: Where it is seen for whom something is unconfirmed.
    """

    def __init__(self, store: StreamStore) -> None:
        self._store = store
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._looking = asyncio.Event()

    def set(self) -> None:
        """Look now: something was heard in this process."""
        self._looking.set()

    def add(self, receiver_id: str, bell: asyncio.Event) -> None:
        """Let a bell ring whenever something is unconfirmed for a receiver."""
        self._bells.setdefault(receiver_id, set()).add(bell)

    def remove(self, receiver_id: str, bell: asyncio.Event) -> None:
        """Let a bell ring no more."""
        bells = self._bells[receiver_id]
        bells.discard(bell)
        if not bells:
            del self._bells[receiver_id]

    async def run(self, stop: asyncio.Event) -> None:
        """Look until a stop is requested; a database that is away is waited for."""
        while not stop.is_set():
            self._looking.clear()
            try:
                for receiver_id in await self._store.with_unconfirmed(self._bells) if self._bells else ():
                    for bell in self._bells.get(receiver_id, ()):
                        bell.set()
            except Unavailable:
                log.warning("stream.database_away")
            await first_of(POLL_S, self._looking)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMethods:
    """The streaming method of NotifyService; see its proto."""

    streams: StreamStore
    deliveries: DeliveryStore
    hub: Hub
    now: Callable[[], datetime]

    async def StreamAlerts(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Stream what rings for a receiver until it falls silent, or may hear no more."""
        principal = current_principal()
        receiver_id = await _receiver(requests, principal)
        device_id = await self.streams.open(principal, receiver_id, self.now())
        session = _Session(self, receiver_id, device_id)
        reading = asyncio.create_task(session.read(requests), name="receipts of a stream")
        reading.add_done_callback(lambda _: session.bell.set())
        self.hub.add(receiver_id, session.bell)
        try:
            async for response in session.responses(reading):
                yield response
        finally:
            self.hub.remove(receiver_id, session.bell)
            reading.cancel()


@dataclass(slots=True)
class _Session:
    """One open stream."""

    own: StreamMethods
    receiver_id: str
    device_id: str
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    kept: list[str] = field(default_factory=list)  #: receipts to be answered
    heard_s: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def read(self, requests: Any) -> None:
        """Take what the receiver says; returns when it says that it will say no more."""
        loop = asyncio.get_running_loop()
        async for request in requests:
            self.heard_s = loop.time()
            alert_id = wire.receipt_from_wire(request)
            if alert_id and await self.own.deliveries.receive(
                [alert_id], self.receiver_id, Channel.STREAM, self.device_id, self.own.now()
            ):
                self.kept.append(alert_id)
            self.bell.set()

    async def responses(self, reading: asyncio.Task[None]) -> AsyncIterator[Any]:
        """
        Yield alerts, answers to receipts, and beats.

        Raises:
            Unavailable: nothing was heard for too long.

            NotFound: the device was ended.
        """
        loop = asyncio.get_running_loop()
        written: dict[str, float] = {}  # when each alert was written last
        beat_s = loop.time()
        while not reading.done():
            self.bell.clear()
            if loop.time() - self.heard_s > SILENCE_S:
                raise Unavailable("the receiver fell silent", retry_after_s=1.0)
            while self.kept:
                yield wire.kept(self.kept.pop(0))
            for alert in await self.own.streams.unconfirmed(self.receiver_id):
                if loop.time() - written.get(alert.alert_id, -CONFIRM_WITHIN.total_seconds()) < (
                    CONFIRM_WITHIN.total_seconds()
                ):
                    continue
                written[alert.alert_id] = loop.time()
                await self.own.streams.log_attempt(alert.alert_id, self.own.now())
                yield wire.alert(alert)
            if loop.time() >= beat_s:
                beat_s = loop.time() + CHECK_S
                if not await self.own.streams.is_in_use(self.device_id):
                    raise NotFound("there is no such object")
                yield wire.beat()
            await first_of(beat_s - loop.time(), self.bell)
        reading.result()  # raises what the gate found wrong with a message, or with the credential


async def _receiver(requests: Any, principal: Principal) -> str:
    """Read for which receiver the caller listens: one of its own, whatever the message says."""
    try:
        async with asyncio.timeout(SILENCE_S):
            first = await anext(requests)
    except TimeoutError:
        raise Unavailable("the receiver fell silent", retry_after_s=1.0) from None
    except StopAsyncIteration:
        raise InvalidInput("receiver_id must be the first message") from None
    receiver_id = require_receiver_id(wire.receiver_from_wire(first))
    require_receiver(principal, receiver_id)
    return receiver_id
