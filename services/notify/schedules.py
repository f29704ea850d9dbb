"""
Say when an attempt that failed is repeated, and when it is given up, by channel. Pure: the chance comes in.

Waits are data; a channel's senders say only whether another attempt can help.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notify.model import Channel
from services.notify.ringing import BACKOFF

JITTER: Final = 0.2  #: a wait is up to so much of itself shorter or longer, so that no crowd comes back at once
#: what a server may ask of us at most by Retry-After
LONGEST_ASKED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The waits between attempts of one channel."""

    waits: tuple[timedelta, ...]  #: after the first attempt, the second, …; the last one goes on
    give_up_after: timedelta | None  #: after the first attempt; None: never
    is_jittered: bool = True


def _seconds(*waits: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=each) for each in waits)


_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE

SCHEDULES: Final[Mapping[Channel, Schedule]] = {
    # a bus of our own: soon again, for ever; the reconciler counts on it
    Channel.NATS: Schedule(waits=BACKOFF, give_up_after=None, is_jittered=False),
    Channel.WEBHOOK: Schedule(
        waits=_seconds(5, 30, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR),
        give_up_after=timedelta(hours=72),
    ),
    Channel.EMAIL: Schedule(
        waits=_seconds(15, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR), give_up_after=timedelta(hours=24)
    ),
    # a text that comes hours late wakes somebody for nothing
    Channel.SMS: Schedule(waits=_seconds(5, 15, _MINUTE, 5 * _MINUTE), give_up_after=timedelta(hours=1)),
    Channel.PUSH: Schedule(waits=_seconds(5, 30, 2 * _MINUTE, 5 * _MINUTE), give_up_after=timedelta(hours=4)),
}


def next_attempt(
    channel: Channel,
    attempt: int,
    first_time: datetime,
    now: datetime,
    *,
    chance: float,
    asked: timedelta | None = None,
) -> datetime | None:
    """
    Return when an attempt that failed is repeated.

    Args:
        channel: By which it went; one of `SCHEDULES`.

        attempt: Its number, from 1.

        first_time: When the first attempt was due.

        now: When this one failed.

        chance: A random number in [0, 1).

        asked: How long the other side asked us to stay away; more than the
            schedule's wait is honoured, up to `LONGEST_ASKED`.

    Returns:
        None if it is given up now: the next attempt would come too late.
    """
    schedule = SCHEDULES[channel]
    wait = schedule.waits[min(attempt, len(schedule.waits)) - 1]
    if schedule.is_jittered:
        wait *= 1 + JITTER * (2 * chance - 1)
    if asked is not None:
        wait = max(wait, min(asked, LONGEST_ASKED))
    if schedule.give_up_after is not None and now + wait > first_time + schedule.give_up_after:
        return None
    return now + wait
