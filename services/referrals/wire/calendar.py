"""What is announced for countries, in messages: as far as it stops clocks that run in working time."""

from datetime import date
from typing import Final

from ihala.directory.v1 import calendar_pb2, directory_pb2
from services.hours import Calendar, ClockSpan, Effect, Entry

CALENDARS: Final = {
    directory_pb2.CALENDAR_KIND_EID: Calendar.EID,
    directory_pb2.CALENDAR_KIND_HOLIDAY: Calendar.HOLIDAY,
    directory_pb2.CALENDAR_KIND_CLOSURE: Calendar.CLOSURE,
}


def closure_from_wire(message: calendar_pb2.CalendarEntry) -> Entry | None:
    """Read an announcement; None for one that closes no days."""
    if message.kind not in CALENDARS or message.effect != calendar_pb2.CALENDAR_EFFECT_CLOSED:
        return None
    return Entry(
        entry_id=message.calendar_entry_id,
        calendar=CALENDARS[message.kind],
        country_code=message.country_code,
        h3_cell=message.h3_cell,
        first_day=date.fromisoformat(message.first_day),
        last_day=date.fromisoformat(message.last_day) if message.last_day else None,
        effect=Effect.CLOSED,
        spans=tuple(ClockSpan(each.opens_at, each.closes_at) for each in message.spans),
        revision=message.revision,
    )
