"""Walk the clock of a place minute by minute, as somebody standing under it would: what hours are held to."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from services.hours import Schedule
from services.hours.zones import zone

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def open_minutes(schedules: Sequence[Schedule], where: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    """
    List the minutes of a span of time at which one of some schedules is open.

    A span is open from the first minute whose wall clock is at its opening or
    later to the first whose wall clock is at its close or later. Only weekly
    rules are read.
    """
    first = begin - 3 * DAY
    walls = [first + MINUTE * number for number in range(int((end - first + 2 * DAY) / MINUTE))]
    shown = [each.astimezone(zone(where)).replace(tzinfo=None) for each in walls]
    spans = [
        (_first(walls, shown, opens), _first(walls, shown, closes))
        for schedule in schedules
        for opens, closes in _wall_spans(schedule, shown[0].date() + DAY, shown[-1].date() - DAY)
    ]
    at = begin
    while at < end:
        if any(opens <= at < closes for opens, closes in spans):
            yield at
        at += MINUTE


def _first(walls: list[datetime], shown: list[datetime], wall: datetime) -> datetime:
    return next((each for each, clock in zip(walls, shown, strict=True) if clock >= wall), walls[-1])


def _wall_spans(schedule: Schedule, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    days = schedule.rrule.partition("BYDAY=")[2].split(",") if schedule.rrule else WEEK
    for number in range((last - first).days + 1):
        day = first + DAY * number
        if WEEK[day.weekday()] in days:
            opens, closes = _minutes(schedule.opens_at), _minutes(schedule.closes_at)
            midnight = datetime.combine(day, datetime.min.time())
            yield midnight + opens, midnight + (closes if closes > opens else closes + DAY)


def _minutes(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type] # year, month, day, hour, minute
