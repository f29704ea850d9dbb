"""
Announce what changes hours in a country or an area: Ramadan, feasts, closures, curfews.

    async with Calendar(read_profile(path)) as calendar:
        await calendar.announce(Announcement(kind="ramadan", names={"ar": "رمضان"}, country_code="LY", ...))
"""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ihala.directory.v1 import calendar_pb2, directory_pb2
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from ihala.enum_wire import numbers_of, texts_from_wire, word_of
from ihala.profile import Profile
from ihala.service_client import ServiceClient

PAGE_SIZE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One announcement; days are local days of each place, and a night belongs to its evening."""

    kind: str  #: ramadan, eid, holiday, closure or curfew
    names: Mapping[str, str]  #: by language, at least one
    country_code: str
    h3_cell: str = ""  #: of resolution 0 to 6; empty: the whole country
    first_day: date
    last_day: date | None = None  #: inside; None: until it is ended
    effect: str  #: closed, hours or uncertain
    spans: Sequence[tuple[str, str]] = field(default_factory=tuple)  #: ("HH:MM", "HH:MM")
    purpose: str = ""  #: opening or intake; empty: both
    also_round_the_clock: bool = False
    entry_id: str = ""  #: set by the directory
    revision: int = 0  #: set by the directory


class Calendar(ServiceClient):
    """
    What is announced, as a coordinator sees it; an asynchronous context manager.

    Args:
        profile: Where the directory is and who calls.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        super().__init__(profile, "directory", actor=actor)
        self._stub = DirectoryServiceStub(self._channel)

    async def announce(self, announcement: Announcement, *, request_id: str | None = None) -> Announcement:
        """
        Announce something: hours change with it within seconds.

        Raises:
            InvalidInput: it breaks a rule; the field is named.
        """
        response = await self._stub.CreateCalendarEntry(
            calendar_pb2.CreateCalendarEntryRequest(
                request_id=request_id or uuid.uuid4().hex, calendar_entry=_to_wire(announcement)
            )
        )
        return _from_wire(response.calendar_entry)

    async def end(self, entry_id: str, last_day: date | None = None, *, request_id: str | None = None) -> Announcement:
        """
        Let an announcement end on another day; None: yesterday, so that hours are the usual ones from today on.

        Raises:
            NotFound: there is none.
        """
        response = await self._stub.EndCalendarEntry(
            calendar_pb2.EndCalendarEntryRequest(
                request_id=request_id or uuid.uuid4().hex, calendar_entry_id=entry_id, last_day=_day_text(last_day)
            )
        )
        return _from_wire(response.calendar_entry)

    async def list(self, country_code: str = "", from_day: date | None = None) -> AsyncIterator[Announcement]:
        """Yield what is announced and lasts to a day or longer; None: what is in force or to come."""
        request = calendar_pb2.ListCalendarEntriesRequest(
            country_code=country_code, from_day=_day_text(from_day), page_size=PAGE_SIZE
        )
        while True:
            response = await self._stub.ListCalendarEntries(request)
            for each in response.calendar_entries:
                yield _from_wire(each)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token


def _to_wire(announcement: Announcement) -> calendar_pb2.CalendarEntry:
    def number(wire_enum: Any, prefix: str, word: str, name: str) -> Any:
        return numbers_of(wire_enum, prefix, [word], name)[0] if word else 0

    return calendar_pb2.CalendarEntry(
        kind=number(directory_pb2.CalendarKind, "CALENDAR_KIND", announcement.kind, "kind"),
        names=[directory_pb2.LocalizedText(language=tag, text=text) for tag, text in announcement.names.items()],
        country_code=announcement.country_code,
        h3_cell=announcement.h3_cell,
        first_day=announcement.first_day.isoformat(),
        last_day=_day_text(announcement.last_day),
        effect=number(calendar_pb2.CalendarEffect, "CALENDAR_EFFECT", announcement.effect, "effect"),
        spans=[directory_pb2.ClockSpan(opens_at=opens, closes_at=closes) for opens, closes in announcement.spans],
        purpose=number(directory_pb2.SchedulePurpose, "SCHEDULE_PURPOSE", announcement.purpose, "purpose"),
        also_round_the_clock=announcement.also_round_the_clock,
    )


def _from_wire(entry: calendar_pb2.CalendarEntry) -> Announcement:
    return Announcement(
        kind=word_of(directory_pb2.CalendarKind, "CALENDAR_KIND", entry.kind),
        names=texts_from_wire(entry.names),
        country_code=entry.country_code,
        h3_cell=entry.h3_cell,
        first_day=date.fromisoformat(entry.first_day),
        last_day=date.fromisoformat(entry.last_day) if entry.last_day else None,
        effect=word_of(calendar_pb2.CalendarEffect, "CALENDAR_EFFECT", entry.effect),
        spans=tuple((each.opens_at, each.closes_at) for each in entry.spans),
        purpose=word_of(directory_pb2.SchedulePurpose, "SCHEDULE_PURPOSE", entry.purpose),
        also_round_the_clock=entry.also_round_the_clock,
        entry_id=entry.calendar_entry_id,
        revision=entry.revision,
    )


def _day_text(day: date | None) -> str:
    return day.isoformat() if day else ""
