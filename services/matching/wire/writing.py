"""Write the fields of a message as bytes, one after another: as protobuf writes them, without making the message."""

from datetime import datetime
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from services.matching.index.stamping import time_to_bytes
from services.matching.index.times import microseconds

_SEVEN_BITS: Final = 0x7F
_FOURTEEN_BITS: Final = 0x3FFF
_MORE: Final = 0x80
_NUMBER, _FIXED, _LENGTH_DELIMITED = 0, 1, 2  #: wire types: a varint, eight bytes, a text or a message
_WIRE_TYPES: Final = {
    FieldDescriptor.TYPE_DOUBLE: _FIXED,
    FieldDescriptor.TYPE_STRING: _LENGTH_DELIMITED,
    FieldDescriptor.TYPE_MESSAGE: _LENGTH_DELIMITED,
}
SECONDS: Final = b"\x08"  #: the first field of a time and of a duration


#: numbers of seven bits and of fourteen, as most are: lengths and counts
_SHORT: Final = (
    *[bytes((number,)) for number in range(_MORE)],
    *[bytes((number & _SEVEN_BITS | _MORE, number >> 7)) for number in range(_MORE, _FOURTEEN_BITS + 1)],
)
_SHORT_END: Final = len(_SHORT)
#: the lowest fourteen bits of a longer number
_LOWEST: Final = tuple(
    bytes((number & _SEVEN_BITS | _MORE, number >> 7 | _MORE)) for number in range(_FOURTEEN_BITS + 1)
)


def varint(number: int) -> bytes:
    """Write a number that is not negative."""
    if number < _SHORT_END:
        return _SHORT[number]
    return _LOWEST[number & _FOURTEEN_BITS] + varint(number >> 14)


def tag_of(message: Any, field: str) -> bytes:
    """Write the tag of a field, by its number and type."""
    found = message.DESCRIPTOR.fields_by_name[field]
    return varint(found.number << 3 | _WIRE_TYPES.get(found.type, _NUMBER))


def inside(tag: bytes, content: bytes) -> bytes:
    """Write a message, or a text in UTF-8, as a field."""
    return tag + varint(len(content)) + content


def text(tag: bytes, value: str) -> bytes:
    """Write a text; an empty one is not written."""
    return inside(tag, value.encode()) if value else b""


def number(tag: bytes, value: int) -> bytes:
    """Write a number that is not negative, or the number of an enum's value; 0 is not written."""
    return tag + varint(value) if value else b""


def time(tag: bytes, value: datetime | None) -> bytes:
    """Write a time, to the microsecond; None is not written."""
    return b"" if value is None else tag + time_to_bytes(microseconds(value))
