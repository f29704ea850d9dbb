"""
Say whether somebody is taken in at a moment, by which rule, and when next (R48).

Pure: hours, exceptions and announced calendar entries come in as values, the
time as an argument, time zones from the locked `tzdata` package. The
directory's search, matching and the clocks of referrals all ask here.
"""

from services.hours.asking import Day, Opening, day_of, intake, local_day, next_open
from services.hours.countries import OFFICE_HOURS, default_hours, weekend_of, working_days
from services.hours.entries import FINEST_ENTRY_RESOLUTION, Entry, applying
from services.hours.model import (
    MIDNIGHT,
    Answer,
    Calendar,
    ClockSpan,
    Effect,
    HoursException,
    Rule,
    RuledBy,
    Schedule,
    State,
    Timetable,
)
from services.hours.recurrence import check_rrule, needs_first_day
from services.hours.working import add_working_time, working_time
from services.hours.zones import DAY, moment, zone, zone_names

__all__ = [
    "DAY",
    "FINEST_ENTRY_RESOLUTION",
    "MIDNIGHT",
    "OFFICE_HOURS",
    "Answer",
    "Calendar",
    "ClockSpan",
    "Day",
    "Effect",
    "Entry",
    "HoursException",
    "Opening",
    "Rule",
    "RuledBy",
    "Schedule",
    "State",
    "Timetable",
    "add_working_time",
    "applying",
    "check_rrule",
    "day_of",
    "default_hours",
    "intake",
    "local_day",
    "moment",
    "needs_first_day",
    "next_open",
    "weekend_of",
    "working_days",
    "working_time",
    "zone",
    "zone_names",
]
