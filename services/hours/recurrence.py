"""
Which days a recurrence of RFC 5545 has, in bounded time whatever it says.

`dateutil` walks a rule until it meets a day, and a rule that never does is
walked to the year 9999. So a year is looked up in its stand-in: a year of the
same shape (weekdays and leap years, its neighbours' too) just before 9999, with
the rule begun shortly before it. The longest walk is then some thirty years.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from dateutil.rrule import rrulestr

from services.hours.rules import WEEKDAYS, Recurrence, read_rule

#: the leap years between are regular: every shape of year has a stand-in
FIRST_YEAR: Final = 1902
LAST_YEAR: Final = 2097
_NEAR_THE_END: Final = range(9969, 9997)
_BEFORE_A_LONG_COUNT: Final = range(9905, 9933)
_EVERY_DAY: Final = f"BYDAY={','.join(WEEKDAYS)}"
_DAY: Final = timedelta(days=1)
_WEEK: Final = 7 * _DAY
_YEAR: Final = 12


def check_rrule(rrule: str) -> None:
    """
    Check that a recurrence is one that is read here.

    Raises:
        ValueError: it is not; the text says which rule it breaks.
    """
    read_rule(rrule)
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
    rule = read_rule(rrule)
    if rule.until is not None and day > _last_day(rule.until):
        return False
    if rule.count is not None and day > _last_counted(rrule, first_day):
        return False
    return day in _occurrences(rrule, first_day, day.year)


def needs_first_day(rrule: str) -> bool:
    """
    Say whether a recurrence has days only from a first one on: it counts, leaves weeks out, or names no day.

    Raises:
        ValueError: the rule is not read.
    """
    rule = read_rule(rrule)
    return rule.count is not None or _needs_first_day(rule)


def until_moment(rrule: str) -> datetime | None:
    """Say after which moment nothing begins, if the rule names one to the second in UTC."""
    until = read_rule(rrule).until if rrule else None
    return until if isinstance(until, datetime) and until.tzinfo is not None else None


def _last_day(until: date | datetime) -> date:
    # of a moment the day after may still have its local morning: `until_moment` decides there
    return until.date() + _DAY if isinstance(until, datetime) else until


@lru_cache(maxsize=4096)
def _last_counted(rrule: str, first_day: date | None) -> date:
    """Find the last day of a rule with COUNT."""
    rule = read_rule(rrule)
    if first_day is None or rule.count is None:
        raise ValueError("a count needs a first day")
    shift = _shift(first_day.year, _BEFORE_A_LONG_COUNT)
    last = first_day
    for number, day in enumerate(_walk(rule, first_day, first_day, shift), start=1):
        last = day
        if number == rule.count:
            return last
    raise ValueError("a count that lasts longer than is walked")


def _needs_first_day(rule: Recurrence) -> bool:
    return rule.interval > 1 or not (rule.has_days or rule.frequency == "DAILY")


@lru_cache(maxsize=4096)
def _occurrences(rrule: str, first_day: date | None, year: int) -> frozenset[date]:
    """List the days of a rule in a year, without regard to COUNT and UNTIL."""
    rule = read_rule(rrule)
    if first_day is None and _needs_first_day(rule):
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


def _walk(rule: Recurrence, first_day: date, begin: date, shift: timedelta) -> Iterator[date]:
    """Walk a rule's days from shortly before a day on, in the stand-in years."""
    if rule.frequency == "DAILY" and rule.interval == 1 and rule.by:
        # every day that its parts let through: `dateutil` finds those in a year at one go, not day by day
        by = rule.by if rule.has_days else f"{rule.by};{_EVERY_DAY}"
        rule = replace(rule, frequency="YEARLY", by=by, has_days=True)
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
    except (TypeError, ValueError, AttributeError, KeyError, IndexError):
        raise ValueError("must be a recurrence of RFC 5545") from None


def _days_of_first(rule: Recurrence, first_day: date) -> list[str]:
    """Say what RFC 5545 takes from DTSTART where a rule names no days."""
    if rule.has_days or rule.frequency == "DAILY":
        return []
    if rule.frequency == "WEEKLY":
        return [f"BYDAY={WEEKDAYS[first_day.weekday()]}"]
    month = [] if rule.has_months or rule.frequency == "MONTHLY" else [f"BYMONTH={first_day.month}"]
    return [*month, f"BYMONTHDAY={first_day.day}"]


def _anchor(rule: Recurrence, first_day: date, begin: date) -> date:
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
