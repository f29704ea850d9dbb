"""The worked cases of docs/hours.md are what is answered."""

from datetime import date

import pytest

from services.hours import (
    Calendar,
    ClockSpan,
    Effect,
    Entry,
    HoursException,
    RuledBy,
    Schedule,
    State,
    Timetable,
    intake,
    next_open,
)
from tests.hours.clocks import MINUTE, utc

OPEN, CLOSED = State.OPEN, State.CLOSED
WORKDAYS = "FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH"
OFFICE = Schedule(rrule=WORKDAYS, opens_at="09:00", closes_at="17:00")
OWN = Schedule(rrule=WORKDAYS, opens_at="10:00", closes_at="14:00", calendar=Calendar.RAMADAN)
AWAY = HoursException(first_day=date(2026, 2, 22), last_day=date(2026, 2, 22))
RAMADAN = Entry(
    entry_id="ramadan",
    calendar=Calendar.RAMADAN,
    country_code="LY",
    first_day=date(2026, 2, 18),
    last_day=date(2026, 3, 19),
    effect=Effect.HOURS,
    spans=(ClockSpan("09:00", "14:00"),),
)
EID = Entry(
    entry_id="eid",
    calendar=Calendar.EID,
    country_code="LY",
    first_day=date(2026, 3, 20),
    last_day=date(2026, 3, 22),
)
CURFEW = Entry(
    entry_id="curfew",
    calendar=Calendar.CURFEW,
    country_code="LY",
    first_day=date(2026, 5, 1),
    spans=(ClockSpan("22:00", "05:00"),),
    also_round_the_clock=True,
)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 2, 15), (16, 0), (OPEN, OPEN, OPEN)),
        (date(2026, 2, 22), (9, 30), (OPEN, CLOSED, CLOSED)),
        (date(2026, 2, 22), (16, 0), (CLOSED, CLOSED, CLOSED)),
        (date(2026, 2, 27), (10, 0), (CLOSED, CLOSED, CLOSED)),
        (date(2026, 3, 22), (10, 0), (CLOSED, CLOSED, CLOSED)),
    ],
)
def test_r48_the_office_of_the_document(day: date, clock: tuple[int, int], expected: tuple[State, ...]) -> None:
    at = utc(day.year, day.month, day.day, *clock) - 120 * MINUTE
    said = [
        Timetable(schedules=(OFFICE,), zone="Africa/Tripoli"),
        Timetable(schedules=(OFFICE, OWN), zone="Africa/Tripoli"),
        Timetable(schedules=(OFFICE,), exceptions=(AWAY,), zone="Africa/Tripoli"),
    ]

    assert tuple(intake(each, (RAMADAN, EID), at).state for each in said) == expected


@pytest.mark.parametrize(
    ("hour", "state", "by"),
    [
        (21, OPEN, RuledBy.SCHEDULE),
        (23, CLOSED, RuledBy.CALENDAR),
        (4, CLOSED, RuledBy.CALENDAR),
        (6, OPEN, RuledBy.SCHEDULE),
    ],
)
def test_r48_the_shelter_of_the_document(hour: int, state: State, by: RuledBy) -> None:
    night = Timetable(schedules=(Schedule(is_intake=True, opens_at="18:00", closes_at="08:00"),), zone="Africa/Tripoli")
    at = utc(2026, 5, 4, hour) - 120 * MINUTE
    answer = intake(night, (CURFEW,), at)

    assert (answer.state, answer.rule.by) == (state, by)
    if hour == 23:
        found = next_open(night, (CURFEW,), at)
        assert found is not None
        assert (found.opens, found.closes) == (utc(2026, 5, 5, 3), utc(2026, 5, 5, 6))
