"""Local clocks: time zones from the locked `tzdata` package, never the system's."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


@cache
def zone_names() -> frozenset[str]:
    """List every zone of the IANA database."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """
    Read a time zone.

    Raises:
        ValueError: the IANA database has no such zone.
    """
    if name not in zone_names():
        raise ValueError("not a time zone of the IANA database")
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def moment(day: date, clock: str, where: ZoneInfo) -> datetime:
    """
    Find the first moment, in UTC, at which the clock of a place shows a time or a later one.

    A time that comes twice when clocks go back is its first coming; one that is
    skipped when they go forward is the moment of the skip.

    Args:
        day: The local day.

        clock: "HH:MM", or "24:00" for the end of the day.

        where: The zone.
    """
    hours, minutes = map(int, clock.split(":"))
    local = datetime.combine(day + DAY * (hours // 24), time(hours % 24, minutes))
    first, second = (local.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first <= second else _skip(second, first, where)


def _skip(before: datetime, after: datetime, where: ZoneInfo) -> datetime:
    """Find the minute between two moments in which the offset changes."""
    old = before.astimezone(where).utcoffset()
    while after - before > _MINUTE:
        middle = before + (after - before) // 2
        middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
        if middle <= before:
            middle = before + _MINUTE
        if middle.astimezone(where).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
