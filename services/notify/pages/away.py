"""Tell once, in one sentence, what passed while a page was away; what is open rings by itself."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.notify.model import PageDevice
from services.notify.pages.parts import Parts
from services.notify.pages.visit import Visit

#: looks come every few seconds, and are noted once a minute
LONGEST_SILENCE: Final = timedelta(minutes=3)
LONGEST_TOLD: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A span in which nothing was heard of a page."""

    start_time: datetime
    end_time: datetime

    @property
    def query(self) -> str:
        """The span as part of an address, so that a page that loads itself again goes on telling of it."""
        return f"&since={int(self.start_time.timestamp())}&until={int(self.end_time.timestamp())}"


def away_of(device: PageDevice, now: datetime) -> Away | None:
    """
    Say from when a device was away until now; None if it was not.

    While a shift is open somebody reads, and the screen asks for nothing: that is no outage.
    """
    if device.heard_time is None:
        return None
    start = device.heard_time
    if device.unlocked_until is not None:
        start = max(start, min(device.unlocked_until, now))
    return Away(start_time=start, end_time=now) if now - start >= LONGEST_SILENCE else None


def away_in(since: str, until: str, now: datetime) -> Away | None:
    """Read a span of an address; None if it is none."""
    start, end = _time(since), _time(until)
    if start is None or end is None or not now - LONGEST_TOLD <= start < end <= now:
        return None
    return Away(start_time=start, end_time=end)


async def tell(visit: Visit, parts: Parts, away: Away | None, waiting_count: int) -> str:
    """Say what passed meanwhile; empty if the page was not away."""
    if away is None:
        return ""
    desk, words = visit.desk, visit.words
    passed = await parts.outages.passed(desk.receiver_id, away.start_time, away.end_time)
    start, end = (words.time(time, desk.time_zone, visit.now) for time in (away.start_time, away.end_time))
    return words.say("missed", start=start, end=end, passed=passed, waiting=waiting_count)


def _time(text: str) -> datetime | None:
    if not text.isascii() or not text.isdigit() or len(text) > len("9999999999"):
        return None
    return datetime.fromtimestamp(int(text), UTC)
