"""
Read a recurrence of RFC 5545, and refuse what is none, or would keep somebody waiting.

The table of section 3.3.10 says which parts a frequency may have; a rule that can
never come true is refused where that can be told without walking it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 256
#: in the frequency's own unit, about ten years
MAX_INTERVAL: Final = {"DAILY": 3660, "WEEKLY": 520, "MONTHLY": 120, "YEARLY": 10}
MAX_COUNT: Final = 3660
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY_PARTS: Final = frozenset({"BYDAY", "BYMONTHDAY", "BYWEEKNO", "BYYEARDAY"})
_ALWAYS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY"})
_PARTS: Final = {
    "DAILY": _ALWAYS | {"BYMONTHDAY"},
    "WEEKLY": _ALWAYS | {"BYSETPOS"},
    "MONTHLY": _ALWAYS | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _ALWAYS | {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"},
}
#: how far a number of a list may go; those of BYMONTH do not count from the end
_FARTHEST: Final = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
_LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MOST_ORDINAL: Final = 53
_NUMBER: Final = re.compile("[1-9][0-9]{0,8}", re.ASCII)
_SIGNED: Final = re.compile(r"[+-]?[0-9]{1,3}", re.ASCII)
_WEEKDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule that is read."""

    frequency: str  #: DAILY, WEEKLY, MONTHLY or YEARLY
    interval: int  #: in that unit, in [1, MAX_INTERVAL]
    count: int | None  #: in [1, MAX_COUNT]
    until: date | datetime | None  #: a moment in UTC, or the last day
    by: str  #: the other parts, as RFC 5545 writes them
    has_days: bool  #: whether it says which days itself; else the first day does
    has_months: bool


@lru_cache(maxsize=4096)
def read_rule(rrule: str) -> Recurrence:
    """
    Read a rule, with or without `RRULE:` before it.

    Raises:
        ValueError: it is not read here; the text says which rule it breaks, and
            never what it holds.
    """
    text = rrule.removeprefix("RRULE:")
    if len(text) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    pairs = [part.split("=") for part in text.split(";")]
    parts = {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[1]}  # noqa: PLR2004 -- a name and a value
    if len(parts) != len(pairs):
        raise ValueError("must be a recurrence of RFC 5545")
    frequency = parts.pop("FREQ", "")
    if frequency not in _PARTS:
        raise ValueError("must be a daily, weekly, monthly or yearly recurrence of RFC 5545")
    if not parts.keys() <= _PARTS[frequency] or parts.keys() >= {"COUNT", "UNTIL"}:
        raise ValueError("must have the parts that RFC 5545 lets a recurrence of its frequency have")
    interval = _number("INTERVAL", parts.pop("INTERVAL", "1"), MAX_INTERVAL[frequency])
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    _check_lists(frequency, parts)
    return Recurrence(
        frequency=frequency,
        interval=interval,
        count=None if count is None else _number("COUNT", count, MAX_COUNT),
        until=None if until is None else _until(until),
        by=";".join(f"{name}={value}" for name, value in parts.items()),
        has_days=not _DAY_PARTS.isdisjoint(parts),
        has_months="BYMONTH" in parts,
    )


def _number(name: str, text: str, most: int) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > most:
        raise ValueError(f"must have {name} in [1, {most}]")
    return int(text)


def _until(text: str) -> date | datetime:
    try:
        if len(text) == len("YYYYMMDD"):
            return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
        if text.endswith("Z"):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError("must have UNTIL as a day or a moment of RFC 5545") from None


def _check_lists(frequency: str, parts: Mapping[str, str]) -> None:
    for name, text in parts.items():
        if name == "WKST":
            if text not in WEEKDAYS:
                raise ValueError("must have WKST as a day of the week")
            continue
        listed = text.split(",")
        if len(set(listed)) != len(listed):
            raise ValueError(f"must not name anything twice in {name}")
        if name == "BYDAY":
            _check_days(frequency, listed, parts)
        elif not all(_is_within(each, _FARTHEST[name], from_end=name != "BYMONTH") for each in listed):
            raise ValueError(f"must have the numbers in {name} that RFC 5545 lets it have")
    if "BYMONTH" in parts and "BYMONTHDAY" in parts:
        longest = max(_LONGEST_MONTHS[int(month) - 1] for month in parts["BYMONTH"].split(","))
        if min(abs(int(day)) for day in parts["BYMONTHDAY"].split(",")) > longest:
            raise ValueError("must name a day that one of its months has")
    if "BYSETPOS" in parts:
        _check_positions(frequency, parts)


def _check_days(frequency: str, days: list[str], parts: Mapping[str, str]) -> None:
    may_count = frequency in {"MONTHLY", "YEARLY"} and "BYWEEKNO" not in parts
    for day in days:
        found = _WEEKDAY.fullmatch(day)
        if found is None or (found[1] and not (may_count and 1 <= abs(int(found[1])) <= _MOST_ORDINAL)):
            raise ValueError("must have days of the week in BYDAY; which of them only in months and years")


def _check_positions(frequency: str, parts: Mapping[str, str]) -> None:
    if _DAY_PARTS.isdisjoint(parts):
        raise ValueError("must say which days BYSETPOS chooses from")
    most = len(parts["BYDAY"].split(",")) if frequency == "WEEKLY" else _FARTHEST["BYSETPOS"]
    if all(abs(int(each)) > most for each in parts["BYSETPOS"].split(",")):
        raise ValueError("must choose a day with BYSETPOS that there is")


def _is_within(text: str, farthest: int, *, from_end: bool) -> bool:
    if not _SIGNED.fullmatch(text):
        return False
    number = int(text)
    return 1 <= (abs(number) if from_end else number) <= farthest
