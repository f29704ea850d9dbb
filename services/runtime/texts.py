"""Finds the one character that no text may have: NUL, which PostgreSQL cannot keep."""

from typing import Final

from google.protobuf.message import Message

WRITTEN: Final = r"\000"  #: how protobuf writes it for people


def path_of_nul(message: Message) -> str | None:
    """
    Find the first text of a message that has a NUL character.

    Returns:
        The path of the field, for example `needs[0].code`; None if no text has one. Bytes may have it.
    """
    # written as text in one call: to walk through a message costs four times as much
    return _path_of_nul(message) if WRITTEN in str(message) else None


def _path_of_nul(message: Message) -> str | None:
    for field, value in message.ListFields():
        for index, part in enumerate(value if field.is_repeated else [value]):
            here = f"{field.name}[{index}]" if field.is_repeated else field.name
            if isinstance(part, Message):
                inner = _path_of_nul(part)
                if inner is not None:
                    return f"{here}.{inner}"
            elif isinstance(part, str) and "\0" in part:
                return here
    return None
