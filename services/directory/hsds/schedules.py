"""Schedules of HSDS, which are recurrences of RFC 5545 in columns, and ours."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Final

from services.directory.hsds.attributes import made_id
from services.directory.hsds.documents import Body
from services.directory.hsds.ways import Remarks, Ways
from services.directory.model import Period, Schedule, SchedulePurpose
from services.directory.model.imports import Notice
from services.errors import InvalidInput
from services.hours import needs_first_day
from services.hours import zone as zone_of

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(:00)?", re.ASCII)
_WEEK: Final = "MO,TU,WE,TH,FR,SA,SU"
_LONGEST_OFFSET_H: Final = 14
_FREQUENCIES: Final = frozenset({"WEEKLY", "MONTHLY"})  #: that the standard has
_WRITTEN: Final = frozenset({"BYDAY", "BYMONTHDAY", "WKST", "INTERVAL", "COUNT"})
#: columns that are parts of a rule; which of them go together `services.hours` says
_PARTS: Final = ("byday", "bymonthday", "byweekno", "byyearday", "interval", "count", "wkst")


class _NotRead(Exception):
    """A schedule that says what the directory's cannot say, or nothing that it could."""


def schedules_of(rows: list[Any], ways: Ways, remarks: Remarks) -> tuple[Schedule, ...]:
    """Read schedules; one that cannot be said exactly is left out whole, and remarked: half of it would be a guess."""
    found: list[Schedule] = []
    for row in rows:
        if not isinstance(row, dict) or not any(row.get(column) for column in ("opens_at", "closes_at", "freq")):
            continue
        try:
            found.append(_schedule(row, ways))
        except (_NotRead, InvalidInput, ValueError, TypeError, OverflowError):
            remarks.notices.append(Notice("provider.schedules", "hours_not_read"))
    return tuple(dict.fromkeys(found))


def schedule_rows(owner: str, schedules: tuple[Schedule, ...]) -> Iterator[Body]:
    """Write the schedules that the standard can say; of others the attribute tells."""
    for number, schedule in enumerate(schedules):
        parts = dict(part.split("=", 1) for part in schedule.rrule.split(";")) if schedule.rrule else {}
        freq, until = parts.pop("FREQ", "WEEKLY"), parts.pop("UNTIL", "")
        if schedule.calendar is not None or freq not in _FREQUENCIES or not parts.keys() <= _WRITTEN or "T" in until:
            continue  # a reader who knows no Ramadan hours must not take them for the ordinary ones
        row: Body = {"id": made_id("schedule", owner, number), "freq": freq}
        row.update({name.lower(): value for name, value in parts.items()})
        row.update({name: int(row[name]) for name in ("interval", "count") if name in row})
        if until:
            row["until"] = date.fromisoformat(until).isoformat()
        if schedule.first_day is not None:
            row["dtstart"] = schedule.first_day.isoformat()
        if not schedule.rrule:
            row["byday"] = _WEEK
        row["opens_at"] = f"{schedule.opens_at}:00"
        row["closes_at"] = "00:00:00" if schedule.closes_at == "24:00" else f"{schedule.closes_at}:00"
        if schedule.purpose is SchedulePurpose.INTAKE:
            row["description"] = "Intake"
        yield row


def _schedule(row: Body, ways: Ways) -> Schedule:
    zone, rrule = _zone(row.get("timezone"), ways), _rrule(row)
    first_day = date.fromisoformat(row["dtstart"]) if row.get("dtstart") else None
    if rrule and first_day is None and needs_first_day(rrule):
        raise _NotRead
    return Schedule(
        rrule=rrule,
        opens_at=_time(row.get("opens_at")),
        closes_at=_time(row.get("closes_at")),
        first_day=first_day,
        valid=Period(_day(row.get("valid_from"), zone), _day(row.get("valid_to"), zone, days=1)),
    )


def _rrule(row: Body) -> str:
    """Write the columns as the rule that they are; whether it is one, its schedule checks."""
    freq = row.get("freq") or ("WEEKLY" if row.get("byday") else "")
    told = {part.upper(): str(row[part]).replace(" ", "") for part in _PARTS if row.get(part)}
    if told.get("INTERVAL") == "1":
        del told["INTERVAL"]
    if row.get("until"):
        told["UNTIL"] = f"{date.fromisoformat(row['until']):%Y%m%d}"
    if not freq and not told.keys() <= {"WKST"}:
        raise _NotRead  # parts of what?
    return ";".join([f"FREQ={freq}", *(f"{name}={value}" for name, value in told.items())]) if freq else ""


def _time(value: Any) -> str:
    found = _TIME.fullmatch(value or "")
    if found is None:
        raise _NotRead
    return f"{found[1]}:{found[2]}"


def _zone(offset: Any, ways: Ways) -> tzinfo:
    if isinstance(offset, int | float) and abs(offset) <= _LONGEST_OFFSET_H:
        return timezone(timedelta(hours=offset))
    return zone_of(ways.time_zone) if ways.time_zone else UTC


def _day(value: Any, zone: tzinfo, *, days: int = 0) -> datetime | None:
    return datetime.combine(date.fromisoformat(value) + timedelta(days), time.min, zone) if value else None
