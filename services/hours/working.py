"""Clocks that run in a provider's working time (R46): while its house is surely open, by its own zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from services.hours.asking import merged
from services.hours.entries import Entry
from services.hours.model import Timetable
from services.hours.spans import Question
from services.hours.zones import DAY, zone

FARTHEST: Final = timedelta(days=366)  #: a clock that has not run out by then never does
_STEP: Final = timedelta(days=14)
_NO_TIME: Final = timedelta(0)


def add_working_time(
    timetable: Timetable,
    entries: tuple[Entry, ...],
    start: datetime,
    duration: timedelta,
    *,
    farthest: timedelta = FARTHEST,
) -> datetime | None:
    """
    Find the moment at which a clock has run for a while, counting open hours alone.

    Args:
        timetable: Opening hours; intake hours where there are no others. Hours
            that nobody knows do not count: see `default_hours`.

        entries: The announcements that apply.

        start: When the clock starts.

        duration: How long it runs, not negative.

        farthest: How far to look.

    Returns:
        The first such moment, in UTC; `start` for no duration; None where it is
        not reached.
    """
    left = duration
    if left <= _NO_TIME:
        return start.astimezone(UTC)
    for opens, closes in _open_between(timetable, entries, start, start + farthest):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    return None


def working_time(timetable: Timetable, entries: tuple[Entry, ...], start: datetime, end: datetime) -> timedelta:
    """Count the open time between two moments, at most a year or so apart."""
    return sum((closes - opens for opens, closes in _open_between(timetable, entries, start, end)), start=_NO_TIME)


def _open_between(
    timetable: Timetable, entries: tuple[Entry, ...], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Walk the time that is surely open between two moments, in order and in UTC."""
    try:
        question = Question(timetable, entries, zone(timetable.zone), is_intake=False)
    except ValueError:
        return
    at, end = start.astimezone(UTC), end.astimezone(UTC)
    while at < end:
        upto = min(at + _STEP, end)
        try:
            first, last = (each.astimezone(question.where).date() for each in (at, upto))
            spans = merged(question.spans(first - DAY, last + DAY))
        except (ValueError, OverflowError):
            return
        for span in spans:
            opens, closes = max(span.opens, at), min(span.closes, upto)
            if opens < closes:
                yield opens, closes
        at = upto
