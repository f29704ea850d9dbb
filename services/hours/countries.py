"""When people work where nobody has said: the days of rest of each country, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from services.hours.model import ClockSpan, Schedule, Timetable

WEEK: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: what an office keeps as a rule; said where it is used to be an assumption
OFFICE_HOURS: Final = ClockSpan("09:00", "17:00")


@cache
def _weekends() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("data", "weekends.toml").read_text(encoding="utf-8"))


def weekend_of(country_code: str) -> tuple[str, ...]:
    """Name a country's days of rest, as RFC 5545 writes days; Saturday and Sunday where nothing else is listed."""
    weekends = _weekends()
    return tuple(weekends["countries"].get(country_code, weekends["elsewhere"]))


def working_days(country_code: str) -> tuple[str, ...]:
    """Name a country's working days, the first after the weekend first."""
    weekend = weekend_of(country_code)
    first = (WEEK.index(weekend[-1]) + 1) % len(WEEK)
    return tuple(day for day in WEEK[first:] + WEEK[:first] if day not in weekend)


def default_hours(country_code: str, zone: str) -> Timetable:
    """Assume the hours of an office of a country, where a clock must run and nobody has said when."""
    rrule = f"FREQ=WEEKLY;BYDAY={','.join(working_days(country_code))}"
    hours = Schedule(rrule=rrule, opens_at=OFFICE_HOURS.opens_at, closes_at=OFFICE_HOURS.closes_at)
    return Timetable(schedules=(hours,), zone=zone)
