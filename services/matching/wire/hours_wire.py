"""Hours and announcements as the directory tells them; what a later version says is read as uncertain."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from ihala.directory.v1 import calendar_pb2
from ihala.directory.v1 import directory_pb2 as pb
from services.hours import Calendar, ClockSpan, Effect, Entry, HoursException, Schedule
from services.runtime.times import time_of

CALENDARS: Final = {
    pb.CALENDAR_KIND_RAMADAN: Calendar.RAMADAN,
    pb.CALENDAR_KIND_EID: Calendar.EID,
    pb.CALENDAR_KIND_HOLIDAY: Calendar.HOLIDAY,
    pb.CALENDAR_KIND_CLOSURE: Calendar.CLOSURE,
    pb.CALENDAR_KIND_CURFEW: Calendar.CURFEW,
}
EFFECTS: Final = {
    calendar_pb2.CALENDAR_EFFECT_CLOSED: Effect.CLOSED,
    calendar_pb2.CALENDAR_EFFECT_HOURS: Effect.HOURS,
}
PURPOSES: Final = {pb.SCHEDULE_PURPOSE_INTAKE: True, pb.SCHEDULE_PURPOSE_OPENING: False}


def schedule_from_wire(message: pb.Schedule) -> Schedule:
    return Schedule(
        is_intake=message.purpose == pb.SCHEDULE_PURPOSE_INTAKE,
        rrule=message.rrule,
        opens_at=message.opens_at,
        closes_at=message.closes_at,
        start_time=time_of(message.valid, "start_time"),
        end_time=time_of(message.valid, "end_time"),
        first_day=date.fromisoformat(message.first_day) if message.first_day else None,
        calendar=CALENDARS.get(message.calendar, Calendar.CLOSURE) if message.calendar else None,
    )


def exception_from_wire(message: pb.HoursException) -> HoursException:
    return HoursException(
        first_day=date.fromisoformat(message.first_day),
        last_day=date.fromisoformat(message.last_day),
        is_intake=PURPOSES.get(message.purpose),
        spans=_spans(message.spans),
    )


def entry_from_wire(message: calendar_pb2.CalendarEntry) -> Entry:
    """Read an announcement; one of a kind that is not known here makes hours uncertain."""
    effect = EFFECTS.get(message.effect, Effect.UNCERTAIN)
    return Entry(
        entry_id=message.calendar_entry_id,
        calendar=CALENDARS.get(message.kind, Calendar.CLOSURE),
        country_code=message.country_code,
        h3_cell=message.h3_cell,
        first_day=date.fromisoformat(message.first_day),
        last_day=date.fromisoformat(message.last_day) if message.last_day else None,
        effect=effect if message.kind in CALENDARS else Effect.UNCERTAIN,
        spans=_spans(message.spans),
        is_intake=PURPOSES.get(message.purpose),
        also_round_the_clock=message.also_round_the_clock,
        revision=message.revision,
    )


def _spans(messages: Iterable[pb.ClockSpan]) -> tuple[ClockSpan, ...]:
    return tuple(ClockSpan(each.opens_at, each.closes_at) for each in messages)
