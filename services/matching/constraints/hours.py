"""
Whether a provider is open for intake when the person would arrive (R48).

`services.hours` judges; closed and unknown are cautions, and never exclude.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Final

from services.geo import finest_cell
from services.hours import (
    Day,
    Entry,
    HoursException,
    Schedule,
    State,
    Timetable,
    applying,
    day_of,
    local_day,
    next_open,
)
from services.matching.model.answer import OpenState
from services.matching.model.provider import Provider

_STATES: Final = {each: OpenState(each) for each in State}


def open_at(provider: Provider, when: datetime, calendar: tuple[Entry, ...] = ()) -> OpenState:
    """
    Say whether it takes people at a moment: by its intake hours, else by its opening hours.

    Args:
        provider: The provider.

        when: The moment of arrival.

        calendar: What is announced anywhere.
    """
    if not (provider.schedules or provider.hours_exceptions or calendar):
        return OpenState.UNKNOWN
    entries = applying(calendar, provider.country_code, finest_cell(provider.place)) if calendar else ()
    today = local_day(provider.time_zone, when)
    if today is None:
        return OpenState.UNKNOWN
    day = _day(provider.schedules, provider.hours_exceptions, provider.time_zone, entries, today)
    return _STATES[day.at(when).state]


def care_from(provider: Provider, when: datetime, calendar: tuple[Entry, ...] = ()) -> datetime:
    """Say from when on somebody is surely taken in who arrives at a moment: then, where no hours are known."""
    if open_at(provider, when, calendar) is not OpenState.CLOSED:
        return when
    entries = applying(calendar, provider.country_code, finest_cell(provider.place)) if calendar else ()
    timetable = Timetable(schedules=provider.schedules, exceptions=provider.hours_exceptions, zone=provider.time_zone)
    opening = next_open(timetable, entries, when)
    return when if opening is None else opening.opens


@lru_cache(maxsize=8192)
def _day(
    schedules: tuple[Schedule, ...],
    exceptions: tuple[HoursException, ...],
    time_zone: str,
    entries: tuple[Entry, ...],
    today: date,
) -> Day:
    """Work a day out once for the many houses that keep the same hours."""
    return day_of(Timetable(schedules=schedules, exceptions=exceptions, zone=time_zone), entries, today)
