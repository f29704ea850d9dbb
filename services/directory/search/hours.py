"""The hours of a provider, as `services.hours` asks for them (R48)."""

from collections.abc import Iterable
from datetime import datetime

from services.directory.model import HoursException, Provider, Schedule, SchedulePurpose
from services.geo import finest_cell
from services.hours import Entry, State, Timetable, applying, intake
from services.hours import HoursException as Exceptional
from services.hours import Schedule as Recurring


def is_open(provider: Provider, entries: Iterable[Entry], at: datetime) -> bool:
    """Say whether a provider surely takes people in at a moment."""
    site = provider.located
    announced = applying(entries, site.country_code, finest_cell(site.place))
    return intake(timetable_of(provider), announced, at).state is State.OPEN


def timetable_of(provider: Provider) -> Timetable:
    """Take what a provider says of its hours."""
    return Timetable(
        schedules=tuple(map(_schedule, provider.schedules)),
        exceptions=tuple(map(_exception, provider.hours_exceptions)),
        zone=provider.located.time_zone,
    )


def _schedule(schedule: Schedule) -> Recurring:
    return Recurring(
        is_intake=schedule.purpose is SchedulePurpose.INTAKE,
        rrule=schedule.rrule,
        opens_at=schedule.opens_at,
        closes_at=schedule.closes_at,
        start_time=schedule.valid.start_time,
        end_time=schedule.valid.end_time,
        first_day=schedule.first_day,
        calendar=schedule.calendar,
    )


def _exception(exception: HoursException) -> Exceptional:
    purpose = exception.purpose
    return Exceptional(
        first_day=exception.first_day,
        last_day=exception.last_day,
        is_intake=None if purpose is None else purpose is SchedulePurpose.INTAKE,
        spans=exception.spans,
    )
