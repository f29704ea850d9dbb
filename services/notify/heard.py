"""
Tell the directory when desks were heard, so that matching can say which to ring first.

What was told is known to this process alone: after a start everything of late is told
again, and two replicas tell it twice. The directory keeps the newest, and passes over
what is no news.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from services.errors import IhalaError
from services.runtime.stop import first_of

EVERY_S: Final = 60.0
LOOK_BACK: Final = timedelta(days=2)  #: older times were told before, and change nothing for who asks
TOLD_AFTER: Final = timedelta(hours=1)  #: the directory passes over what is less after the time before

log = structlog.get_logger(__name__)


class HeardTimes(Protocol):
    """Who knows when desks were heard."""

    async def heard_times(self, since: datetime) -> Mapping[str, datetime]:
        """Say when desks were heard last, by id; those that were heard since a time."""


class Directory(Protocol):
    """Who is told."""

    async def report_heard(self, time_by_receiver: Mapping[str, datetime]) -> None:
        """Tell when desks were heard."""


class HeardReporter:
    """
    Tells what was not told yet, again and again.

    Args:
        devices: Knows when desks were heard.

        directory: Is told.

        now: The clock.
    """

    def __init__(self, devices: HeardTimes, directory: Directory, now: Callable[[], datetime]) -> None:
        self._devices = devices
        self._directory = directory
        self._now = now
        self._told: dict[str, datetime] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Report until a stop is requested; what fails is told in the next round."""
        while not stop.is_set():
            try:
                await self.report()
            except IhalaError as error:
                log.warning("heard.not_reported", reason=error.reason)
            await first_of(EVERY_S, stop)

    async def report(self) -> None:
        """
        Tell what is new since it was last told.

        Raises:
            Unavailable: PostgreSQL or the directory is away.
        """
        heard = await self._devices.heard_times(self._now() - LOOK_BACK)
        self._told = {receiver_id: time for receiver_id, time in self._told.items() if receiver_id in heard}
        news = {receiver_id: time for receiver_id, time in heard.items() if self._is_news(receiver_id, time)}
        if news:
            await self._directory.report_heard(news)
            self._told |= news

    def _is_news(self, receiver_id: str, time: datetime) -> bool:
        told = self._told.get(receiver_id)
        return told is None or time - told >= TOLD_AFTER
