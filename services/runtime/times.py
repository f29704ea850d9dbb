"""Times on the wire: read as they come, and written in one way."""

from datetime import UTC, datetime
from typing import Final, overload

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S: Final = 86_400
_NANOS_PER_MICRO: Final = 1000


def time_of(message: Message, field: str) -> datetime | None:
    """
    Read a time that may be absent.

    Raises:
        ValueError: It is not between the years 1 and 9999.
    """
    time: datetime | None = getattr(message, field).ToDatetime(tzinfo=UTC) if message.HasField(field) else None
    return time


@overload
def time_to_wire(time: datetime) -> Timestamp: ...
@overload
def time_to_wire(time: None) -> None: ...
def time_to_wire(time: datetime | None) -> Timestamp | None:
    """Write a time, which knows its zone; None stays absent."""
    if time is None:
        return None
    since = time - _EPOCH
    return Timestamp(seconds=since.days * _DAY_S + since.seconds, nanos=since.microseconds * _NANOS_PER_MICRO)
