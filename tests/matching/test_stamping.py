"""Times that compiled code writes are those that protobuf writes."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from services.matching.index.stamping import time_to_bytes
from services.matching.index.times import microseconds
from tests.matching.samples import NOON


@given(st.datetimes(timezones=st.just(UTC)))
@example(NOON)
@example(datetime(1970, 1, 1, tzinfo=UTC))
@example(datetime(1970, 1, 1, microsecond=1, tzinfo=UTC))
@example(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
@example(datetime(1, 1, 1, microsecond=999_999, tzinfo=UTC))
def test_a_time_is_written_as_protobuf_writes_it(time: datetime) -> None:
    message = Timestamp()
    message.FromDatetime(time)

    written = message.SerializeToString()
    assert time_to_bytes(microseconds(time)) == bytes([len(written)]) + written
