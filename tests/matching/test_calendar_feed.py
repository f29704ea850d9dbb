"""R48: what is announced reaches matching within seconds, and holds while nobody answers."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ihala.directory.v1 import calendar_pb2, directory_pb2
from services.errors import Unavailable
from services.hours import Calendar, ClockSpan, Effect, Entry, HoursException, Schedule
from services.matching import consumer
from services.matching.clients import RemoteDirectory
from services.matching.consumer import follow_calendar
from services.matching.index.state import Directory
from services.matching.wire.hours_wire import entry_from_wire
from services.matching.wire.provider_wire import provider_from_wire
from services.runtime.auth import Role
from tests.matching.peers import FeedDirectory, FeedReferrals, a_message, register
from tests.serving import an_identity, serving

CURFEW = calendar_pb2.CalendarEntry(
    calendar_entry_id="e-1",
    kind=directory_pb2.CALENDAR_KIND_CURFEW,
    country_code="LY",
    h3_cell="83384bfffffffff",
    first_day="2026-11-21",
    last_day="2026-11-30",
    effect=calendar_pb2.CALENDAR_EFFECT_CLOSED,
    spans=[directory_pb2.ClockSpan(opens_at="22:00", closes_at="05:00")],
    purpose=directory_pb2.SCHEDULE_PURPOSE_INTAKE,
    also_round_the_clock=True,
    revision=4,
)


class AskedDirectory(FeedDirectory):
    """Tells how often it was asked; an answer has been used when the next question comes."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: asyncio.Queue[None] = asyncio.Queue()
        self.is_away = False

    async def ListCalendarEntries(self, request: Any, context: Any) -> Any:
        self.questions.put_nowait(None)
        if self.is_away:
            raise Unavailable("away")
        first = not request.page_token
        entries = self.calendar[:1] if first else self.calendar[1:]
        token = "next" if first and len(self.calendar) > 1 else ""
        return calendar_pb2.ListCalendarEntriesResponse(calendar_entries=entries, next_page_token=token)

    async def was_used(self) -> None:
        """Wait until what is told now has been heard."""
        while not self.questions.empty():
            self.questions.get_nowait()
        for _ in range(4):
            await self.questions.get()


def ids(directory: Directory) -> list[str]:
    return [each.entry_id for each in directory.calendar]


async def test_what_is_announced_is_heard_and_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "CALENDAR_EVERY_S", 0.01)
    source, directory = AskedDirectory(), Directory()
    identity = an_identity(tmp_path)
    async with (
        serving(identity, lambda server: register(source, FeedReferrals(), server)) as served,
        served.channel(Role.SERVICE) as channel,
        asyncio.timeout(20),
        asyncio.TaskGroup() as group,
    ):
        loop = group.create_task(follow_calendar(RemoteDirectory(channel), directory))
        await source.was_used()
        assert ids(directory) == []
        source.calendar = [CURFEW, calendar_pb2.CalendarEntry(calendar_entry_id="e-2", first_day="2026-11-21")]
        await source.was_used()
        assert ids(directory) == ["e-1", "e-2"]
        source.is_away = True
        await source.questions.get()
        assert ids(directory) == ["e-1", "e-2"]
        loop.cancel()


def test_an_announcement_is_read_whole() -> None:
    assert entry_from_wire(CURFEW) == Entry(
        entry_id="e-1",
        calendar=Calendar.CURFEW,
        country_code="LY",
        h3_cell="83384bfffffffff",
        first_day=date(2026, 11, 21),
        last_day=date(2026, 11, 30),
        effect=Effect.CLOSED,
        spans=(ClockSpan("22:00", "05:00"),),
        is_intake=True,
        also_round_the_clock=True,
        revision=4,
    )


def test_what_a_later_version_announces_makes_hours_uncertain() -> None:
    later = calendar_pb2.CalendarEntry(calendar_entry_id="e", first_day="2026-11-21")
    later.kind = 77  # type: ignore[assignment]
    later.effect = calendar_pb2.CALENDAR_EFFECT_CLOSED

    assert entry_from_wire(later).effect is Effect.UNCERTAIN


def test_hours_of_a_provider_are_read_whole() -> None:
    told = a_message(
        "p-1",
        schedules=[
            directory_pb2.Schedule(
                rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
                opens_at="09:00",
                closes_at="12:00",
                first_day="2026-11-22",
                calendar=directory_pb2.CALENDAR_KIND_RAMADAN,
            )
        ],
        hours_exceptions=[directory_pb2.HoursException(first_day="2026-12-24", last_day="2026-12-25")],
    )
    provider = provider_from_wire(told, 1)

    assert provider.schedules == (
        Schedule(
            rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
            opens_at="09:00",
            closes_at="12:00",
            first_day=date(2026, 11, 22),
            calendar=Calendar.RAMADAN,
        ),
    )
    assert provider.hours_exceptions == (HoursException(first_day=date(2026, 12, 24), last_day=date(2026, 12, 25)),)
