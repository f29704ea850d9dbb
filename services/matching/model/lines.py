"""Lines that coordinators have drawn, and when they stop a way (R60)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely

from services.geo import Point
from services.geo.outlines import TURN_DEG, shifted
from services.geo.shadows import laid_out_line
from services.hours import zone

_DAY: Final = timedelta(days=1)
_NEVER_S: Final = float("inf")


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

    @cached_property
    def shape(self) -> Any:
        """The line on the plane of longitude and latitude, without a jump."""
        return laid_out_line(self.points)

    def is_met(self, travel_s: Any, *, now: datetime, when: datetime) -> Any:
        """
        Say whether the line is in force at any moment of a way that meets it.

        Args:
            travel_s: How long the way takes, in seconds; a number or an array.

            now: When one can leave.

            when: When one would be there: one leaves so as to arrive then, or now if that is too late for it.
        """
        begins, ended = self.next_time(now), self.last_time(when)
        begins_s = _NEVER_S if begins is None else (begins - now).total_seconds()
        ended_s = _NEVER_S if ended is None else (when - ended).total_seconds()
        is_late = travel_s > (when - now).total_seconds()
        is_met_late = travel_s >= np.asarray(begins_s)
        is_met_early = (travel_s > np.asarray(ended_s)) | (self.next_time(when) == when)
        return np.where(is_late, is_met_late, is_met_early)

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

    def _spans(self, around: datetime) -> list[tuple[datetime, datetime]]:
        """List when it is in force by its hours, for some days around a moment."""
        if not self.starts_at:
            return [(around, around + _DAY)]
        where = zone(self.time_zone)
        starts, ends = time.fromisoformat(self.starts_at), time.fromisoformat(self.ends_at)
        today = around.astimezone(where).date()
        spans = []
        for day in (today + _DAY * number for number in (-2, -1, 0, 1, 2)):
            last_day = day if ends > starts else day + _DAY
            opened = datetime.combine(day, starts, where).astimezone(UTC)
            spans.append((opened, datetime.combine(last_day, ends, where).astimezone(UTC)))
        return spans


def touches(line: Line, outline: Any) -> bool:
    """Say whether a line goes through an area that is laid out, on any turn."""
    return any(bool(shapely.intersects(outline, shifted(line.shape, turn))) for turn in (-TURN_DEG, 0.0, TURN_DEG))
