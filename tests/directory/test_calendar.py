"""R48: hours by exception and announcement, told to the directory and found by those who ask who is open."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import calendar_pb2 as calendar_pb
from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import InvalidInput, NotFound, PermissionDenied
from services.runtime.auth import Role
from tests.directory.house import NOON, House, a_request_id, text

WORKDAYS = "FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH"
OFFICE = pb.Schedule(rrule=WORKDAYS, opens_at="09:00", closes_at="17:00")
RAMADAN_HOURS = pb.Schedule(
    rrule=WORKDAYS, opens_at="10:00", closes_at="14:00", calendar=pb.CALENDAR_KIND_RAMADAN, first_day="2026-01-01"
)
SUNDAY_16 = datetime(2026, 11, 22, 14, tzinfo=UTC)  # by the clock of Tripoli


def an_entry(**fields: Any) -> calendar_pb.CalendarEntry:
    given = {
        "kind": pb.CALENDAR_KIND_CLOSURE,
        "names": [text("Clashes")],
        "country_code": "LY",
        "first_day": "2026-11-21",
        "effect": calendar_pb.CALENDAR_EFFECT_CLOSED,
        **fields,
    }
    return calendar_pb.CalendarEntry(**given)


async def announce(house: House, **fields: Any) -> calendar_pb.CalendarEntry:
    request = calendar_pb.CreateCalendarEntryRequest(request_id=a_request_id(), calendar_entry=an_entry(**fields))
    made: calendar_pb.CalendarEntry = (await house.coordinator.CreateCalendarEntry(request)).calendar_entry
    return made


async def end(house: House, entry: calendar_pb.CalendarEntry, last_day: str = "") -> calendar_pb.CalendarEntry:
    request = calendar_pb.EndCalendarEntryRequest(
        request_id=a_request_id(), calendar_entry_id=entry.calendar_entry_id, last_day=last_day
    )
    changed: calendar_pb.CalendarEntry = (await house.coordinator.EndCalendarEntry(request)).calendar_entry
    return changed


async def listed(house: House, **conditions: Any) -> list[str]:
    request = calendar_pb.ListCalendarEntriesRequest(**conditions)
    answer = await house.service.ListCalendarEntries(request)
    return [each.calendar_entry_id for each in answer.calendar_entries]


async def open_at(house: House, at: datetime, **conditions: Any) -> list[str]:
    time = Timestamp()
    time.FromDatetime(at)
    return await house.search(open_at_time=time, **conditions)


async def test_schedules_and_exceptions_are_kept_as_they_were_told(house: House) -> None:
    exception = pb.HoursException(
        first_day="2026-12-24",
        last_day="2026-12-24",
        purpose=pb.SCHEDULE_PURPOSE_INTAKE,
        spans=[pb.ClockSpan(opens_at="20:00", closes_at="06:00")],
    )
    made = await house.provider(schedules=[OFFICE, RAMADAN_HOURS], hours_exceptions=[exception])

    found = (await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=made.provider_id))).provider
    assert list(found.hours_exceptions) == [exception]
    assert found.schedules[1] == pb.Schedule(purpose=pb.SCHEDULE_PURPOSE_OPENING, **_fields(RAMADAN_HOURS))


def _fields(message: Any) -> dict[str, Any]:
    return {field.name: value for field, value in message.ListFields()}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"hours_exceptions": [pb.HoursException(first_day="2026-12-24")]}, "provider.hours_exceptions[0].last_day"),
        (
            {"hours_exceptions": [pb.HoursException(first_day="2026-12-24", last_day="2026-12-23")]},
            "provider.hours_exceptions[0].last_day",
        ),
        ({"schedules": [pb.Schedule(opens_at="09:00", closes_at="17:00", first_day="1.2.2026")]}, "first_day"),
        ({"schedules": [pb.Schedule(opens_at="09:00", closes_at="17:00", first_day="2026-02-30")]}, "first_day"),
    ],
)
async def test_hours_that_are_none_are_refused_by_name(house: House, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named.replace("[", r"\[").replace("]", r"\]")):
        await house.provider(**fields)


async def test_who_is_open_is_found_and_an_announcement_changes_it_at_once(house: House) -> None:
    office = (await house.provider(schedules=[OFFICE])).provider_id
    with_ramadan = (await house.provider(schedules=[OFFICE, RAMADAN_HOURS])).provider_id
    ward = (await house.provider(schedules=[pb.Schedule(opens_at="00:00", closes_at="24:00")])).provider_id
    unknown = (await house.provider()).provider_id

    assert set(await house.search()) == {office, with_ramadan, ward, unknown}
    assert set(await open_at(house, SUNDAY_16)) == {office, with_ramadan, ward}
    assert set(await open_at(house, SUNDAY_16 - timedelta(days=2))) == {ward}  # Friday
    ramadan = await announce(
        house,
        kind=pb.CALENDAR_KIND_RAMADAN,
        effect=calendar_pb.CALENDAR_EFFECT_HOURS,
        spans=[pb.ClockSpan(opens_at="09:00", closes_at="16:30")],
    )
    assert set(await open_at(house, SUNDAY_16)) == {office, ward}
    closure = await announce(house, also_round_the_clock=True)
    assert await open_at(house, SUNDAY_16) == []
    await end(house, closure)
    await end(house, ramadan, "2026-11-20")
    assert set(await open_at(house, SUNDAY_16)) == {office, with_ramadan, ward}


async def test_pages_of_who_is_open_follow_each_other(house: House) -> None:
    made = {(await house.provider(schedules=[OFFICE])).provider_id for _ in range(5)}
    await house.provider()
    time = Timestamp()
    time.FromDatetime(SUNDAY_16)
    request = rpc_pb.SearchProvidersRequest(open_at_time=time, page_size=2)
    found: list[str] = []
    while True:
        answer = await house.coordinator.SearchProviders(request)
        found += [each.provider.provider_id for each in answer.found]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token

    assert len(found) == 5
    assert set(found) == made


async def test_announcements_are_listed_until_they_are_over(house: House) -> None:
    closure = await announce(house)
    abroad = await announce(house, country_code="MA", last_day="2026-11-25")
    await announce(house, last_day="2026-11-18", first_day="2026-11-01")

    assert set(await listed(house)) == {closure.calendar_entry_id, abroad.calendar_entry_id}
    assert await listed(house, country_code="MA") == [abroad.calendar_entry_id]
    assert await listed(house, from_day="2026-11-26") == [closure.calendar_entry_id]
    ended = await end(house, closure)
    assert ended.last_day == f"{NOON - timedelta(days=1):%Y-%m-%d}"
    assert ended.revision > closure.revision
    longer = await end(house, abroad, "2026-11-26")
    assert (longer.last_day, longer.first_day) == ("2026-11-26", abroad.first_day)
    assert await listed(house, from_day="2026-11-26") == [abroad.calendar_entry_id]


async def test_the_list_comes_in_pages(house: House) -> None:
    made = sorted([(await announce(house)).calendar_entry_id for _ in range(3)])
    first = await house.service.ListCalendarEntries(calendar_pb.ListCalendarEntriesRequest(page_size=2))
    rest = await house.service.ListCalendarEntries(
        calendar_pb.ListCalendarEntriesRequest(page_size=2, page_token=first.next_page_token)
    )

    assert [each.calendar_entry_id for each in [*first.calendar_entries, *rest.calendar_entries]] == made
    assert not rest.next_page_token


async def test_the_same_announcement_sent_twice_is_made_once(house: House) -> None:
    request = calendar_pb.CreateCalendarEntryRequest(request_id=a_request_id(), calendar_entry=an_entry())
    first = await house.coordinator.CreateCalendarEntry(request)
    second = await house.coordinator.CreateCalendarEntry(request)

    assert second.replayed
    assert second.calendar_entry == first.calendar_entry
    assert len(await listed(house)) == 1


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": pb.CALENDAR_KIND_UNSPECIFIED}, "kind"),
        ({"effect": calendar_pb.CALENDAR_EFFECT_UNSPECIFIED}, "effect"),
        ({"effect": calendar_pb.CALENDAR_EFFECT_HOURS}, "spans"),
        ({"names": []}, "names"),
        ({"country_code": "XX"}, "country_code"),
        ({"first_day": ""}, "first_day"),
        ({"last_day": "2026-11-20"}, "last_day"),
        ({"last_day": "2030-11-20"}, "last_day"),
        ({"h3_cell": "not a cell"}, "h3_cell"),
        ({"h3_cell": "8a384b2866cffff"}, "h3_cell"),  # finer than any confidential site is known
        ({"spans": [pb.ClockSpan(opens_at="9", closes_at="17:00")]}, "opens_at"),
        ({"revision": 3}, "revision"),
    ],
)
async def test_an_announcement_that_is_none_is_refused_by_name(
    house: House, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named):
        await announce(house, **fields)


@pytest.mark.parametrize("role", [Role.CASE_SYSTEM, Role.RECEIVER, Role.SERVICE, Role.AUDITOR])
async def test_only_coordinators_and_editors_announce(house: House, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        await house.stub(role).CreateCalendarEntry(
            calendar_pb.CreateCalendarEntryRequest(request_id=a_request_id(), calendar_entry=an_entry())
        )


async def test_nobody_can_end_what_is_not_there(house: House) -> None:
    for entry_id in ("", "nobody", "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(NotFound):
            await end(house, calendar_pb.CalendarEntry(calendar_entry_id=entry_id))
