"""R48: open for intake at a moment, by which rule: schedules, exceptions, what is announced, and what nobody knows."""

from datetime import UTC, date, datetime

import pytest

from services.hours import (
    Answer,
    Calendar,
    ClockSpan,
    Effect,
    Entry,
    HoursException,
    Rule,
    RuledBy,
    Schedule,
    State,
    Timetable,
    add_working_time,
    applying,
    default_hours,
    intake,
    next_open,
    weekend_of,
    working_days,
)
from tests.hours.clocks import MINUTE, utc

OPEN, CLOSED, UNKNOWN = State.OPEN, State.CLOSED, State.UNKNOWN
WORKDAYS = "FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH"
OFFICE = Schedule(rrule=WORKDAYS, opens_at="09:00", closes_at="17:00")
ALWAYS = Schedule(opens_at="00:00", closes_at="24:00")
RAMADAN_HOURS = Schedule(rrule=WORKDAYS, opens_at="10:00", closes_at="14:00", calendar=Calendar.RAMADAN)
SUNDAY, THURSDAY, FRIDAY = (2026, 2, 22), (2026, 2, 26), (2026, 2, 27)
TRIPOLI_CELL = "86384b287ffffff"  # resolution 6
RAMADAN = Entry(
    entry_id="ramadan",
    calendar=Calendar.RAMADAN,
    country_code="LY",
    first_day=date(2026, 2, 18),
    last_day=date(2026, 3, 19),
    effect=Effect.HOURS,
    spans=(ClockSpan("09:00", "14:00"),),
)


def hours(*schedules: Schedule, exceptions: tuple[HoursException, ...] = ()) -> Timetable:
    return Timetable(schedules=schedules, exceptions=exceptions, zone="Africa/Tripoli")


def at(day: tuple[int, int, int], hour: int, minute: int = 0) -> datetime:
    """Say a moment by the clock of Tripoli, two hours ahead of UTC."""
    return utc(*day, hour, minute) - 120 * MINUTE


def entry(calendar: Calendar, *spans: tuple[str, str], **facts: object) -> Entry:
    given = {"entry_id": calendar.value, "country_code": "LY", "first_day": date(2026, 2, 22), **facts}
    return Entry(calendar=calendar, spans=tuple(ClockSpan(*each) for each in spans), **given)  # type: ignore[arg-type]


def test_intake_hours_are_apart_from_opening_hours() -> None:
    both = hours(ALWAYS, Schedule(is_intake=True, rrule=WORKDAYS, opens_at="13:00", closes_at="14:00"))

    assert intake(both, (), at(SUNDAY, 12)).state is CLOSED
    assert intake(both, (), at(SUNDAY, 12), is_intake=False).state is OPEN
    assert intake(both, (), at(SUNDAY, 13)) == Answer(OPEN, Rule(RuledBy.SCHEDULE, 1))


def test_a_friday_weekend_is_closed_on_friday_and_a_night_ends_in_the_morning() -> None:
    night = hours(Schedule(rrule=WORKDAYS, opens_at="20:00", closes_at="08:00"))

    assert intake(hours(OFFICE), (), at(FRIDAY, 10)).state is CLOSED
    assert intake(night, (), at(FRIDAY, 7, 59)).state is OPEN
    assert intake(night, (), at(FRIDAY, 8)).state is CLOSED
    assert intake(night, (), at(FRIDAY, 21)).state is CLOSED


@pytest.mark.parametrize(
    ("exception", "hour", "expected"),
    [
        (HoursException(first_day=date(*SUNDAY), last_day=date(*SUNDAY)), 10, CLOSED),
        (HoursException(first_day=date(2026, 2, 20), last_day=date(2026, 2, 23)), 10, CLOSED),
        (
            HoursException(first_day=date(*SUNDAY), last_day=date(*SUNDAY), spans=(ClockSpan("18:00", "20:00"),)),
            19,
            OPEN,
        ),
        (
            HoursException(first_day=date(*SUNDAY), last_day=date(*SUNDAY), spans=(ClockSpan("18:00", "20:00"),)),
            10,
            CLOSED,
        ),
        (HoursException(first_day=date(2026, 2, 23), last_day=date(2026, 2, 23)), 10, OPEN),
    ],
)
def test_an_exception_replaces_the_hours_of_its_days(exception: HoursException, hour: int, expected: State) -> None:
    answer = intake(hours(OFFICE, exceptions=(exception,)), (), at(SUNDAY, hour))

    assert answer.state is expected
    if exception.first_day <= date(*SUNDAY) <= exception.last_day:
        assert answer.rule == Rule(RuledBy.EXCEPTION, 0)


def test_a_shut_house_takes_nobody_in_and_other_hours_of_the_house_tell_nothing_sure_of_intake() -> None:
    said = (OFFICE, Schedule(is_intake=True, rrule=WORKDAYS, opens_at="09:00", closes_at="12:00"))
    shut = HoursException(first_day=date(*SUNDAY), last_day=date(*SUNDAY), is_intake=False)
    shorter = HoursException(
        first_day=date(*SUNDAY), last_day=date(*SUNDAY), is_intake=False, spans=(ClockSpan("09:00", "11:00"),)
    )

    assert intake(hours(*said, exceptions=(shut,)), (), at(SUNDAY, 10)).state is CLOSED
    assert intake(hours(*said, exceptions=(shorter,)), (), at(SUNDAY, 10)).state is UNKNOWN
    assert intake(hours(*said, exceptions=(shorter,)), (), at(SUNDAY, 11, 30)).state is CLOSED


def test_ramadan_hours_begin_when_ramadan_is_announced() -> None:
    said = hours(OFFICE, RAMADAN_HOURS)

    assert intake(said, (), at(SUNDAY, 16)) == Answer(OPEN, Rule(RuledBy.SCHEDULE, 0))
    assert intake(said, (RAMADAN,), at(SUNDAY, 16)).state is CLOSED
    assert intake(said, (RAMADAN,), at(SUNDAY, 9)).state is CLOSED  # its own hours, not those announced
    assert intake(said, (RAMADAN,), at(SUNDAY, 10)) == Answer(OPEN, Rule(RuledBy.SCHEDULE, 1))
    assert intake(said, (RAMADAN,), at((2026, 3, 22), 16)).state is OPEN  # over


def test_where_no_ramadan_hours_are_told_those_announced_hold_on_the_usual_days() -> None:
    by = Rule(RuledBy.CALENDAR, entry_id="ramadan")

    assert intake(hours(OFFICE), (RAMADAN,), at(SUNDAY, 9)) == Answer(OPEN, by)
    assert intake(hours(OFFICE), (RAMADAN,), at(SUNDAY, 14)) == Answer(CLOSED, by)
    assert intake(hours(OFFICE), (RAMADAN,), at(FRIDAY, 10)).state is CLOSED
    assert intake(hours(ALWAYS), (RAMADAN,), at(FRIDAY, 3)).state is OPEN  # an emergency ward stays open


def test_the_graver_announcement_counts() -> None:
    eid = entry(Calendar.EID, last_day=date(2026, 2, 24))
    unsure = entry(Calendar.CLOSURE, effect=Effect.UNCERTAIN)

    assert intake(hours(OFFICE), (RAMADAN, eid), at(SUNDAY, 10)) == Answer(
        CLOSED, Rule(RuledBy.CALENDAR, entry_id="eid")
    )
    assert intake(hours(OFFICE), (eid, unsure, RAMADAN), at(SUNDAY, 10)).state is UNKNOWN
    assert intake(hours(ALWAYS), (eid,), at(SUNDAY, 10)).state is OPEN
    assert intake(hours(ALWAYS), (entry(Calendar.EID, also_round_the_clock=True),), at(SUNDAY, 10)).state is CLOSED


def test_a_provider_that_opens_on_a_feast_says_so_by_an_exception_but_not_against_a_closure() -> None:
    opens = HoursException(first_day=date(*SUNDAY), last_day=date(*SUNDAY), spans=(ClockSpan("09:00", "12:00"),))
    said = hours(OFFICE, exceptions=(opens,))

    assert intake(said, (entry(Calendar.EID),), at(SUNDAY, 10)).state is OPEN
    assert intake(said, (entry(Calendar.CLOSURE),), at(SUNDAY, 10)).state is CLOSED


def test_a_curfew_shuts_its_hours_out_of_the_night_and_leaves_the_rest() -> None:
    night = hours(Schedule(opens_at="18:00", closes_at="08:00"))
    curfew = entry(Calendar.CURFEW, ("22:00", "05:00"))

    answers = {hour: intake(night, (curfew,), at(THURSDAY, hour)).state for hour in (4, 5, 7, 12, 19, 21, 22, 23)}
    assert answers == {4: CLOSED, 5: OPEN, 7: OPEN, 12: CLOSED, 19: OPEN, 21: OPEN, 22: CLOSED, 23: CLOSED}
    assert intake(night, (curfew,), at(THURSDAY, 23)).rule == Rule(RuledBy.CALENDAR, entry_id="curfew")
    found = next_open(night, (curfew,), at(THURSDAY, 23))
    assert found is not None
    assert (found.opens, found.closes) == (at(FRIDAY, 5), at(FRIDAY, 8))


def test_unknown_hours_are_unknown_and_a_closure_closes_them() -> None:
    unread = Schedule(rrule="FREQ=SECONDLY", opens_at="09:00", closes_at="17:00")

    assert intake(hours(), (), at(SUNDAY, 10)) == Answer(UNKNOWN, Rule(RuledBy.NO_HOURS))
    assert intake(hours(unread), (), at(SUNDAY, 10)) == Answer(UNKNOWN, Rule(RuledBy.NOT_READ, 0))
    assert intake(hours(unread, OFFICE), (), at(SUNDAY, 10)).state is OPEN  # one that is read says so
    assert intake(Timetable(schedules=(OFFICE,), zone="Nowhere/Town"), (), at(SUNDAY, 10)).state is UNKNOWN
    assert intake(hours(), (entry(Calendar.CLOSURE),), at(SUNDAY, 10)).state is CLOSED
    assert next_open(hours(unread), (), at(SUNDAY, 10)) is None
    assert add_working_time(hours(), (), at(SUNDAY, 10), MINUTE) is None
    for far in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        assert intake(hours(OFFICE), (), far).state is UNKNOWN


def test_announcements_are_for_a_country_and_an_area() -> None:
    area = entry(Calendar.CLOSURE, h3_cell="84384b1ffffffff")  # resolution 4, not around the cell below
    around = entry(Calendar.CLOSURE, h3_cell="83384bfffffffff")
    finer = entry(Calendar.CLOSURE, h3_cell=TRIPOLI_CELL)

    assert applying([RAMADAN], "LY", "") == (RAMADAN,)
    assert applying([RAMADAN], "TN", "") == ()
    assert applying([area], "LY", TRIPOLI_CELL) == ()
    assert applying([around, finer], "LY", TRIPOLI_CELL) == (around, finer)
    # R16: of a confidential site only a coarse cell is known: whether it is inside is not
    (unsure,) = applying([finer], "LY", "83384bfffffffff")
    assert not unsure.is_sure
    assert intake(hours(OFFICE), (unsure,), at(SUNDAY, 10)).state is UNKNOWN
    assert applying([finer], "LY", "")[0].is_sure is False


def test_an_announcement_that_was_taken_back_is_none() -> None:
    back = entry(Calendar.CLOSURE, last_day=date(2026, 2, 21))

    assert intake(hours(OFFICE), (back,), at(SUNDAY, 10)).state is OPEN


def test_weekends_are_those_of_the_country() -> None:
    assert weekend_of("LY") == ("FR", "SA")
    assert weekend_of("MA") == ("SA", "SU")
    assert working_days("EG") == ("SU", "MO", "TU", "WE", "TH")
    assert working_days("IR") == ("SA", "SU", "MO", "TU", "WE", "TH")


def test_r46_clocks_run_in_the_working_time_of_the_country_where_nobody_has_said_more() -> None:
    office = default_hours("LY", "Africa/Tripoli")

    due = add_working_time(office, (), at(THURSDAY, 13), 8 * 60 * MINUTE)
    assert due == at((2026, 3, 1), 13)  # over Friday and Saturday to Sunday
    assert add_working_time(office, (RAMADAN,), at(THURSDAY, 13), 60 * MINUTE) == at(THURSDAY, 14)
    assert add_working_time(office, (RAMADAN,), at(THURSDAY, 13), 61 * MINUTE) == at((2026, 3, 1), 9, 1)


def test_the_next_opening_is_told_with_its_end() -> None:
    found = next_open(hours(OFFICE), (), at(FRIDAY, 10))

    assert found is not None
    assert (found.opens, found.closes, found.rule) == (
        at((2026, 3, 1), 9),
        at((2026, 3, 1), 17),
        Rule(RuledBy.SCHEDULE, 0),
    )
