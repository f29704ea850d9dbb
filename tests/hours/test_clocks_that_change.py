"""R48, R46: hours and working time are those of the clock on the wall, through every change of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.hours import Schedule, State, Timetable, add_working_time, intake, moment, next_open, working_time, zone
from tests.hours.clocks import DAY, MINUTE, WEEK, open_minutes, utc

#: moments shortly before which, or after which, the clocks of a place change
CHANGES = [
    ("Africa/Casablanca", utc(2026, 2, 15, 2)),  # Ramadan begins: an hour back
    ("Africa/Casablanca", utc(2026, 3, 22, 2)),  # and ends
    ("Africa/Casablanca", utc(2030, 1, 6, 2)),
    ("Europe/Rome", utc(2026, 3, 29, 1)),
    ("Europe/Rome", utc(2026, 10, 25, 1)),
    ("Africa/Cairo", utc(2026, 4, 23, 22)),
    ("Africa/Cairo", utc(2026, 10, 29, 21)),  # midnight goes back to 23:00
    ("Asia/Amman", utc(2021, 3, 25, 22)),  # midnight is skipped
    ("Asia/Amman", utc(2021, 10, 28, 22)),
    ("Asia/Amman", utc(2022, 10, 27, 21)),  # summer time for good
    ("Africa/Tripoli", utc(2013, 3, 29, 0)),
    ("America/St_Johns", utc(2010, 11, 7, 2, 31)),  # 00:01 goes back to the day before
    ("Pacific/Apia", utc(2011, 12, 30, 10)),  # a whole day is skipped
    ("Africa/Tripoli", utc(2026, 5, 1)),  # no change at all
]

clocks = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from([0, 1, 15, 30]))
rules = st.lists(st.sampled_from(WEEK), min_size=1, unique=True).map(lambda days: f"FREQ=WEEKLY;BYDAY={','.join(days)}")
schedules = st.builds(
    Schedule,
    rrule=st.one_of(st.just(""), rules),
    opens_at=clocks,
    closes_at=st.one_of(clocks, st.just("24:00")),
)
timetables = st.lists(schedules, min_size=1, max_size=3).map(tuple)


@settings(max_examples=25, deadline=None)
@given(change=st.sampled_from(CHANGES), said=timetables)
def test_r48_open_is_what_somebody_under_the_clock_sees(
    change: tuple[str, datetime], said: tuple[Schedule, ...]
) -> None:
    where, about = change
    begin, end = about - timedelta(hours=27), about + timedelta(hours=27)
    timetable = Timetable(schedules=said, zone=where)
    seen = set(open_minutes(said, where, begin, end))

    for number in range(int((end - begin) / MINUTE)):
        at = begin + number * MINUTE
        assert (intake(timetable, (), at).state is State.OPEN) == (at in seen), at


@settings(max_examples=25, deadline=None)
@given(change=st.sampled_from(CHANGES), said=timetables, start=st.integers(0, 1500), length=st.integers(1, 2000))
def test_r46_working_time_is_the_minutes_that_are_open(
    change: tuple[str, datetime], said: tuple[Schedule, ...], start: int, length: int
) -> None:
    where, about = change
    begin, end = about - DAY + start * MINUTE, about + 3 * DAY
    timetable = Timetable(schedules=said, zone=where)
    seen = list(open_minutes(said, where, begin, end))
    due = add_working_time(timetable, (), begin, length * MINUTE)

    assert working_time(timetable, (), begin, end) == len(seen) * MINUTE
    if len(seen) >= length:
        assert due == seen[length - 1] + MINUTE
    else:
        assert due is None or due > end


@settings(max_examples=25, deadline=None)
@given(change=st.sampled_from(CHANGES), said=timetables, start=st.integers(0, 1500))
def test_the_next_opening_is_the_first_minute_that_is_open(
    change: tuple[str, datetime], said: tuple[Schedule, ...], start: int
) -> None:
    where, about = change
    begin = about - DAY + start * MINUTE
    seen = next(open_minutes(said, where, begin, about + 3 * DAY), None)
    found = next_open(Timetable(schedules=said, zone=where), (), begin)

    if seen is not None:
        assert found is not None
        assert found.opens == seen


@given(
    start=st.datetimes(min_value=datetime(2026, 2, 1), max_value=datetime(2026, 4, 30)),  # noqa: DTZ001 -- made aware below
    first=st.integers(0, 3000),
    second=st.integers(0, 3000),
)
def test_r46_a_clock_may_be_stopped_and_run_on(start: datetime, first: int, second: int) -> None:
    office = Schedule(rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", opens_at="09:00", closes_at="17:00")
    timetable = Timetable(schedules=(office,), zone="Africa/Casablanca")
    begun = start.replace(tzinfo=zone("UTC"))
    halfway = add_working_time(timetable, (), begun, first * MINUTE)
    assert halfway is not None

    assert add_working_time(timetable, (), halfway, second * MINUTE) in {
        add_working_time(timetable, (), begun, (first + second) * MINUTE),
        halfway,  # nothing to run: where it stands
    }


@pytest.mark.parametrize(
    ("where", "day", "clock", "expected"),
    [
        ("Europe/Rome", (2026, 3, 29), "02:30", utc(2026, 3, 29, 1)),  # skipped: the moment of the skip
        ("Europe/Rome", (2026, 10, 25), "02:30", utc(2026, 10, 25, 0, 30)),  # comes twice: the first
        ("Africa/Cairo", (2026, 10, 29), "24:00", utc(2026, 10, 29, 22)),  # after 23:00 to 24:00 came twice
        ("Africa/Casablanca", (2026, 2, 14), "09:00", utc(2026, 2, 14, 8)),
        ("Africa/Casablanca", (2026, 2, 20), "09:00", utc(2026, 2, 20, 9)),  # in Ramadan
        ("Pacific/Apia", (2011, 12, 30), "12:00", utc(2011, 12, 30, 10)),  # a day that never was
    ],
)
def test_a_time_on_the_wall_is_one_moment(
    where: str, day: tuple[int, int, int], clock: str, expected: datetime
) -> None:
    assert moment(datetime(*day).date(), clock, zone(where)) == expected  # noqa: DTZ001 -- a day


def test_r48_zones_are_those_of_the_locked_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONTZPATH", "/nowhere")

    zone.cache_clear()
    assert str(zone("Africa/Tripoli")) == "Africa/Tripoli"
    for name in ("../secret", "/etc/localtime", "Nowhere/Town", ""):
        with pytest.raises(ValueError, match="not a time zone"):
            zone(name)
