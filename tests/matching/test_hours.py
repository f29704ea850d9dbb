"""Open on arrival (R48): in the provider's own zone, intake before opening, and unknown where nobody can say."""

from datetime import UTC, datetime

import pytest

from services.matching.constraints.hours import open_at
from services.matching.model.answer import OpenState
from services.matching.model.provider import Schedule
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
        ([hours("09:00", "17:00", "FREQ=MONTHLY;BYDAY=1MO")], SUNDAY_0700, UNKNOWN),
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
