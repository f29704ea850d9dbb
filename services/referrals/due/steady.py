"""A brake for loops that act by the clock: while the wall clock has jumped, they stand still."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

MAX_JUMP: Final = timedelta(seconds=60)

log = structlog.get_logger(__name__)


class SteadyClock:
    """
    The wall clock, as long as it goes as the monotonic one does.

    A jump must not free all places at once, nor let every offer expire: whoever asks is
    told that there is no time for as long as the wall clock is further than 60 s from
    where the monotonic clock says it should be. It goes on when the clock is back, or
    when the process is started anew.

    Args:
        kind: Names the loop in the log.

        now: The wall clock.

        monotonic_s: Seconds of a clock that never jumps.
    """

    def __init__(self, kind: str, *, now: Callable[[], datetime], monotonic_s: Callable[[], float]) -> None:
        self._kind = kind
        self._now = now
        self._monotonic_s = monotonic_s
        self._start = now(), monotonic_s()
        self._is_stopped = False

    def now(self) -> datetime | None:
        """Read the time; None while the clock has jumped."""
        now = self._now()
        start, start_s = self._start
        expected = start + timedelta(seconds=self._monotonic_s() - start_s)
        has_jumped = abs(now - expected) > MAX_JUMP
        if has_jumped is not self._is_stopped:
            self._is_stopped = has_jumped
            log.error("clock.turned", kind=self._kind, state="stopped" if has_jumped else "running")
        if has_jumped:
            return None
        # small steps, as of time servers, add up to no jump
        self._start = now, self._monotonic_s()
        return now
