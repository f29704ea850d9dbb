"""
Decide which ways of a receiver ring, and when the next ones do. Pure: no clock, no I/O.

A way is a device that pulls or has an account, or an endpoint with an address. Each has
its place in the desk's order; silence begins them in three steps (R46): what rings at
once, the second channel, the deputy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from services.notify.endpoint import QuietHours, wait_for_quiet
from services.notify.model import Channel
from services.taxonomy import Rung, Urgency


class Step(IntEnum):
    """How far silence has climbed."""

    FIRST = 0  #: at once
    SECOND = 1  #: the second channel
    DEPUTY = 2  #: whoever else the desk has named


class Cause(StrEnum):
    """Why more ways were begun; a row of the table `escalation`."""

    SECOND_CHANNEL = "second_channel"
    DEPUTY = "deputy"
    OVERDUE = "overdue"  #: the time to read has passed
    FAILED = "failed"  #: a way was given up
    EXHAUSTED = "exhausted"  #: no way is left: a person has a task


STEPS: Final[Mapping[Cause, Step]] = {
    Cause.SECOND_CHANNEL: Step.SECOND,
    Cause.DEPUTY: Step.DEPUTY,
    Cause.OVERDUE: Step.DEPUTY,
}
#: rungs that concern channels; the others are tasks of people
CAUSES: Final[Mapping[Rung, Cause]] = {Rung.SECOND_CHANNEL: Cause.SECOND_CHANNEL, Rung.DEPUTY: Cause.DEPUTY}
#: what nobody confirms, and which is therefore sent again when silence climbs
RUNG_AGAIN: Final = frozenset({Channel.EMAIL, Channel.SMS, Channel.PUSH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to a receiver."""

    channel: Channel
    endpoint_id: str = ""  #: empty: the channel needs none
    order_no: int = 0  #: 0: at once; the others in ascending order
    quiet: QuietHours | None = None
    is_watched: bool = True  #: whether anything is there that hears; a page of which no device is enrolled is not

    @property
    def key(self) -> tuple[Channel, str]:
        """Name the way: there is one of a channel, or one an endpoint."""
        return self.channel, self.endpoint_id

    def first_time(self, urgency: Urgency, now: datetime) -> datetime:
        """Return from when it may be told: quiet hours hold back what can wait, and nothing else."""
        return wait_for_quiet(self.quiet, urgency, now)


def steps_of(ways: Sequence[Way]) -> Mapping[Way, Step]:
    """
    Give each way its step.

    Order 0 rings at once, the next order that is used is the second channel, all others
    are the deputy. Where nothing that hears has order 0, the lowest order rings at once.
    """
    later = sorted({way.order_no for way in ways if way.order_no > 0})
    orders = later if any(way.is_watched and way.order_no == 0 for way in ways) else later[1:]
    steps = {order: Step(min(number, Step.DEPUTY)) for number, order in enumerate(orders, start=1)}
    return {way: steps.get(way.order_no, Step.FIRST) for way in ways}


def begun_by(ways: Sequence[Way], step: Step) -> list[Way]:
    """List the ways that have begun once silence has climbed so far."""
    return [way for way, own in steps_of(ways).items() if own <= step]


def next_step(ways: Sequence[Way], begun: Iterable[tuple[Channel, str]]) -> Step | None:
    """Return the lowest step that begins a way which has not begun, by their keys; None if all have."""
    known = frozenset(begun)
    return min((step for way, step in steps_of(ways).items() if way.key not in known), default=None)
