"""Give each class of urgency its clocks and its ladder (R46), as defaults per jurisdiction."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from services.taxonomy.terms import Kind, Term, fields_of, read


class Urgency(StrEnum):
    """How soon a need must be met; the worker's word. The most urgent first."""

    IMMEDIATE = "immediate"
    EMERGENCY = "emergency"
    URGENT = "urgent"
    NORMAL = "normal"


class Clock(StrEnum):
    """Which time counts."""

    WALL = "wall"  #: every second, through nights and quiet hours
    WORKING = "working"  #: without the days on which the provider does not work


class Rung(StrEnum):
    """What happens next when nobody answers."""

    SECOND_CHANNEL = "second_channel"
    DEPUTY = "deputy"
    NEXT_OFFERS = "next_offers"  #: runners-up, if the consent covers them
    DUTY_TASK = "duty_task"  #: a task for the duty coordinator
    MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyClass(Term):
    """The clocks of a class, each in seconds from the request."""

    clock: Clock
    read_s: int  #: until a person has read it
    decide_s: int  #: until the answer
    arrive_s: int  #: until the person is there
    ladder: tuple[tuple[int, Rung], ...]  #: seconds of silence, then the rung; ascending

    @property
    def rings_through_quiet_hours(self) -> bool:
        """Whether people are woken for it."""
        return self.clock is Clock.WALL


@cache
def _classes() -> Mapping[Urgency, UrgencyClass]:
    return MappingProxyType(
        {
            Urgency(code): UrgencyClass(
                **fields_of(Kind.URGENCY, code),
                clock=Clock(row["clock"]),
                read_s=row["read_s"],
                decide_s=row["decide_s"],
                arrive_s=row["arrive_s"],
                ladder=tuple((after_s, Rung(rung)) for after_s, rung in row["ladder"]),
            )
            for code, row in read(Kind.URGENCY)["terms"].items()
        }
    )


def urgency_class(urgency: Urgency) -> UrgencyClass:
    """Find the clocks and the ladder of a class of urgency."""
    return _classes()[urgency]
