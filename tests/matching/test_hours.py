"""Open on arrival (R48): in the provider's own zone, intake before opening, and unknown where nobody can say."""

from datetime import UTC, date, datetime

import pytest

from services.geo import AreaCell
from services.hours import Calendar, ClockSpan, Effect, Entry, HoursException, Schedule
from services.matching.constraints.hours import open_at
from services.matching.model.hours import OpenState
from tests.matching.samples import a_provider

OPEN, CLOSED, UNKNOWN = OpenState.OPEN, OpenState.CLOSED, OpenState.UNKNOWN
WORKDAYS = "FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH"
SUNDAY_0700 = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)  # 09:00 in Tripoli
FRIDAY_0700 = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


def hours(opens: str, closes: str, rrule: str = WORKDAYS, *, is_intake: bool = False) -> Schedule:
    return Schedule(is_intake=is_intake, rrule=rrule, opens_at=opens, closes_at=closes)


@pytest.mark.parametrize(
    ("schedules", "when", "expected"),
    [
        ([hours("09:00", "17:00")], SUNDAY_0700, OPEN),  # the first minute, by the clock of Tripoli
        ([hours("09:01", "17:00")], SUNDAY_0700, CLOSED),
        ([hours("08:00", "09:00")], SUNDAY_0700, CLOSED),  # the end is outside
        ([hours("09:00", "17:00")], FRIDAY_0700, CLOSED),
        ([hours("00:00", "24:00", "")], FRIDAY_0700, OPEN),
        ([hours("20:00", "10:00")], FRIDAY_0700, OPEN),  # Thursday's night lasts into Friday
        ([hours("20:00", "08:00")], FRIDAY_0700, CLOSED),
        ([hours("00:00", "24:00", ""), hours("13:00", "14:00", is_intake=True)], SUNDAY_0700, CLOSED),
        ([hours("09:00", "17:00", "FREQ=MONTHLY;BYDAY=1MO")], SUNDAY_0700, CLOSED),
        ([hours("09:00", "17:00", "FREQ=MONTHLY;BYDAY=4SU")], SUNDAY_0700, OPEN),
        ([hours("09:00", "17:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU")], SUNDAY_0700, UNKNOWN),  # which weeks?
        ([], SUNDAY_0700, UNKNOWN),
    ],
)
def test_hours_are_those_of_the_place(schedules: list[Schedule], when: datetime, expected: OpenState) -> None:
    assert open_at(a_provider(schedules=tuple(schedules)), when) is expected


def test_a_zone_that_nobody_knows_says_nothing() -> None:
    assert (
        open_at(a_provider(time_zone="Nowhere/Town", schedules=(hours("00:00", "24:00", ""),)), SUNDAY_0700) is UNKNOWN
    )


def test_r48_ramadan_changes_the_clock_of_casablanca() -> None:
    morning = hours("09:00", "17:00", "")
    provider = a_provider(time_zone="Africa/Casablanca", schedules=(morning,))

    assert open_at(provider, datetime(2026, 2, 1, 8, 0, tzinfo=UTC)) is OPEN  # UTC+1
    assert open_at(provider, datetime(2026, 3, 1, 8, 0, tzinfo=UTC)) is CLOSED  # UTC+0 in Ramadan


def test_a_schedule_that_has_ended_is_closed() -> None:
    ended = Schedule(is_intake=False, rrule="", opens_at="00:00", closes_at="24:00", end_time=FRIDAY_0700)

    assert open_at(a_provider(schedules=(ended,)), SUNDAY_0700) is CLOSED


def test_r48_exceptions_and_what_is_announced_count_on_arrival() -> None:
    office = a_provider(schedules=(hours("09:00", "17:00"),))
    sunday = date(2026, 11, 22)
    shut = Entry(entry_id="1", calendar=Calendar.CLOSURE, country_code="LY", first_day=sunday)
    away = Entry(entry_id="2", calendar=Calendar.CLOSURE, country_code="TN", first_day=sunday)
    later = Entry(
        entry_id="3",
        calendar=Calendar.RAMADAN,
        country_code="LY",
        first_day=sunday,
        effect=Effect.HOURS,
        spans=(ClockSpan("10:00", "15:00"),),
    )
    opens = HoursException(
        first_day=date(2026, 11, 20), last_day=date(2026, 11, 20), spans=(ClockSpan("08:00", "12:00"),)
    )

    assert open_at(office, SUNDAY_0700, (away,)) is OPEN
    assert open_at(office, SUNDAY_0700, (shut,)) is CLOSED
    assert open_at(office, SUNDAY_0700, (later,)) is CLOSED
    assert open_at(a_provider(), SUNDAY_0700, (away,)) is UNKNOWN
    assert open_at(a_provider(schedules=(hours("09:00", "17:00"),), hours_exceptions=(opens,)), FRIDAY_0700) is OPEN


def test_r16_an_area_too_coarse_for_an_announcement_makes_hours_unknown() -> None:
    shelter = a_provider(place=AreaCell("83384bfffffffff"), is_confidential=True, schedules=(hours("09:00", "17:00"),))
    shut = Entry(
        entry_id="1",
        calendar=Calendar.CLOSURE,
        country_code="LY",
        h3_cell="86384b287ffffff",
        first_day=date(2026, 11, 22),
    )

    assert open_at(shelter, SUNDAY_0700, (shut,)) is UNKNOWN
    assert open_at(a_provider(schedules=shelter.schedules), SUNDAY_0700, (shut,)) is not OPEN
