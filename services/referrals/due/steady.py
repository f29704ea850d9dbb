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
    where the monotonic clock says it should be. It goes on when the clock is back, when
    the process is started anew, or once the new time has lasted for a while: a machine
    that was suspended comes back to a time that is right, and nobody may stay forgotten.

    Args:
        kind: Names the loop in the log.

        now: The wall clock.

        monotonic_s: Seconds of a clock that never jumps.

        settles_after_s: After how long a new time is taken for the right one; None: never.
    """

    def __init__(
        self,
        kind: str,
        *,
        now: Callable[[], datetime],
        monotonic_s: Callable[[], float],
        settles_after_s: float | None = None,
    ) -> None:
        self._kind = kind
        self._now = now
        self._monotonic_s = monotonic_s
        self._settles_after_s = settles_after_s
        self._start = now(), monotonic_s()
        self._stopped_at_s: float | None = None

    def now(self) -> datetime | None:
        """Read the time; None while the clock has jumped."""
        now, now_s = self._now(), self._monotonic_s()
        start, start_s = self._start
        has_jumped = abs(now - (start + timedelta(seconds=now_s - start_s))) > MAX_JUMP
        if has_jumped and self._stopped_at_s is None:
            self._stopped_at_s = now_s
            log.error("clock.turned", kind=self._kind, state="stopped")
        if has_jumped and not self._has_settled(now_s):
            return None
        if self._stopped_at_s is not None:
            self._stopped_at_s = None
            log.error("clock.turned", kind=self._kind, state="running")
        # small steps, as of time servers, add up to no jump
        self._start = now, now_s
        return now

    def _has_settled(self, now_s: float) -> bool:
        stopped_at_s, settles_after_s = self._stopped_at_s, self._settles_after_s
        return stopped_at_s is not None and settles_after_s is not None and now_s - stopped_at_s >= settles_after_s
