"""Lines that coordinators have drawn, and when they stop a way (R60)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from math import ceil, inf
from typing import Any, Final

import shapely

from services.geo import Point
from services.geo.lines import TURN_DEG, Edges, Stretches, laid_out
from services.geo.outlines import shifted
from services.hours import zone

_DAY: Final = timedelta(days=1)

#: seconds of a way: more than the first number, and at most the second
Span = tuple[float, float]
ALWAYS: Final[tuple[Span, ...]] = ((-inf, inf),)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A closed border, a front line, the edge of an area under curfew."""

    line_id: str
    points: tuple[Point, ...]  #: at least two
    start_time: datetime | None = None  #: the first moment in force; None: always was
    end_time: datetime | None = None  #: the first moment after; None: until it is ended
    starts_at: str = ""  #: local HH:MM; empty: all day
    ends_at: str = ""  #: local HH:MM, on the next day if not after `starts_at`
    time_zone: str = ""  #: IANA, given with the hours

    def seen_from(self, start: Point) -> Edges:
        """List its edges on each turn on which a way from a start may meet them."""
        return self._stretches.seen_from(start)

    @cached_property
    def _stretches(self) -> Stretches:
        return Stretches.of(self.points)

    @cached_property
    def shapes(self) -> tuple[Any, ...]:
        """The same as shapes, on each turn on which a cell may be laid out."""
        shape = shapely.LineString(laid_out(self.points))
        return tuple(shifted(shape, turn) for turn in (-TURN_DEG, 0.0, TURN_DEG))

    def is_met(self, travel_s: int, *, now: datetime, when: datetime) -> bool:
        """Say whether the line is in force at any moment of a way that meets it and takes so many seconds."""
        return any(more_s < travel_s <= most_s for more_s, most_s in self.spans(now=now, when=when))

    def spans(self, *, now: datetime, when: datetime) -> tuple[Span, ...]:
        """
        Say how long a way that meets the line takes, if the line is in force at any moment of it.

        Args:
            now: When one can leave.

            when: When one would be there: one leaves so as to arrive then, or now if that is too late for it.
        """
        if self.start_time is None and self.end_time is None and not self.starts_at:
            return ALWAYS
        begins, ended = self.next_time(now), self.last_time(when)
        early_s = (when - now).total_seconds()
        # whoever is there in time meets what has not ended before; who is late, what begins on the way
        early_from_s = inf if ended is None else (when - ended).total_seconds()
        if (begins if when == now else self.next_time(when)) == when:
            early_from_s = -inf
        late_from_s = inf if begins is None else max(early_s, ceil((begins - now).total_seconds()) - 1)
        if early_from_s == -inf and late_from_s == early_s:
            return ALWAYS
        spans = ((early_from_s, early_s), (late_from_s, inf))
        return tuple((more_s, most_s) for more_s, most_s in spans if more_s < most_s)

    def next_time(self, moment: datetime) -> datetime | None:
        """Find the first moment from one on at which it is in force."""
        first = moment if self.start_time is None else max(moment, self.start_time)
        if self.end_time is not None and first >= self.end_time:
            return None
        for start, end in self._spans(first):
            if end > first:
                found = max(start, first)
                return found if self.end_time is None or found < self.end_time else None
        return None

    def last_time(self, moment: datetime) -> datetime | None:
        """Find the moment up to one until which it was last in force: that one itself while it is."""
        last = moment if self.end_time is None else min(moment, self.end_time)
        if self.start_time is not None and last < self.start_time:
            return None
        for start, end in reversed(self._spans(last)):
            if start <= last:
                found = min(end, last)
                return found if self.start_time is None or found >= self.start_time else None
        return None

    def _spans(self, around: datetime) -> Sequence[tuple[datetime, datetime]]:
        """List when it is in force by its hours, for some days around a moment."""
        if not self.starts_at:
            return [(around, around + _DAY)]
        today = around.astimezone(zone(self.time_zone)).date()
        return _hours(today, self.starts_at, self.ends_at, self.time_zone)


@lru_cache(maxsize=256)
def _hours(today: date, starts_at: str, ends_at: str, time_zone: str) -> Sequence[tuple[datetime, datetime]]:
    """List from when to when hours of the clock last, for some days around one."""
    where = zone(time_zone)
    starts, ends = time.fromisoformat(starts_at), time.fromisoformat(ends_at)
    spans = []
    for day in (today + _DAY * number for number in (-2, -1, 0, 1, 2)):
        last_day = day if ends > starts else day + _DAY
        opened = datetime.combine(day, starts, where).astimezone(UTC)
        spans.append((opened, datetime.combine(last_day, ends, where).astimezone(UTC)))
    return tuple(spans)


def touches(line: Line, outline: Any) -> bool:
    """Say whether a line goes through an area that is laid out, on any turn."""
    return any(bool(shapely.intersects(outline, shape)) for shape in line.shapes)
