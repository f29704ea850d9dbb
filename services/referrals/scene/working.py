"""Working time, as clocks of urgency mean it: whole days, without those on which nobody works there (R46, R48)."""

from datetime import datetime, timedelta
from functools import lru_cache

from services.hours import Schedule, Timetable, add_working_time, working_days
from services.referrals.clocks import Where, wall_time


def working_time(start: datetime, span: timedelta, where: Where) -> datetime:
    """
    Move a time on by a span of the working days of a place; by the wall clock where the country is not known.

    Feasts that are announced are not known here: a clock that runs through one rings too early, never too late.
    """
    if not where.country_code:
        return wall_time(start, span, where)
    reached = add_working_time(_week(where), (), start, span)
    return reached or wall_time(start, span, where)


@lru_cache(maxsize=1024)
def _week(where: Where) -> Timetable:
    days = ",".join(working_days(where.country_code))
    whole_days = Schedule(rrule=f"FREQ=WEEKLY;BYDAY={days}", opens_at="00:00", closes_at="24:00")
    return Timetable(schedules=(whole_days,), zone=where.time_zone or "UTC")
