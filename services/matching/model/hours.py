"""
Whether a provider is open for intake at a moment (R48).

`services.hours` judges, once for the many houses that keep the same hours and
for the many people who would arrive at the same time.
"""

from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from services.geo import finest_cell
from services.hours import (
    DAY,
    MIDNIGHT,
    Day,
    Entry,
    HoursException,
    Schedule,
    State,
    Timetable,
    applying,
    day_of,
    local_day,
    moment,
    next_open,
    zone,
)
from services.matching.model.provider import Provider

_MOST_MOMENTS: Final = 512  #: of one kind of hours; beyond that all are forgotten


class OpenState(StrEnum):
    """Whether intake is open on arrival."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__  # an enum's own is slow, and rows are looked up by it


_STATES: Final = {each: OpenState(each) for each in State}


class Hours:
    """
    Hours as they are kept, with what is announced.

    Args:
        timetable: What was said.

        entries: The announcements that apply.
    """

    __slots__ = ("_days", "_entries", "_known", "_timetable")

    def __init__(self, timetable: Timetable, entries: tuple[Entry, ...]) -> None:
        self._timetable = timetable
        self._entries = entries
        self._days: dict[date, Day] = {}
        self._known: dict[datetime, OpenState] = {}

    def at(self, when: datetime) -> OpenState:
        """Say whether people are taken in at a moment: by intake hours, else by opening hours."""
        known = self._known.get(when)
        if known is None:
            if len(self._known) >= _MOST_MOMENTS:
                self._known.clear()
                self._days.clear()
            known = self._known[when] = self._judge(when)
        return known

    def next_open(self, when: datetime) -> datetime | None:
        """Say from when on people are surely taken in, a moment or later; None if nobody can say."""
        opening = next_open(self._timetable, self._entries, when)
        return None if opening is None else opening.opens

    def steady_until(self, when: datetime) -> datetime:
        """Say until when it surely stays as it is at a moment; the moment itself where nobody can say."""
        today = local_day(self._timetable.zone, when)
        if today is None:
            return when
        tomorrow = moment(today + DAY, MIDNIGHT, zone(self._timetable.zone))
        return max(when, min(tomorrow, self._day(today).steady_until(when)))

    def _judge(self, when: datetime) -> OpenState:
        today = local_day(self._timetable.zone, when)
        return OpenState.UNKNOWN if today is None else _STATES[self._day(today).at(when).state]

    def _day(self, today: date) -> Day:
        day = self._days.get(today)
        if day is None:
            day = self._days[today] = day_of(self._timetable, self._entries, today)
        return day


def hours_of(provider: Provider, calendar: tuple[Entry, ...]) -> Hours | None:
    """
    Find the hours of a provider, the same object for all that are alike; None if nothing is known of them.

    Args:
        provider: The provider.

        calendar: What is announced anywhere.
    """
    if not (provider.schedules or provider.hours_exceptions or calendar):
        return None
    entries = applying(calendar, provider.country_code, finest_cell(provider.place)) if calendar else ()
    return _hours(provider.schedules, provider.hours_exceptions, provider.time_zone, entries)


@lru_cache(maxsize=8192)
def _hours(
    schedules: tuple[Schedule, ...],
    exceptions: tuple[HoursException, ...],
    time_zone: str,
    entries: tuple[Entry, ...],
) -> Hours:
    return Hours(Timetable(schedules=schedules, exceptions=exceptions, zone=time_zone), entries)
