"""Decide what rings, and when it is tried again. Pure: no clock, no I/O."""

from datetime import datetime, timedelta
from typing import Final

from services.notify.model import Channel, OfferState

#: states in which nobody at the desk has read the offer yet, or the answer to what it asked
RINGING: Final = frozenset({OfferState.PROBING, OfferState.REQUESTED, OfferState.ANSWERED})
#: after a message was handed to a channel that answers by receipts, it is repeated until a device says that it has it
CONFIRM_WITHIN: Final = timedelta(seconds=60)
#: waits between attempts that failed; the last one goes on
BACKOFF: Final = tuple(timedelta(seconds=each) for each in (0.5, 2, 5, 15, 30, 60))
#: how long an attempt in hand belongs to the process that took it
LEASE: Final = timedelta(seconds=30)
#: pulled by the device: nothing is ever sent
PULLED: Final = frozenset({Channel.PAGE, Channel.STREAM})
#: published again and again until a receipt comes
REPEATED: Final = frozenset({Channel.NATS})


def rings(state: OfferState) -> bool:
    """Say whether the desk is to be rung; any later state means that somebody has read it, or need not."""
    return state in RINGING


def confirm_time(channel: Channel, now: datetime) -> datetime | None:
    """Return when what went out is sent again unless it was confirmed; None where nothing ever confirms it."""
    return now + CONFIRM_WITHIN if channel in REPEATED else None


def retry_time(attempt: int, now: datetime) -> datetime:
    """
    Return when an attempt that failed is repeated.

    Args:
        attempt: Its number, from 1.

        now: When it failed.
    """
    return now + BACKOFF[min(attempt, len(BACKOFF)) - 1]
