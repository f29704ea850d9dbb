"""What the duty page speaks of: tasks, rosters, and whom to ring. Nothing of a person (design part 9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.taxonomy import Urgency, urgency_class

#: how each kind of task may end, the usual way first
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "ring": ("answered", "reached_nobody"),
    "welfare_check": ("well", "not_well", "reached_nobody"),
    "rescreen": ("cleared",),
    "match_by_hand": ("placed", "no_place_found"),
    "two_yeses": ("cleared",),
    "countersign": ("signed", "cleared"),
    "dead_letter": ("cleared",),
    "overcommitted": ("cleared",),
    "tell_person": ("cleared", "reached_nobody"),
    "review_refusals": ("cleared",),
}
OTHERWISE: Final = ("cleared",)
PAUSES: Final = tuple(timedelta(hours=each) for each in (2, 8, 24, 72, 168))
IN_VAIN: Final = timedelta(minutes=10)  #: rung for so long, a task that is due is no longer its roster's alone


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyTask:
    """Something that a named person has to do."""

    task_id: str
    kind: str
    is_taken: bool
    offer_id: str  #: empty: it is about no offer
    provider_id: str
    code: str
    urgency: Urgency | None
    due_time: datetime
    create_time: datetime
    owner: str
    version: int
    sender: str = ""  #: the system that referred: whom to ask

    def rings(self, now: datetime) -> bool:
        """
        Say whether it rings: nobody has taken it, and it may wake people or its time has passed.

        What can wait for the morning wakes nobody before it is due (R61).
        """
        if self.is_taken:
            return False
        return self.wakes or self.due_time <= now

    @property
    def wakes(self) -> bool:
        """Whether it may wake people."""
        return self.urgency is not None and urgency_class(self.urgency).rings_through_quiet_hours

    @property
    def ring_time(self) -> datetime:
        """From when it rings while nobody has taken it."""
        return self.create_time if self.wakes else self.due_time

    def is_everybodys(self, now: datetime) -> bool:
        """Say whether its roster has let it pass: it is due, and has rung for ten minutes in vain."""
        return now >= max(self.due_time, self.ring_time + IN_VAIN)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How it may end."""
        return OUTCOMES.get(self.kind, OTHERWISE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRoster:
    """Those who own tasks until one of them takes each."""

    roster_id: str
    on_duty: tuple[str, ...]
    nights_woken: int  #: of the last 30
    paused_until_time: datetime | None
    stand_in: str
    named: frozenset[str]  #: everybody who has or had a shift in it

    def rests(self, now: datetime) -> bool:
        """Say whether it is paused."""
        return self.paused_until_time is not None and now < self.paused_until_time


def resting(rosters: Iterable[DutyRoster], now: datetime) -> frozenset[str]:
    """Name those who are on duty in rosters that rest, and in none that is awake (R61)."""
    asleep: set[str] = set()
    awake: set[str] = set()
    for roster in rosters:
        (asleep if roster.rests(now) else awake).update(roster.on_duty)
    return frozenset(asleep - awake)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """A provider as whoever rings it needs to know it."""

    provider_id: str
    receiver_id: str  #: empty: nobody is enrolled there
    names: Mapping[str, str]
    phones: tuple[str, ...]  #: none for a confidential site: they are in no directory
    area_cell: str  #: H3, resolution 3
    country_code: str
    time_zone: str

    @property
    def speaks_as(self) -> str:
        """For whom an answer is recorded: a provider without a receiver is named by its own id."""
        return self.receiver_id or self.provider_id
