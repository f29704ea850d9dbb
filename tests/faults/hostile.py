"""
Bodies that mean harm: what strangers, and software that is broken or taken over, send to methods.

Rules of this file: everything comes from dice with a seed; messages fit the size that a service takes.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

SECRET: Final = "12 Elm Street ZQX-7"  #: stands in every text, and must be found nowhere
MARK: Final = "ZQX-7"  #: what is searched for
MANY: Final = 100_000
DEEP: Final = 1_000
LONG: Final = SECRET + "a" * 100_000
TEXTS: Final = (
    SECRET,
    f"{SECRET}\0after",
    f"\u202e{SECRET}\u2066\u200f",
    f"{SECRET}'); DROP TABLE referrals.referral; --",
    f"{SECRET}%s%n%(name)s{{0.__class__}}${{jndi:ldap://127.0.0.1/a}}",
    f"<script>alert('{SECRET}')</script>",
    f"{SECRET}\r\nSet-Cookie: a=b\r\n\r\n",
    f"../../../../etc/passwd?{SECRET}",
    f"=cmd|'/c {SECRET}'!A1",
    f"{SECRET}\ufeff\ufffe\U0010ffff",
    "\u0301" * 500 + SECRET,
)
#: what passes the first look of most rules, so that the second is met too
PLAUSIBLE: Final = ("", "en", "LY", "1", "a" * 64, "2026-01-31", "08:00", "geonames:2210247", "Africa/Tripoli")
WHOLE: Final = (0, 1, 2, 3, -1, 100, 2**31 - 1, -(2**31))
LARGE: Final = (*WHOLE, 2**63 - 1, -(2**63))
NUMBERS: Final = (0.0, 1.0, 32.9, -0.0, -91.0, 181.0, 1e308, 5e-324, float("nan"), float("inf"), float("-inf"))
SCALARS: Final[Mapping[int, Sequence[float]]] = {
    FieldDescriptor.CPPTYPE_BOOL: (False, True),
    FieldDescriptor.CPPTYPE_INT32: WHOLE,
    FieldDescriptor.CPPTYPE_INT64: LARGE,
    FieldDescriptor.CPPTYPE_DOUBLE: NUMBERS,
    FieldDescriptor.CPPTYPE_FLOAT: NUMBERS,
}
NO_MEMBER: Final = 9_999  #: of any enum


def a_message(kind: Descriptor, dice: random.Random) -> Message:
    """Make a message of a type, any of whose fields may mean harm."""
    message = GetMessageClass(kind)()
    share = dice.choice((0.3, 0.7, 1.0))
    for field in kind.fields:
        if dice.random() >= share:
            continue
        if field.is_repeated:
            getattr(message, field.name).extend(_value(field, dice) for _ in range(dice.choice((1, 1, 2, 8))))
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(_value(field, dice))
        else:
            setattr(message, field.name, _value(field, dice))
    return message


def _value(field: FieldDescriptor, dice: random.Random) -> Any:
    if field.message_type is not None:
        return a_message(field.message_type, dice)
    if field.enum_type is not None:
        return dice.choice([*(value.number for value in field.enum_type.values), NO_MEMBER])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return dice.randbytes(dice.choice((0, 1, 16, 400)))
    if field.type == FieldDescriptor.TYPE_STRING:
        return a_text(dice)
    return dice.choice(SCALARS[field.cpp_type])


def a_text(dice: random.Random) -> str:
    """Choose a text, seldom a long one."""
    die = dice.random()
    if die < 0.002:
        return LONG
    if die < 0.5:
        return dice.choice(TEXTS)
    return str(UUID(int=dice.getrandbits(128), version=4)) if die < 0.6 else dice.choice(PLAUSIBLE)


def garbage(dice: random.Random) -> bytes:
    """Make bytes that are hardly a message, with the secret among them."""
    return dice.randbytes(dice.randint(0, 200)) + SECRET.encode() + dice.randbytes(dice.randint(0, 200))


def deep(opens: bytes, closes: bytes = b"") -> bytes:
    """Put a message into itself as deep as no type of ours goes."""
    return opens * DEEP + closes * DEEP


def nested() -> bytes:
    """Put field 1 into field 1, a thousand deep, each with its length."""
    raw = SECRET.encode()
    for _ in range(DEEP):
        raw = b"\x0a" + _varint(len(raw)) + raw
    return raw


def crowded(kind: Descriptor) -> list[bytes]:
    """Make messages each of which has one list with a hundred thousand empty entries."""
    lists = [field for field in kind.fields if field.is_repeated]
    return [
        _tag(field) + _varint(MANY) + bytes(MANY) if field.is_packed else (_tag(field) + b"\0") * MANY
        for field in lists
    ]


def _tag(field: FieldDescriptor) -> bytes:
    length_follows = 2
    return _varint(field.number << 3 | length_follows)


def _varint(number: int) -> bytes:
    raw = b""
    while number > 0x7F:
        raw += bytes([number & 0x7F | 0x80])
        number >>= 7
    return raw + bytes([number])
