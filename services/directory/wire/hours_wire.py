"""Days, spans of hours and exceptions on the wire."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import HoursException, SchedulePurpose, each_inside, refuse
from services.directory.wire.words_wire import SCHEDULE_PURPOSE
from services.hours import ClockSpan

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_RULE: Final = "must be a day YYYY-MM-DD"


def day_from_wire(field: str, text: str) -> date | None:
    """
    Read a day; None if it is empty.

    Raises:
        InvalidInput: it is none.
    """
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise refuse(field, _RULE)


def needed_day(field: str, text: str) -> date:
    """Read a day that must be given."""
    day = day_from_wire(field, text)
    if day is None:
        raise refuse(field, _RULE)
    return day


def purpose_from_wire(number: int) -> SchedulePurpose | None:
    """Read which hours are meant; None: both."""
    return SCHEDULE_PURPOSE.read("purpose", number) if number else None


def purpose_to_wire(purpose: SchedulePurpose | None) -> Any:
    return SCHEDULE_PURPOSE.write(purpose) if purpose else pb.SCHEDULE_PURPOSE_UNSPECIFIED


def spans_from_wire(spans: Iterable[pb.ClockSpan]) -> tuple[ClockSpan, ...]:
    return each_inside("spans", lambda each: ClockSpan(each.opens_at, each.closes_at), spans)


def spans_to_wire(spans: Iterable[ClockSpan]) -> list[pb.ClockSpan]:
    return [pb.ClockSpan(opens_at=each.opens_at, closes_at=each.closes_at) for each in spans]


def exception_from_wire(exception: pb.HoursException) -> HoursException:
    return HoursException(
        first_day=needed_day("first_day", exception.first_day),
        last_day=needed_day("last_day", exception.last_day),
        purpose=purpose_from_wire(exception.purpose),
        spans=spans_from_wire(exception.spans),
    )


def exception_to_wire(exception: HoursException) -> pb.HoursException:
    return pb.HoursException(
        first_day=exception.first_day.isoformat(),
        last_day=exception.last_day.isoformat(),
        purpose=purpose_to_wire(exception.purpose),
        spans=spans_to_wire(exception.spans),
    )
