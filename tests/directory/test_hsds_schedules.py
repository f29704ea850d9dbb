"""Schedules of HSDS read as recurrences, and written as they are read."""

from datetime import date
from typing import Any

import pytest

from services.directory.hsds.schedules import schedule_rows, schedules_of
from services.directory.hsds.ways import Remarks, Ways
from services.directory.model import Schedule
from services.hours import Calendar


def schedule(**row: Any) -> tuple[Schedule, ...]:
    return schedules_of([{"id": "1", "opens_at": "09:00", "closes_at": "17:00:00", **row}], Ways(), Remarks())


def test_schedules_are_read_as_recurrences_or_not_at_all() -> None:
    assert schedule(freq="WEEKLY", byday="SU, MO")[0].rrule == "FREQ=WEEKLY;BYDAY=SU,MO"
    assert (
        schedule(freq="WEEKLY", byday="SU", interval=2, dtstart="2026-01-04")[0].rrule
        == "FREQ=WEEKLY;BYDAY=SU;INTERVAL=2"
    )
    assert schedule(valid_from="2026-01-01", valid_to="2026-01-31", timezone=2)[0].valid.start_time is not None
    # counted from no first day; both an end and a count; weeks of a weekly rule; no such time
    assert schedule(freq="WEEKLY", byday="SU", interval=2) == ()
    assert schedule(freq="WEEKLY", count=3, until="2026-01-04", dtstart="2026-01-04") == ()
    assert schedule(freq="WEEKLY", byweekno="41") == ()
    # which day of the month? parts of no rule; never; finer than days; counted longer than anybody plans
    assert schedule(freq="MONTHLY") == ()
    assert schedule(interval=2, dtstart="2026-01-04") == ()
    assert schedule(freq="MONTHLY", bymonthday="32") == ()
    assert schedule(freq="HOURLY") == ()
    assert schedule(freq="WEEKLY", byday="SU", count=1_000_000, dtstart="2026-01-04") == ()
    assert schedule(opens_at="nine") == ()


@pytest.mark.parametrize(
    ("rrule", "first_day"),
    [
        ("FREQ=WEEKLY;BYDAY=SU,MO", None),
        ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20261231", None),
        ("FREQ=WEEKLY;BYDAY=SU;INTERVAL=2;COUNT=10;WKST=SU", date(2026, 1, 4)),
        ("FREQ=MONTHLY;BYDAY=1SU,-1SU", None),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", None),
        ("FREQ=MONTHLY;INTERVAL=3", date(2026, 1, 31)),
    ],
)
def test_schedules_are_written_as_they_are_read(rrule: str, first_day: date | None) -> None:
    told = Schedule(rrule=rrule, first_day=first_day, opens_at="22:00", closes_at="06:00")

    assert schedules_of(list(schedule_rows("p", (told,))), Ways(), Remarks()) == (told,)


def test_hours_of_ramadan_are_not_written_as_ordinary_ones() -> None:
    ramadan = Schedule(rrule="FREQ=WEEKLY;BYDAY=SU", opens_at="10:00", closes_at="14:00", calendar=Calendar.RAMADAN)

    assert list(schedule_rows("p", (ramadan,))) == []
