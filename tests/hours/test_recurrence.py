"""R48: recurrences are those of RFC 5545, and none keeps anybody waiting."""

import time
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from services.hours import check_rrule
from services.hours.recurrence import occurs

WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_S = 2.0  #: for a rule met for the first time, on a slow machine


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    each = st.integers(low, high).filter(bool)
    return st.lists(each, min_size=1, max_size=3, unique=True).map(lambda found: ",".join(map(str, found)))


days = st.lists(st.sampled_from(WEEK), min_size=1, max_size=4, unique=True).map(",".join)
numbered_days = st.builds(lambda number, day: f"{number}{day}", st.sampled_from([1, 2, -1, -2]), st.sampled_from(WEEK))


@st.composite
def rrules(draw: st.DrawFn) -> str:
    """Write a rule that has a day every few years at least: the plain walk goes on to the year 9999 for others."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    interval = draw(st.sampled_from([1, 1, 2, 3, 5]))
    parts = [f"FREQ={frequency}", f"INTERVAL={interval}"]
    months = draw(st.booleans()) and not (frequency == "MONTHLY" and interval > 1)
    parts += [f"BYMONTH={draw(numbers(1, 12))}"] if months else []
    by_number = frequency == "MONTHLY" or (frequency == "YEARLY" and months)
    which = draw(st.sampled_from(["", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"]))
    if which == "BYDAY":
        parts.append(f"BYDAY={draw(numbered_days if by_number and draw(st.booleans()) else days)}")
        parts += draw(st.sampled_from([[], ["BYSETPOS=1"], ["BYSETPOS=-1"]])) if frequency != "DAILY" else []
    elif which == "BYMONTHDAY" and frequency != "WEEKLY":
        parts.append(f"BYMONTHDAY={draw(numbers(-5, 28))}")
    elif frequency == "YEARLY" and not months and which in {"BYYEARDAY", "BYWEEKNO"}:
        parts.append(f"{which}={draw(numbers(-3, 52))}")
    parts += [f"WKST={draw(st.sampled_from(WEEK))}"]
    parts += draw(st.sampled_from([[], ["COUNT=5"], ["COUNT=12"], ["UNTIL=20240229"]]))
    return ";".join(parts)


@settings(max_examples=300, deadline=None)
@given(rrule=rrules(), start=st.dates(date(2018, 1, 1), date(2024, 12, 31)), later=st.integers(0, 1500))
def test_r48_days_are_those_of_a_walk_from_the_first(rrule: str, start: date, later: int) -> None:
    first = start + later * timedelta(days=1)
    last = first + timedelta(days=90)
    walked = rrulestr(rrule, dtstart=datetime.combine(start, datetime.min.time()))
    expected = {each.date() for each in walked.between(_midnight(first), _midnight(last), inc=True)}

    asked = [first + number * timedelta(days=1) for number in range(91)]
    assert {day for day in asked if occurs(rrule, start, day)} == expected


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=SECONDLY",
        "FREQ=HOURLY;INTERVAL=1",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=999999999",
        "FREQ=DAILY;COUNT=999999999999",
        "FREQ=DAILY;COUNT=3;UNTIL=20260101",
        "FREQ=DAILY;COUNT=3661",  # over ten years
        "FREQ=WEEKLY;INTERVAL=521",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",  # never
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-30",
        "FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=31",
        "FREQ=WEEKLY;BYDAY=MO;BYMONTH=2;BYSETPOS=5",
        "FREQ=MONTHLY;BYSETPOS=1",  # of which days?
        "FREQ=DAILY;BYSETPOS=1;BYDAY=MO",  # what RFC 5545 lets other frequencies have
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYYEARDAY=1",
        "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=-1",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=YEARLY;BYYEARDAY=367",
        "FREQ=WEEKLY;BYDAY=MO,MO",
        "FREQ=WEEKLY;WKST=NO",
        "FREQ=DAILY;UNTIL=20261301",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=WEEKLY;BYDAY=" + "MO," * 100,
        "BYDAY=MO",
        "=",
        "ALWAYS",
    ],
)
def test_what_is_no_recurrence_of_days_is_not_read(rrule: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check_rrule(rrule)


@pytest.mark.parametrize(
    ("rrule", "day"),
    [
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", date(2026, 2, 3)),  # never: the first day is a Thursday
        ("FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1", date(2026, 2, 1)),
        ("FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6", date(2026, 6, 1)),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", date(2026, 2, 1)),
        ("FREQ=DAILY;INTERVAL=3660;BYMONTH=2;BYMONTHDAY=29", date(2027, 2, 1)),
    ],
)
def test_a_rule_that_never_comes_true_is_known_to_be_closed_soon(rrule: str, day: date) -> None:
    begun = time.perf_counter()

    assert not occurs(rrule, date(1903, 1, 1), day)
    assert time.perf_counter() - begun < LONGEST_S


@pytest.mark.parametrize(
    ("rrule", "start", "day"),
    [
        ("FREQ=DAILY;COUNT=999999999", date(2000, 1, 1), date(2026, 1, 1)),  # nobody counts so far
        ("FREQ=YEARLY;COUNT=1000", date(2000, 1, 1), date(2026, 1, 1)),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", date(2000, 1, 1), date(2026, 1, 1)),
        ("FREQ=DAILY", date(1, 1, 1), date(9999, 12, 31)),
        ("FREQ=DAILY", date(1, 1, 1), date(1, 1, 1)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", None, date(2026, 1, 1)),  # which of the two weeks?
        ("FREQ=MONTHLY", None, date(2026, 1, 1)),
        ("FREQ=DAILY;COUNT=3", None, date(2026, 1, 1)),
    ],
)
def test_what_cannot_be_told_is_not_guessed_and_takes_no_time(rrule: str, start: date | None, day: date) -> None:
    begun = time.perf_counter()

    with pytest.raises(ValueError, match=r"\w"):
        occurs(rrule, start, day)
    assert time.perf_counter() - begun < LONGEST_S


weird_parts = st.one_of(
    st.builds("BYMONTH={}".format, numbers(1, 12)),
    st.builds("BYMONTHDAY={}".format, numbers(-31, 31)),
    st.builds("BYYEARDAY={}".format, numbers(-366, 366)),
    st.builds("BYWEEKNO={}".format, numbers(-53, 53)),
    st.builds("BYSETPOS={}".format, numbers(-366, 366)),
    st.builds("BYDAY={}".format, days | numbered_days),
    st.builds("INTERVAL={}".format, st.integers(1, 4000)),
    st.builds("COUNT={}".format, st.integers(1, 4000)),
    st.builds("WKST={}".format, st.sampled_from(WEEK)),
)


@settings(max_examples=300, deadline=None)
@given(
    frequency=st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    parts=st.lists(weird_parts, max_size=5, unique_by=lambda part: part.partition("=")[0]),
    first=st.dates(date(1903, 1, 1), date(2026, 12, 31)),
)
def test_r48_whatever_a_rule_says_it_is_refused_or_read_soon(frequency: str, parts: list[str], first: date) -> None:
    rrule = ";".join([f"FREQ={frequency}", *parts])
    begun = time.process_time()

    with suppress(ValueError):
        check_rrule(rrule)
        occurs(rrule, first, date(2026, 7, 1))

    assert time.process_time() - begun < LONGEST_S / 10


def test_why_a_rule_is_refused_never_says_what_it_holds() -> None:
    for secret in (
        "FREQ=DAILY;UNTIL=SECRET",
        "FREQ=SECRET",
        "FREQ=WEEKLY;BYDAY=SECRET",
        "SECRET=1",
        "FREQ=DAILY;SECRET=1",
    ):
        with pytest.raises(ValueError, match=r"^must ") as refused:
            check_rrule(secret)
        assert "SECRET" not in str(refused.value)


def test_weeks_that_alternate_are_counted_from_the_first_day() -> None:
    rrule, start = "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU", date(2026, 11, 1)

    assert [day for day in range(1, 31) if occurs(rrule, start, date(2026, 11, day))] == [1, 15, 29]


def test_an_end_counts_the_last_day() -> None:
    assert occurs("FREQ=DAILY;UNTIL=20261121", None, date(2026, 11, 21))
    assert not occurs("FREQ=DAILY;UNTIL=20261121", None, date(2026, 11, 22))
