"""
When the next thing must have happened (R46, R62).

All durations are in seconds of the wall clock from the making of the offer. The
classes `urgent` and `normal` will run in the provider's working time once hours are
known here; until then they are as long as the wall clock says, which is earlier.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from services.errors import InvalidInput
from services.referrals.model import DueKind
from services.taxonomy import Urgency, urgency_class

#: a person who has just been rung has this long, however late it is by the class
LEAST_RUNG: Final = timedelta(minutes=5)
#: a task about somebody on the way is for now, not for tomorrow
WELFARE_CHECK: Final = timedelta(minutes=15)
#: what a late arrival is asked after again
ARRIVE_AGAIN: Final = timedelta(hours=24)
#: a running service is looked at
REVIEW: Final = timedelta(days=30)
#: never above the time to decide
HOLD_TTL: Final[Mapping[Urgency, timedelta]] = MappingProxyType(
    {
        Urgency.IMMEDIATE: timedelta(minutes=30),
        Urgency.EMERGENCY: timedelta(hours=2),
        Urgency.URGENT: timedelta(hours=12),
        Urgency.NORMAL: timedelta(hours=48),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyClocks:
    """The clocks of one class, from the making of the offer."""

    read: timedelta
    decide: timedelta
    arrive: timedelta

    def __post_init__(self) -> None:
        if not timedelta() < self.read <= self.decide <= self.arrive:
            raise InvalidInput("clocks must grow from read to decide to arrive")


def defaults() -> Mapping[Urgency, UrgencyClocks]:
    """Take the clocks that the vocabulary of urgency states."""
    return MappingProxyType(
        {
            urgency: UrgencyClocks(
                read=timedelta(seconds=stated.read_s),
                decide=timedelta(seconds=stated.decide_s),
                arrive=timedelta(seconds=stated.arrive_s),
            )
            for urgency, stated in ((urgency, urgency_class(urgency)) for urgency in Urgency)
        }
    )


def overridden(seconds: Mapping[str, tuple[float, float, float]]) -> Mapping[Urgency, UrgencyClocks]:
    """
    Take the clocks of a jurisdiction where it has its own.

    Args:
        seconds: To read, decide and arrive, by class of urgency.

    Raises:
        InvalidInput: A class is unknown, or its clocks do not grow.
    """
    if not set(Urgency) >= seconds.keys():
        raise InvalidInput(f"clocks_s must be of {', '.join(Urgency)}")
    own = {
        Urgency(code): UrgencyClocks(
            read=timedelta(seconds=read_s), decide=timedelta(seconds=decide_s), arrive=timedelta(seconds=arrive_s)
        )
        for code, (read_s, decide_s, arrive_s) in seconds.items()
    }
    return MappingProxyType({**defaults(), **own})


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a jurisdiction."""

    by_urgency: Mapping[Urgency, UrgencyClocks] = field(default_factory=defaults)

    def due_time(self, kind: DueKind, urgency: Urgency, create_time: datetime, now: datetime) -> datetime:
        """
        Say by when the next thing must have happened.

        A clock that starts late, after an outage or a late yes, leaves people time to act.
        """
        of_class = self.by_urgency[urgency]
        if kind is DueKind.READ:
            return create_time + of_class.read
        if kind is DueKind.ARRIVE:
            return max(create_time + of_class.arrive, now + (of_class.arrive - of_class.decide))
        if kind is DueKind.FOLLOW_UP:
            return now + REVIEW
        return max(create_time + of_class.decide, now + LEAST_RUNG)

    def hold_expire_time(self, urgency: Urgency, now: datetime) -> datetime:
        """Say when a hold that is taken now lapses; never after the time to decide."""
        return now + min(HOLD_TTL[urgency], self.by_urgency[urgency].decide)
