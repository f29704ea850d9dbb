"""
Whether a provider is open for intake when the person would arrive (R48).

Simple weekly hours are read; anything else, and no hours at all, is unknown,
which is a caution and never excludes.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.matching.model.answer import OpenState
from services.matching.model.provider import Provider, Schedule

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_END_OF_DAY: Final = "24:00"
_DAY: Final = timedelta(days=1)
_WHOLE_MINUTES_FROM: Final = 1973  #: the last zone that was off by seconds gave them up in 1972


def open_at(provider: Provider, when: datetime) -> OpenState:
    """Say whether it takes people at a moment: by its intake hours, else by its opening hours."""
    if not provider.schedules:
        return OpenState.UNKNOWN
    if when.year < _WHOLE_MINUTES_FROM:
        return _open_at(provider.schedules, provider.time_zone, when)
    return _open_in(provider.schedules, provider.time_zone, when.replace(second=0, microsecond=0))


def _open_at(schedules: tuple[Schedule, ...], time_zone: str, when: datetime) -> OpenState:
    intake = [each for each in schedules if each.is_intake]
    try:
        zone = ZoneInfo(time_zone)
        spans = [_covers(each, when, zone) for each in intake or schedules]
    except (ValueError, ZoneInfoNotFoundError):
        return OpenState.UNKNOWN  # hours that are not read cannot say that it is closed
    return OpenState.OPEN if any(spans) else OpenState.CLOSED


#: hours begin and end on a minute, so all of a minute is alike, and many houses keep the same hours
_open_in = lru_cache(maxsize=8192)(_open_at)


def _covers(schedule: Schedule, when: datetime, zone: ZoneInfo) -> bool:
    days = _days(schedule.rrule)
    today = when.astimezone(zone).date()
    return any(
        _WEEKDAYS[day.weekday()] in days
        and _in_force(schedule, *_span(schedule, day, zone))
        and _is_inside(when, *_span(schedule, day, zone))
        for day in (today - _DAY, today)
    )


def _days(rrule: str) -> Iterable[str]:
    """List the days of a rule, or raise ValueError for one that is more than days of the week."""
    if not rrule:
        return _WEEKDAYS
    parts = dict(part.partition("=")[::2] for part in rrule.removeprefix("RRULE:").split(";"))
    frequency, days, interval = parts.pop("FREQ", ""), parts.pop("BYDAY", ""), parts.pop("INTERVAL", "1")
    parts.pop("WKST", None)
    chosen = days.split(",") if days else []
    is_simple = not parts and interval == "1" and set(chosen) <= set(_WEEKDAYS)
    if is_simple and (chosen or frequency == "DAILY") and frequency in {"WEEKLY", "DAILY"}:
        return chosen or _WEEKDAYS
    raise ValueError("not a weekly rule")


def _span(schedule: Schedule, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    opens = datetime.combine(day, _clock(schedule.opens_at), zone)
    if schedule.closes_at == _END_OF_DAY:
        return opens, datetime.combine(day + _DAY, time(), zone)
    closes = datetime.combine(day, _clock(schedule.closes_at), zone)
    return opens, closes if closes > opens else datetime.combine(day + _DAY, _clock(schedule.closes_at), zone)


def _clock(text: str) -> time:
    hours, minutes = map(int, text.split(":"))
    return time(hours, minutes)


def _in_force(schedule: Schedule, opens: datetime, closes: datetime) -> bool:
    begun = schedule.start_time is None or schedule.start_time <= opens
    return begun and (schedule.end_time is None or opens < schedule.end_time)


def _is_inside(when: datetime, opens: datetime, closes: datetime) -> bool:
    # in UTC: two local times of one zone compare by the wall, wrongly where the clocks change
    return opens.astimezone(UTC) <= when < closes.astimezone(UTC)
