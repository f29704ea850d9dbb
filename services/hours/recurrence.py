"""
Which days a recurrence of RFC 5545 has, in bounded time whatever it says.

`dateutil` walks a rule until it meets a day, and a rule that never does is
walked to the year 9999. So a year is looked up in its stand-in: a year of the
same shape (weekdays and leap years, its neighbours' too) just before 9999, with
the rule begun shortly before it. The longest walk is then some thirty years.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from dateutil.rrule import rrulestr

#: the leap years between are regular: every shape of year has a stand-in
FIRST_YEAR: Final = 1902
LAST_YEAR: Final = 2097
MAX_LENGTH: Final = 256
#: in the frequency's own unit, about ten years
_MAX_INTERVAL: Final = {"DAILY": 3660, "WEEKLY": 520, "MONTHLY": 120, "YEARLY": 10}
_NEAR_THE_END: Final = range(9969, 9997)
_BEFORE_A_LONG_COUNT: Final = range(9905, 9933)
_DAY_PARTS: Final = frozenset({"BYDAY", "BYMONTHDAY", "BYWEEKNO", "BYYEARDAY"})
_PARTS: Final = _DAY_PARTS | {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYSETPOS", "WKST"}
_NUMBER: Final = re.compile("[1-9][0-9]{0,8}", re.ASCII)
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY: Final = timedelta(days=1)
_WEEK: Final = 7 * _DAY
_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class _Rule:
    frequency: str
    interval: int
    count: int | None
    until: date | datetime | None
    by: str  #: the other parts, as RFC 5545 writes them
    has_days: bool  #: whether it says which days itself; else the first day does
    has_months: bool


def check_rrule(rrule: str) -> None:
    """
    Check that a recurrence is one that is read here.

    Raises:
        ValueError: it is not.
    """
    _read(rrule)
    _occurrences(rrule, date(2000, 1, 1), 2000)


def occurs(rrule: str, first_day: date | None, day: date) -> bool:
    """
    Say whether a recurrence has a day.

    Args:
        rrule: RFC 5545, without a start; empty: every day.

        first_day: DTSTART. Without it a rule whose days depend on it is not read.

        day: The local day.

    Raises:
        ValueError: the rule is not read, or the day is too far away.
    """
    if first_day is not None and day < first_day:
        return False
    if not rrule:
        return True
    rule = _read(rrule)
    if rule.until is not None and day > _last_day(rule.until):
        return False
    if rule.count is not None and day > _last_counted(rrule, first_day):
        return False
    return day in _occurrences(rrule, first_day, day.year)


def until_moment(rrule: str) -> datetime | None:
    """Say after which moment nothing begins, if the rule names one to the second in UTC."""
    until = _read(rrule).until if rrule else None
    return until if isinstance(until, datetime) and until.tzinfo is not None else None


@lru_cache(maxsize=4096)
def _read(rrule: str) -> _Rule:
    text = rrule.removeprefix("RRULE:")
    pairs = [part.split("=") for part in text.split(";")]
    if len(text) > MAX_LENGTH or any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 -- a name and a value
        raise ValueError("not a recurrence of RFC 5545")
    parts = {name: value for name, value in pairs}  # noqa: C416 -- pairs are lists
    if len(parts) != len(pairs) or not parts.keys() <= _PARTS or parts.keys() >= {"COUNT", "UNTIL"}:
        raise ValueError("not a recurrence of days as RFC 5545 has it")
    frequency = parts.pop("FREQ", "")
    interval = _number(parts.pop("INTERVAL", "1"))
    if interval > _MAX_INTERVAL.get(frequency, 0):
        raise ValueError("not daily, weekly, monthly or yearly, or at too long intervals")
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    return _Rule(
        frequency=frequency,
        interval=interval,
        count=None if count is None else _number(count),
        until=None if until is None else _until(until),
        by=";".join(f"{name}={value}" for name, value in parts.items()),
        has_days=not _DAY_PARTS.isdisjoint(parts),
        has_months="BYMONTH" in parts,
    )


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number above 0")
    return int(text)


def _until(text: str) -> date | datetime:
    if len(text) == len("YYYYMMDD"):
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    if text.endswith("Z"):
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).date()


def _last_day(until: date | datetime) -> date:
    # of a moment the day after may still have its local morning: `until_moment` decides there
    return until.date() + _DAY if isinstance(until, datetime) else until


@lru_cache(maxsize=4096)
def _last_counted(rrule: str, first_day: date | None) -> date:
    """Find the last day of a rule with COUNT."""
    rule = _read(rrule)
    if first_day is None or rule.count is None:
        raise ValueError("a count needs a first day")
    shift = _shift(first_day.year, _BEFORE_A_LONG_COUNT)
    last = first_day
    for number, day in enumerate(_walk(rule, first_day, first_day, shift), start=1):
        last = day
        if number == rule.count:
            return last
    raise ValueError("a count that lasts longer than is walked")


@lru_cache(maxsize=4096)
def _occurrences(rrule: str, first_day: date | None, year: int) -> frozenset[date]:
    """List the days of a rule in a year, without regard to COUNT and UNTIL."""
    rule = _read(rrule)
    if first_day is None and (rule.interval > 1 or not (rule.has_days or rule.frequency == "DAILY")):
        raise ValueError("a rule whose days depend on the first needs one")
    start = first_day or date(year - 1, 1, 1)
    begin, end = date(year, 1, 1), date(year, 12, 31)
    days = set()
    for day in _walk(rule, start, begin, _shift(year, _NEAR_THE_END)):
        if day > end:
            break
        if begin <= day and (first_day is None or day >= first_day):
            days.add(day)
    return frozenset(days)


def _walk(rule: _Rule, first_day: date, begin: date, shift: timedelta) -> Iterator[date]:
    """Walk a rule's days from shortly before a day on, in the stand-in years."""
    anchor = _anchor(rule, first_day, begin)
    text = f"FREQ={rule.frequency};INTERVAL={rule.interval}"
    parts = [text, *([rule.by] if rule.by else []), *_days_of_first(rule, first_day)]
    started = datetime.combine(anchor + shift, datetime.min.time())
    try:
        for each in rrulestr(";".join(parts), dtstart=started):
            day = each.date() - shift
            if day >= first_day:
                yield day
    except OverflowError:
        return  # the end of all days
    except (TypeError, AttributeError, KeyError, IndexError):
        raise ValueError("not a recurrence of RFC 5545") from None


def _days_of_first(rule: _Rule, first_day: date) -> list[str]:
    """Say what RFC 5545 takes from DTSTART where a rule names no days."""
    if rule.has_days or rule.frequency == "DAILY":
        return []
    if rule.frequency == "WEEKLY":
        return [f"BYDAY={_WEEKDAYS[first_day.weekday()]}"]
    month = [] if rule.has_months or rule.frequency == "MONTHLY" else [f"BYMONTH={first_day.month}"]
    return [*month, f"BYMONTHDAY={first_day.day}"]


def _anchor(rule: _Rule, first_day: date, begin: date) -> date:
    """Find a day from which the rule has the same days as from its first, a whole period before `begin` if it can."""
    match rule.frequency:
        case "DAILY" | "WEEKLY":
            period = rule.interval * (_DAY if rule.frequency == "DAILY" else _WEEK)
            return first_day + max(0, (begin - first_day) // period - 1) * period
        case "MONTHLY":
            first = first_day.year * _YEAR + first_day.month - 1
            steps = max(0, (begin.year * _YEAR + begin.month - 1 - first) // rule.interval - 1)
            year, month = divmod(first + steps * rule.interval, _YEAR)
            return date(year, month + 1, 1)
        case _:
            steps = max(0, (begin.year - first_day.year) // rule.interval - 1)
            return date(first_day.year + steps * rule.interval, 1, 1)


@lru_cache(maxsize=1024)
def _shift(year: int, stand_ins: range) -> timedelta:
    """Find how far a year's stand-in is away: whole weeks."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("too far away")
    first = date(year, 1, 1)
    chosen = next(each for each in stand_ins if each % 4 == year % 4 and date(each, 1, 1).weekday() == first.weekday())
    return date(chosen, 1, 1) - first
