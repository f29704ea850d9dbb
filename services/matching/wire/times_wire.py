"""Times on the wire."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def time_of(message: Message, field: str) -> datetime | None:
    """Read a time that may be absent."""
    return time_from_wire(getattr(message, field)) if message.HasField(field) else None


def time_from_wire(message: Timestamp) -> datetime:
    return message.ToDatetime(tzinfo=UTC)


def time_to_wire(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
