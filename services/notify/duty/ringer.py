"""
Wake those on duty: their open pages at once, their closed browsers again and again until somebody takes what rings.

Whom a task wakes is decided as for open pages (`whom`).
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.errors import IhalaError
from services.notify.channels import SendFailed
from services.notify.channels.push import BrowserWaker
from services.notify.duty.parts import Duty
from services.notify.duty.whom import watch
from services.notify.store.duty_pushes import DutyPushStore, Sleeper
from services.notify.store.duty_sessions import DutySessionStore
from services.runtime.feed import FeedWaker
from services.runtime.stop import first_of

BY: Final = "duty-page"  #: who looks, where nobody is signed in
AGAIN: Final = timedelta(minutes=2)  #: a browser is woken once more while something rings
SOON: Final = timedelta(seconds=15)  #: after a push service did not take it
LOOK_EVERY_S: Final = 5.0  #: for what begins to ring by its clock
RETRY_S: Final = 1.0

log = structlog.get_logger(__name__)


async def follow(duty: Duty, bell: FeedWaker, stop: asyncio.Event) -> None:
    """Ring the bell of this process whenever tasks have changed, until a stop is requested."""
    listening = asyncio.create_task(_listen(duty, bell))
    await stop.wait()
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def _listen(duty: Duty, bell: FeedWaker) -> None:
    while True:
        try:
            async with aclosing(duty.changes()) as changes:
                async for _ in changes:
                    bell.wake()
        except IhalaError as error:  # pages look by themselves every few seconds
            log.warning("duty.not_followed", reason=error.reason)
        await asyncio.sleep(RETRY_S)


class Ringer:
    """
    Wakes closed browsers.

    Args:
        duty: What there is to do.

        sessions: Who is signed in.

        pushes: Whose browsers are woken.

        waker: Wakes one.

        now: The clock.
    """

    def __init__(
        self,
        duty: Duty,
        sessions: DutySessionStore,
        pushes: DutyPushStore,
        waker: BrowserWaker,
        now: Callable[[], datetime],
    ) -> None:
        self._duty = duty
        self._sessions = sessions
        self._pushes = pushes
        self._waker = waker
        self._now = now

    async def run(self, bell: FeedWaker, stop: asyncio.Event) -> None:
        """Look whenever the bell rings, and every few seconds, until a stop is requested."""
        while not stop.is_set():
            ticket = bell.ticket()
            try:
                await self.ring()
            except IhalaError as error:
                log.warning("duty.not_rung", reason=error.reason)
            except Exception:  # whatever it was: those on duty must be woken the next time
                log.exception("duty.not_rung")
            await first_of(LOOK_EVERY_S, ticket, stop)

    async def ring(self) -> int:
        """
        Wake whoever is to be woken now.

        Returns:
            How many browsers.

        Raises:
            Unavailable: PostgreSQL or referrals is away.
        """
        now = self._now()
        # who believes to be on duty and is signed out must not take silence for quiet
        await self._wake(await self._pushes.take_over(now), now)
        coordinators = await self._pushes.coordinators(now)
        ringing = [task for task in await self._duty.tasks(BY) if task.rings(now)] if coordinators else []
        if not ringing:
            return 0
        on_watch = await watch(self._duty, self._sessions, BY, now)
        by_news: dict[datetime, set[str]] = {}  # by when the latest of what rings for somebody began to
        for name in coordinators:
            if own := on_watch.ringing(name, ringing):
                by_news.setdefault(max(task.ring_time for task in own), set()).add(name)
        return sum(await asyncio.gather(*(self._ring(names, news, now) for news, names in by_news.items())))

    async def _ring(self, coordinators: set[str], news: datetime, now: datetime) -> int:
        sleepers = await self._pushes.claim(now, news=news, again=now - AGAIN, coordinators=coordinators)
        await self._wake(sleepers, now)
        return len(sleepers)

    async def _wake(self, sleepers: list[Sleeper], now: datetime) -> None:
        await asyncio.gather(*(self._wake_one(each, now) for each in sleepers))

    async def _wake_one(self, sleeper: Sleeper, now: datetime) -> None:
        try:
            await self._waker.wake(sleeper.address, now, due_time=now + AGAIN, is_urgent=True)
            if not sleeper.is_reached:
                await self._pushes.reached(sleeper)
        except SendFailed as failed:
            log.warning("duty.not_woken", code=failed.code)
            if failed.pauses:
                await self._pushes.unsubscribe(sleeper.token, sleeper.coordinator)
            else:
                await self._pushes.retry(sleeper, now - AGAIN + max(SOON, min(failed.asked or SOON, AGAIN)))
