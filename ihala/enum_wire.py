"""Translate enums and times between our words and the wire's, by their names."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from services.errors import InvalidInput, Reason

E = TypeVar("E", bound=Enum)


def number_of(wire_enum: Any, prefix: str, member: Enum | None) -> Any:
    """Return the wire's number of a member; None is the unspecified one."""
    return wire_enum.Value(f"{prefix}_{'UNSPECIFIED' if member is None else member.name}")


def numbers_of(wire_enum: Any, prefix: str, words: Sequence[str], field: str) -> list[Any]:
    """
    Return the wire's numbers of words in lower case.

    Raises:
        InvalidInput: there is no such word (UNKNOWN_CODE); the field is named with its position.
    """
    known = {name.removeprefix(f"{prefix}_").lower(): number for name, number in wire_enum.items()}
    del known["unspecified"]
    for place, word in enumerate(words):
        if word not in known:
            raise InvalidInput(f"{field}[{place}] must be one of {', '.join(known)}", reason=Reason.UNKNOWN_CODE)
    return [known[word] for word in words]


def word_of(wire_enum: Any, prefix: str, number: int) -> str:
    """Return the wire's name of a number in lower case without the prefix; empty if unspecified or newer than us."""
    try:
        word = str(wire_enum.Name(number))
    except ValueError:  # a newer server may know more
        return ""
    word = word.removeprefix(f"{prefix}_").lower()
    return "" if word == "unspecified" else word


def member_of(enum: type[E], wire_enum: Any, prefix: str, number: int) -> E | None:
    """Return our member of a wire's number; None if unspecified or newer than us."""
    word = word_of(wire_enum, prefix, number).upper()
    return enum[word] if word in enum.__members__ else None


def time_to_wire(time: datetime | None, field: str) -> Timestamp | None:
    """
    Write a time.

    Raises:
        InvalidInput: the time has no zone; the field is named.
    """
    if time is None:
        return None
    if time.tzinfo is None:
        raise InvalidInput(f"{field} must have a time zone")
    stamp = Timestamp()
    stamp.FromDatetime(time.astimezone(UTC))
    return stamp


def time_from_wire(message: Any, field: str) -> datetime | None:
    """Read a time, in UTC; None if the message does not have it."""
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    return stamp.ToDatetime(tzinfo=UTC)


def texts_from_wire(texts: Iterable[Any]) -> dict[str, str]:
    """Read texts by language; the first of a language stands."""
    found: dict[str, str] = {}
    for each in texts:
        found.setdefault(each.language, each.text)
    return found
