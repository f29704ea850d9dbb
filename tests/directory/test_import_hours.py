"""Hours of OpenStreetMap: read where they are simple, left out whole where they are not."""

import pytest

from services.directory.importing.hours import schedules_of


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("24/7", [("", "00:00", "24:00")]),
        ("Mo-Fr 08:00-17:00", [("MO,TU,WE,TH,FR", "08:00", "17:00")]),
        ("Sa-Th 09:00-18:00", [("SA,SU,MO,TU,WE,TH", "09:00", "18:00")]),
        ("Mo-Su 09:00-00:30", [("", "09:00", "00:30")]),
        ("09:00-13:00,16:00-20:00", [("", "09:00", "13:00"), ("", "16:00", "20:00")]),
        ("Sa-Th 10:00-22:00; Fr 17:00-22:00", [("SA,SU,MO,TU,WE,TH", "10:00", "22:00"), ("FR", "17:00", "22:00")]),
        ("Mo-Fr 09:00-20:00; Sa,Su off", [("MO,TU,WE,TH,FR", "09:00", "20:00")]),
    ],
)
def test_simple_hours_are_read(text: str, read: list[tuple[str, str, str]]) -> None:
    schedules = schedules_of(text)

    assert schedules is not None
    days = [each.rrule.removeprefix("FREQ=WEEKLY;BYDAY=") for each in schedules]
    assert [(day, each.opens_at, each.closes_at) for day, each in zip(days, schedules, strict=True)] == read


@pytest.mark.parametrize(
    "text",
    [
        "Sa-Th",
        "8:00+",
        "Mo-Fr 9:00+",
        "8h",
        "08:30 à 00:00",
        "212523402122",
        "Mo-Fr 08:00-17:00; PH off",
        "Mo-Fr 08:00-17:00; Fr 09:00-12:00",
        "Sa-Th 09:00-12:00; Fr",
        "Mo-Fr 25:00-26:00",
        "Mo-Fr 08:00-08:00",
        "Mo-Fr 08:00-17:00 || 'on appointment'",
        "",
    ],
)
def test_what_is_not_simple_is_left_out_whole(text: str) -> None:
    assert schedules_of(text) is None
