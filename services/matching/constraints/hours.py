"""
Whether a provider is open for intake when the person would arrive (R48).

`services.hours` judges; closed and unknown are cautions, and never exclude.
"""

from datetime import datetime
from functools import lru_cache
from typing import Final

from services.geo import finest_cell
from services.hours import Entry, HoursException, Schedule, Timetable, applying, intake, next_open
from services.matching.model.answer import OpenState
from services.matching.model.provider import Provider

_WHOLE_MINUTES_FROM: Final = 1973  #: the last zone that was off by seconds gave them up in 1972


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
    if when.year < _WHOLE_MINUTES_FROM:
        return _open_at(provider.schedules, provider.hours_exceptions, provider.time_zone, entries, when)
    minute = when.replace(second=0, microsecond=0)
    return _open_in(provider.schedules, provider.hours_exceptions, provider.time_zone, entries, minute)


def care_from(provider: Provider, when: datetime, calendar: tuple[Entry, ...] = ()) -> datetime:
    """Say from when on somebody is surely taken in who arrives at a moment: then, where no hours are known."""
    if open_at(provider, when, calendar) is not OpenState.CLOSED:
        return when
    entries = applying(calendar, provider.country_code, finest_cell(provider.place)) if calendar else ()
    timetable = Timetable(schedules=provider.schedules, exceptions=provider.hours_exceptions, zone=provider.time_zone)
    opening = next_open(timetable, entries, when)
    return when if opening is None else opening.opens


def _open_at(
    schedules: tuple[Schedule, ...],
    exceptions: tuple[HoursException, ...],
    time_zone: str,
    entries: tuple[Entry, ...],
    when: datetime,
) -> OpenState:
    timetable = Timetable(schedules=schedules, exceptions=exceptions, zone=time_zone)
    return OpenState(intake(timetable, entries, when).state)


#: hours begin and end on a minute, so all of a minute is alike, and many houses keep the same hours
_open_in = lru_cache(maxsize=8192)(_open_at)
