"""
Read opening hours as OpenStreetMap writes them, as far as they are simple.

`24/7`, `Mo-Fr 08:00-17:00`, `Sa-Th 09:00-13:00,16:00-20:00; Fr 17:00-22:00`. Anything
else (public holidays, "on appointment", weeks, open ends) is left out whole: half
of somebody's hours would be a guess.
"""

import re
from functools import lru_cache

from services.directory.model import Schedule, SchedulePurpose

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_DAY_SPAN = re.compile(r"(Mo|Tu|We|Th|Fr|Sa|Su)(?:-(Mo|Tu|We|Th|Fr|Sa|Su))?")
_RULE = re.compile(
    r"(?:([A-Z][A-Za-z,\- ]*?) )?((?:\d\d:\d\d-\d\d:\d\d)(?:, ?\d\d:\d\d-\d\d:\d\d)*|off|closed)", re.ASCII
)


@lru_cache(maxsize=4096)
def schedules_of(text: str, purpose: SchedulePurpose = SchedulePurpose.OPENING) -> tuple[Schedule, ...] | None:
    """
    Read one value of `opening_hours`.

    Returns:
        The schedules; None if the value is not of the simple kind.
    """
    if text.strip() == "24/7":
        return (Schedule(purpose=purpose, rrule="", opens_at="00:00", closes_at="24:00"),)
    schedules: list[Schedule] = []
    seen: set[str] = set()
    for rule in text.strip().rstrip(";").split(";"):
        found = _RULE.fullmatch(rule.strip())
        days = _days_of(found[1]) if found else None
        # a later rule for a day that has one would replace it: not simple
        if found is None or days is None or not seen.isdisjoint(days):
            return None
        seen.update(days)
        for span in [] if found[2] in {"off", "closed"} else found[2].split(","):
            schedule = _schedule(span.strip(), days, purpose)
            if schedule is None:
                return None
            schedules.append(schedule)
    return tuple(schedules)


def _schedule(span: str, days: list[str], purpose: SchedulePurpose) -> Schedule | None:
    found = _SPAN.fullmatch(span)
    if found is None or (found[3] == "24" and found[4] != "00") or span[:5] == span[6:]:
        return None
    rrule = "" if len(days) == len(_DAYS) else f"FREQ=WEEKLY;BYDAY={','.join(day.upper() for day in days)}"
    return Schedule(purpose=purpose, rrule=rrule, opens_at=span[:5], closes_at=span[6:])


def _days_of(text: str | None) -> list[str] | None:
    if text is None:
        return list(_DAYS)
    days: list[str] = []
    for part in text.split(","):
        found = _DAY_SPAN.fullmatch(part.strip())
        if found is None:
            return None
        first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
        count = (last - first) % len(_DAYS) + 1
        days.extend(_DAYS[(first + step) % len(_DAYS)] for step in range(count))
    return days if len(set(days)) == len(days) else None
