"""Rosters: the people who own tasks until one of them takes each (R61, R62)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from services.errors import InvalidInput
from services.referrals.model.ids import checked_id

MAX_SHIFTS: Final = 500
NIGHT_BEGINS: Final = time(22)
NIGHT_ENDS: Final = time(6)


@dataclass(frozen=True, slots=True)
class Shift:
    """A span of duty of one person."""

    actor: str  #: opaque
    start_time: datetime
    end_time: datetime  #: the first moment after

    def __post_init__(self) -> None:
        checked_id(self.actor, "roster.shifts.actor")
        if self.end_time <= self.start_time:
            raise InvalidInput("roster.shifts.end_time must be after start_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is on duty when."""

    roster_id: str
    shifts: tuple[Shift, ...] = ()  #: none: somebody always is
    stand_in: str = ""  #: another roster; empty: the manager's
    paused_until_time: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        checked_id(self.roster_id, "roster.roster_id")
        if len(self.shifts) > MAX_SHIFTS:
            raise InvalidInput(f"roster.shifts must be at most {MAX_SHIFTS}")
        if self.stand_in == self.roster_id:
            raise InvalidInput("roster.stand_in must be another roster")

    def on_duty(self, now: datetime) -> AbstractSet[str]:
        """List who is on duty."""
        return {shift.actor for shift in self.shifts if shift.start_time <= now < shift.end_time}

    def is_awake(self, now: datetime) -> bool:
        """Say whether somebody would hear of a task."""
        is_paused = self.paused_until_time is not None and now < self.paused_until_time
        return not is_paused and (not self.shifts or bool(self.on_duty(now)))


def night_of(now: datetime, zone: tzinfo) -> date | None:
    """Name the night by the date of its evening, from 22 to 6 o'clock there; None by day."""
    local = now.astimezone(zone)
    if local.time() >= NIGHT_BEGINS:
        return local.date()
    return local.date() - timedelta(days=1) if local.time() < NIGHT_ENDS else None
