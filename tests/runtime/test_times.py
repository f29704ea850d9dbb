"""Times on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from ihala.matching.v1 import matching_pb2
from services.runtime.times import time_of, time_to_wire

ANY_TIME = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- `timezones` gives it


@given(ANY_TIME)
def test_a_time_comes_back_as_it_went(time: datetime) -> None:
    request = matching_pb2.FindMatchesRequest(when_time=time_to_wire(time))

    assert time_of(request, "when_time") == time


@given(ANY_TIME, st.integers(-23, 23))
def test_a_time_is_the_same_in_every_zone(time: datetime, hours: int) -> None:
    there = time.astimezone(timezone(timedelta(hours=hours)))

    assert time_to_wire(there) == time_to_wire(time)


def test_what_has_no_time_stays_absent() -> None:
    request = matching_pb2.FindMatchesRequest(when_time=time_to_wire(None))

    assert time_of(request, "when_time") is None


def test_a_time_beyond_the_years_is_refused() -> None:
    with pytest.raises(ValueError, match="Seconds"):
        time_of(matching_pb2.FindMatchesRequest(when_time=Timestamp(seconds=10**15)), "when_time")
