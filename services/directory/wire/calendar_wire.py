"""Announcements on the wire."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from ihala.directory.v1 import calendar_pb2 as pb
from services.directory.model import CalendarEntry, SchedulePurpose, Stored, inside, refuse
from services.directory.model.checks import check_country
from services.directory.wire.hours_wire import (
    day_from_wire,
    needed_day,
    purpose_from_wire,
    purpose_to_wire,
    spans_from_wire,
    spans_to_wire,
)
from services.directory.wire.requests_wire import canonical, fitting, page_token_for, refuse_server_set, refuse_unknown
from services.directory.wire.values_wire import texts_from_wire, texts_to_wire
from services.directory.wire.words_wire import CALENDAR_EFFECT, CALENDAR_KIND
from services.hours import Entry
from services.runtime.times import time_to_wire

_SERVER_SET: Final = frozenset({"calendar_entry_id", "revision", "create_time", "update_time"})
#: at any moment it is one of three days somewhere on earth
_STILL_TODAY: Final = timedelta(days=2)
_YESTERDAY: Final = timedelta(days=1)

CREATED: Final = pb.CreateCalendarEntryResponse
ENDED: Final = pb.EndCalendarEntryResponse


def announced(request: pb.CreateCalendarEntryRequest) -> CalendarEntry:
    """
    Read what to announce.

    Raises:
        InvalidInput: it breaks a rule.
    """
    refuse_unknown(request)
    if not request.HasField("calendar_entry"):
        raise refuse("calendar_entry", "must be given")
    refuse_server_set("calendar_entry", request.calendar_entry, _SERVER_SET)
    found = inside("calendar_entry", _entry_from_wire, request.calendar_entry)
    if found.entry.last_day is not None and found.entry.last_day < found.entry.first_day:
        raise refuse("calendar_entry.last_day", "must not be before first_day")
    return found


def ending(request: pb.EndCalendarEntryRequest, today: date) -> date:
    """Read the last day; yesterday if none is given."""
    refuse_unknown(request)
    return day_from_wire("last_day", request.last_day) or today - _YESTERDAY


def asked_entries(request: pb.ListCalendarEntriesRequest, today: date) -> tuple[str, date]:
    """Read which announcements to list: where, and up to which day they must last."""
    refuse_unknown(request)
    if request.country_code:
        check_country("country_code", request.country_code)
    return request.country_code, day_from_wire("from_day", request.from_day) or today - _STILL_TODAY


def ended(known: CalendarEntry, last_day: date) -> CalendarEntry:
    """Let an announcement end on another day."""
    return CalendarEntry(replace(known.entry, last_day=last_day), known.names)


def entry_of(stored: Stored) -> CalendarEntry:
    """Read an announcement as it is kept."""
    return _entry_from_wire(_shown(stored))


def entry_doc(entry_id: str, value: CalendarEntry) -> bytes:
    """Write an announcement as it is kept."""
    entry = value.entry
    purpose = None if entry.is_intake is None else _PURPOSES[entry.is_intake]
    return canonical(
        pb.CalendarEntry(
            calendar_entry_id=entry_id,
            kind=CALENDAR_KIND.write(entry.calendar),
            names=texts_to_wire(value.names),
            country_code=entry.country_code,
            h3_cell=entry.h3_cell,
            first_day=entry.first_day.isoformat(),
            last_day=entry.last_day.isoformat() if entry.last_day else "",
            effect=CALENDAR_EFFECT.write(entry.effect),
            spans=spans_to_wire(entry.spans),
            purpose=purpose_to_wire(purpose),
            also_round_the_clock=entry.also_round_the_clock,
        )
    )


def entry_answer(answer_type: Any, stored: Stored) -> Any:
    """Write the answer about one announcement."""
    return answer_type(calendar_entry=_shown(stored))


def entries_page(
    request: pb.ListCalendarEntriesRequest, found: Sequence[Stored], size: int
) -> pb.ListCalendarEntriesResponse:
    """Write a page; `found` has one more than fits where there are more."""
    count = fitting((stored.doc for stored in found), size)
    token = page_token_for(request, [found[count - 1].record_id]) if len(found) > count else ""
    return pb.ListCalendarEntriesResponse(calendar_entries=map(_shown, found[:count]), next_page_token=token)


_PURPOSES: Final = {True: SchedulePurpose.INTAKE, False: SchedulePurpose.OPENING}


def _shown(stored: Stored) -> pb.CalendarEntry:
    message = pb.CalendarEntry.FromString(stored.doc)
    message.revision = stored.revision
    if stored.create_time and stored.update_time:
        message.create_time.CopyFrom(time_to_wire(stored.create_time))
        message.update_time.CopyFrom(time_to_wire(stored.update_time))
    return message


def _entry_from_wire(message: pb.CalendarEntry) -> CalendarEntry:
    purpose = purpose_from_wire(message.purpose)
    entry = Entry(
        entry_id=message.calendar_entry_id,
        calendar=CALENDAR_KIND.read("kind", message.kind),
        country_code=message.country_code,
        h3_cell=message.h3_cell,
        first_day=needed_day("first_day", message.first_day),
        last_day=day_from_wire("last_day", message.last_day),
        effect=CALENDAR_EFFECT.read("effect", message.effect),
        spans=spans_from_wire(message.spans),
        is_intake=None if purpose is None else purpose is SchedulePurpose.INTAKE,
        also_round_the_clock=message.also_round_the_clock,
        revision=message.revision,
    )
    return CalendarEntry(entry, texts_from_wire("names", message.names))
