"""The words of hours: schedules, exceptions, what is announced, and the answer."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

MIDNIGHT: Final = "00:00"
END_OF_DAY: Final = "24:00"


class State(StrEnum):
    """Whether people are taken in at a moment."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  #: nobody has said, or what was said is not read


class Calendar(StrEnum):
    """What can be announced for a country or an area, and have hours of its own at a provider."""

    RAMADAN = "ramadan"
    EID = "eid"
    HOLIDAY = "holiday"
    CLOSURE = "closure"
    CURFEW = "curfew"


class Effect(StrEnum):
    """What an announcement does where a provider has no hours of its own for it."""

    CLOSED = "closed"  #: nobody is taken in: all day, or between the hours named
    HOURS = "hours"  #: on the days on which it has hours, these instead
    UNCERTAIN = "uncertain"  #: nobody knows: ring first


class RuledBy(StrEnum):
    """What kind of rule an answer rests on."""

    SCHEDULE = "schedule"
    EXCEPTION = "exception"
    CALENDAR = "calendar"
    NO_HOURS = "no_hours"  #: nobody has said
    NOT_READ = "not_read"  #: the zone or the recurrence is not understood


@dataclass(frozen=True, slots=True)
class Rule:
    """By which rule."""

    by: RuledBy
    number: int | None = None  #: of the schedule or exception, counted from 0
    entry_id: str = ""  #: of the calendar entry


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether people are taken in, and by which rule."""

    state: State
    rule: Rule


@dataclass(frozen=True, slots=True)
class ClockSpan:
    """A span of one day, by the clock of the place."""

    opens_at: str  #: local "HH:MM"
    closes_at: str  #: local "HH:MM" or "24:00"; on the next day if not after `opens_at`

    @property
    def is_all_day(self) -> bool:
        """Whether it is a whole day from midnight to midnight."""
        return self.opens_at == MIDNIGHT and self.closes_at in {END_OF_DAY, MIDNIGHT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A recurring span of hours."""

    is_intake: bool = False  #: when new people are taken; else when the house is open
    rrule: str = ""  #: RFC 5545; empty means every day
    opens_at: str  #: local "HH:MM"
    closes_at: str  #: local "HH:MM" or "24:00"; on the next day if not after `opens_at`
    start_time: datetime | None = None  #: first moment in force
    end_time: datetime | None = None  #: first moment no more in force
    first_day: date | None = None  #: DTSTART: from here intervals and counts are counted
    calendar: Calendar | None = None  #: in force only while this is announced; None: the ordinary hours

    @property
    def clock(self) -> ClockSpan:
        """Its hours of one day."""
        return ClockSpan(self.opens_at, self.closes_at)

    @property
    def is_round_the_clock(self) -> bool:
        """Whether it says: always."""
        return self.clock.is_all_day and self.rrule in {"", "FREQ=DAILY"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursException:
    """Days on which a provider's hours are others than usual, or none."""

    first_day: date
    last_day: date  #: inside
    is_intake: bool | None = None  #: of intake or of opening hours; None: both
    spans: tuple[ClockSpan, ...] = ()  #: open instead; empty: closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """All that a provider has said of its hours."""

    schedules: tuple[Schedule, ...] = ()
    exceptions: tuple[HoursException, ...] = ()  #: of two for one day the later counts
    zone: str = ""  #: IANA
