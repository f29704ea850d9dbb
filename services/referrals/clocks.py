"""
When the next thing must have happened (R46, R62).

All durations run from the making of the offer: those of `immediate` and `emergency` on
the wall clock, those of `urgent` and `normal` in the provider's working time, which
whoever makes the clocks brings along as one function. Without it they are as long as
the wall clock says, which is earlier.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from services.errors import InvalidInput
from services.referrals.model import DueKind
from services.taxonomy import Clock, Rung, Urgency, urgency_class

#: a person who has just been rung has this long, however late it is by the class
LEAST_RUNG: Final = timedelta(minutes=5)
#: a task about somebody on the way is for now, not for tomorrow
WELFARE_CHECK: Final = timedelta(minutes=15)
#: what a late arrival is asked after again
ARRIVE_AGAIN: Final = timedelta(hours=24)
#: a running service is looked at
REVIEW: Final = timedelta(days=30)
#: a sender whose referral waits for a word is reminded by a task after the time to decide, at least
LEAST_WAIT: Final = timedelta(hours=1)
#: how long matching may be away before a person matches by hand; never above the time to read
REMATCH_PATIENCE: Final = timedelta(minutes=5)
#: where a night's sleep is not at stake, the sender may choose the next provider first
REMATCH_REST: Final = timedelta(minutes=15)
#: an alarm is for the next minutes
ALARM: Final = timedelta(minutes=5)
#: one worker's word at night is signed by a second person within this (R5)
COUNTERSIGN: Final = timedelta(hours=24)
#: never above the time to decide
HOLD_TTL: Final[Mapping[Urgency, timedelta]] = MappingProxyType(
    {
        Urgency.IMMEDIATE: timedelta(minutes=30),
        Urgency.EMERGENCY: timedelta(hours=2),
        Urgency.URGENT: timedelta(hours=12),
        Urgency.NORMAL: timedelta(hours=48),
    }
)


#: how long a provider has to say whether it could take somebody
PROBE_TTL: Final[Mapping[Urgency, timedelta]] = MappingProxyType(
    {
        Urgency.IMMEDIATE: timedelta(minutes=10),
        Urgency.EMERGENCY: timedelta(minutes=30),
        Urgency.URGENT: timedelta(hours=4),
        Urgency.NORMAL: timedelta(hours=24),
    }
)


class Where(NamedTuple):
    """Where somebody works: what decides which days are working days."""

    country_code: str = ""  #: ISO 3166-1 alpha-2; empty: not known
    time_zone: str = ""  #: IANA; empty: not known


NOWHERE: Final = Where()
#: moves a time on by a span of the working time of a place
WorkingTime = Callable[[datetime, timedelta, Where], datetime]
Ladder = tuple[tuple[timedelta, Rung], ...]  #: spans of silence, ascending, and what each leads to


def wall_time(start: datetime, span: timedelta, where: Where) -> datetime:
    """Move a time on by the wall clock, whoever works when."""
    return start + span


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


def default_ladders() -> Mapping[Urgency, Ladder]:
    """Take the ladders that the vocabulary of urgency states."""
    return ladders({})


def ladders(seconds: Mapping[str, Sequence[tuple[float, str]]]) -> Mapping[Urgency, Ladder]:
    """
    Take the ladders of a jurisdiction where it has its own.

    Args:
        seconds: Of silence, and the rung that they lead to, by class of urgency; none is no ladder.

    Raises:
        InvalidInput: A class or a rung is unknown, or the seconds do not ascend.
    """
    if not set(Urgency) >= seconds.keys():
        raise InvalidInput(f"ladder_s must be of {', '.join(Urgency)}")
    made = {}
    for urgency in Urgency:
        steps = seconds.get(urgency, urgency_class(urgency).ladder)
        spans = [after_s for after_s, _rung in steps]
        if spans != sorted(spans) or any(after_s <= 0 for after_s in spans):
            raise InvalidInput("ladder_s must ascend")
        try:
            made[urgency] = tuple((timedelta(seconds=after_s), Rung(rung)) for after_s, rung in steps)
        except ValueError:
            raise InvalidInput(f"ladder_s must name rungs of {', '.join(Rung)}") from None
    return MappingProxyType(made)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a jurisdiction."""

    by_urgency: Mapping[Urgency, UrgencyClocks] = field(default_factory=defaults)
    ladder: Mapping[Urgency, Ladder] = field(default_factory=default_ladders)
    working_time: WorkingTime = wall_time

    def due_time(
        self, kind: DueKind, urgency: Urgency, create_time: datetime, now: datetime, where: Where = NOWHERE
    ) -> datetime:
        """
        Say by when the next thing must have happened.

        A clock that starts late, after an outage or a late yes, leaves people time to act.
        """
        of_class = self.by_urgency[urgency]
        if kind is DueKind.READ:
            return self._after(create_time, of_class.read, urgency, where)
        if kind is DueKind.ARRIVE:
            least = self._after(now, of_class.arrive - of_class.decide, urgency, where)
            return max(self._after(create_time, of_class.arrive, urgency, where), least)
        if kind is DueKind.FOLLOW_UP:
            return now + REVIEW
        return max(self._after(create_time, of_class.decide, urgency, where), now + LEAST_RUNG)

    def rung_time(
        self, urgency: Urgency, rung_no: int, silent_since: datetime, where: Where = NOWHERE
    ) -> datetime | None:
        """Say when silence climbs a rung; None above the last one."""
        steps = self.ladder[urgency]
        if rung_no >= len(steps):
            return None
        return self._after(silent_since, steps[rung_no][0], urgency, where)

    def rematch_time(self, urgency: Urgency, now: datetime) -> datetime:
        """Say when the next provider is looked for after one came to nothing: at once where a night is at stake."""
        return now if urgency_class(urgency).clock is Clock.WALL else now + REMATCH_REST

    def rematch_patience(self, urgency: Urgency) -> timedelta:
        """Say how long the next provider may be looked for in vain before a person does it."""
        return min(REMATCH_PATIENCE, self.by_urgency[urgency].read)

    def sender_time(self, urgency: Urgency, now: datetime) -> datetime:
        """Say by when a sender that is waited for must have said how to go on."""
        return now + max(LEAST_WAIT, self.by_urgency[urgency].decide)

    def _after(self, start: datetime, span: timedelta, urgency: Urgency, where: Where) -> datetime:
        if urgency_class(urgency).clock is Clock.WALL:
            return start + span
        return self.working_time(start, span, where)

    def hold_expire_time(self, urgency: Urgency, now: datetime) -> datetime:
        """Say when a hold that is taken now lapses; never after the time to decide."""
        return now + min(HOLD_TTL[urgency], self.by_urgency[urgency].decide)
