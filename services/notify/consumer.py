"""Hear the events of offers: inbox, alert and deliveries in one transaction, and only then the acknowledgement."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog
from nats.aio.msg import Msg

from services.errors import InvalidInput, Unavailable
from services.notify.at_once import AtOnce
from services.notify.store.alerts import AlertStore
from services.notify.store.letters import LetterStore
from services.notify.wire.events import event_from_json
from services.runtime import failpoints, jetstream
from services.runtime.consuming import Malformed, consume
from services.runtime.stop import first_of

STREAM: Final = "REFERRALS"
SUBJECTS: Final = "referral.v1.>"
DURABLE: Final = "notify"
BATCH: Final = 64  #: messages that are taken together: as many as the consumer hands out unacknowledged
MAX_READINGS: Final = 5  #: of a message that cannot be read; a newer version of this code may come meanwhile

log = structlog.get_logger(__name__)


class Bell(Protocol):
    """Wakes whoever sends; `asyncio.Event` is one."""

    def set(self) -> None:
        """Ring."""


class EventConsumer:
    """
    Takes events into the store.

    Args:
        alerts: Where events become alerts.

        letters: Where a message goes that nobody can read.

        rang: Set whenever something new may have to be sent.

        now: The time of what is written.

        at_once: Sends what it can as soon as it is committed; None: all is left to who looks for what is due.
    """

    def __init__(
        self,
        alerts: AlertStore,
        letters: LetterStore,
        rang: Bell,
        now: Callable[[], datetime],
        at_once: AtOnce | None = None,
    ) -> None:
        self._alerts = alerts
        self._letters = letters
        self._rang = rang
        self._now = now
        self._at_once = at_once

    async def run(self, connection: jetstream.Connection, stop: asyncio.Event) -> None:
        """Consume until a stop is requested; the stream may come later than we do."""
        while not stop.is_set():
            try:
                await jetstream.ensure_consumer(connection, STREAM, DURABLE)
            except Unavailable:
                await first_of(jetstream.RETRY_AFTER_S, stop)
                continue
            subscription = await jetstream.subscribe(connection, STREAM, DURABLE)
            await consume(connection, subscription, self.handle, stop, batch=BATCH, handle_all=self.handle_all)

    async def handle_all(self, messages: Sequence[Msg]) -> None:
        """
        Take messages that came together: first offers by one statement, all others in their order.

        Raises:
            InvalidInput: one cannot be read; those that were taken are recognised.
        """
        failpoints.reach("N1")
        events = [event for each in messages if (event := event_from_json(each.data)) is not None]
        rung = await self._alerts.hear_first(events, self._at_once.channels if self._at_once else (), self._now())
        if self._at_once is not None:
            self._at_once.take(rung.attempts)
        if rung.has_others:
            self._rang.set()
        for event in events:
            if event.event_id not in rung.event_ids and await self._alerts.hear(event, self._now()):
                self._rang.set()
        failpoints.reach("N3")

    async def handle(self, message: Msg) -> None:
        """
        Take one message.

        Raises:
            Malformed: it cannot be read, was kept for a person, and shall not come again.

            InvalidInput: it cannot be read; it may come again.
        """
        failpoints.reach("N1")
        try:
            event = event_from_json(message.data)
        except InvalidInput as error:
            if message.metadata.num_delivered < MAX_READINGS:
                raise
            await self._letters.bury_message(
                STREAM,
                message.metadata.sequence.stream,
                message.subject,
                message.data,
                error.reason,
                self._now(),
            )
            raise Malformed from error
        if event is not None and await self._alerts.hear(event, self._now()):
            self._rang.set()
        failpoints.reach("N3")
