"""Working time, as clocks of urgency mean it: whole days, without those on which nobody works there (R46, R48)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from services.hours import Effect, Entry, Schedule, Timetable, add_working_time, working_days
from services.referrals.clocks import Where, wall_time


class WorkingTime:
    """
    Moves a time on by a span of the working days of a place.

    What is announced for a whole country may change at any time: feasts and closures
    are as they were announced last. Those of an area alone are left out, since a clock
    knows no more of a place than its country: it rings too early then, never too late.
    """

    def __init__(self) -> None:
        self._closures: dict[str, tuple[Entry, ...]] = {}

    def announce(self, entries: Iterable[Entry]) -> None:
        """Take what is announced now, all of it."""
        closures: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.effect is Effect.CLOSED and not entry.shuts_hours and not entry.h3_cell:
                closures.setdefault(entry.country_code, []).append(entry)
        self._closures = {country_code: tuple(found) for country_code, found in closures.items()}

    def __call__(self, start: datetime, span: timedelta, where: Where) -> datetime:
        """Move a time on; by the wall clock where the country is not known."""
        if not where.country_code:
            return wall_time(start, span, where)
        reached = add_working_time(_week(where), self._closures.get(where.country_code, ()), start, span)
        return reached or wall_time(start, span, where)


@lru_cache(maxsize=1024)
def _week(where: Where) -> Timetable:
    days = ",".join(working_days(where.country_code))
    whole_days = Schedule(rrule=f"FREQ=WEEKLY;BYDAY={days}", opens_at="00:00", closes_at="24:00")
    return Timetable(schedules=(whole_days,), zone=where.time_zone or "UTC")
