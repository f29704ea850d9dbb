"""
Send at once what this process has just committed, and note what came of it for many together.

Nothing depends on it: what it takes was committed as taken on, and is due again after the lease if this process dies.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from services.errors import Unavailable
from services.notify.channels import Sender, SendFailed
from services.notify.deliveries import CHANCE, STOP_WAIT_S, Chance, fail, send
from services.notify.model import Attempt, Channel
from services.notify.store.deliveries import DeliveryStore
from services.runtime import failpoints
from services.runtime.stop import first_of

CHANNELS: Final = frozenset({Channel.NATS})  #: whose attempts take milliseconds, and hold back no endpoint
MAX_IN_HAND: Final = 256  #: attempts, with those that are not noted yet; the rest is left to who looks for what is due
NOTE_EVERY_S: Final = 0.25  #: a hundred alerts a second are four commits; far less than the lease

log = structlog.get_logger(__name__)


class AtOnce:
    """
    What is sent as soon as it is committed.

    Args:
        store: Where deliveries are.

        senders: By channel.

        now: The clock.

        chance: A random number in [0, 1).
    """

    def __init__(
        self,
        store: DeliveryStore,
        senders: Mapping[Channel, Sender],
        now: Callable[[], datetime],
        chance: Chance = CHANCE,
    ) -> None:
        self._store = store
        self._senders = senders
        self._now = now
        self._chance = chance
        self._in_hand: set[asyncio.Task[None]] = set()
        self._sent: list[tuple[Attempt, datetime]] = []  # not noted yet
        self._news = asyncio.Event()
        self._is_ending = False

    @property
    def channels(self) -> Collection[Channel]:
        """Of which channels first attempts may be taken on for this now."""
        is_full = len(self._in_hand) + len(self._sent) >= MAX_IN_HAND
        return frozenset() if is_full or self._is_ending else CHANNELS

    def take(self, attempts: Sequence[Attempt]) -> None:
        """Send what was taken on."""
        for each in attempts:
            task = asyncio.create_task(self._send(each))
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)

    async def run(self, stop: asyncio.Event) -> None:
        """Note what came of it until a stop is requested, then finish what is in hand."""
        try:
            while not stop.is_set():
                await first_of(None, self._news, stop)
                await first_of(NOTE_EVERY_S, stop)
                await self._note()
        finally:
            self._is_ending = True
            if self._in_hand:
                await asyncio.wait(self._in_hand, timeout=STOP_WAIT_S)
            await self._note()

    async def _send(self, attempt: Attempt) -> None:
        outcome = await send(self._senders, attempt)
        if isinstance(outcome, SendFailed):
            try:
                await fail(self._store, attempt, outcome, self._now, self._chance)
            except Unavailable:
                log.warning("delivery.database_away")
            return
        self._sent.append((attempt, self._now()))
        self._news.set()

    async def _note(self) -> None:
        self._news.clear()
        sent, self._sent = self._sent, []
        if sent:
            failpoints.reach("C3")
        try:
            await self._store.note_sent(sent)
        except Unavailable:
            log.warning("delivery.database_away")
            self._sent += sent
            self._news.set()
