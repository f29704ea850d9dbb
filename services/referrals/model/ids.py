"""What ids and references look like: opaque texts without order, at most 64 characters."""

import re
from typing import Final

from services.errors import InvalidInput

MAX_ID_LENGTH: Final = 64
#: what a case system may call its cases and persons, so that nobody's name or number fits by habit
CASE_REF: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
OPAQUE: Final = re.compile(r"[!-~]{1,64}", re.ASCII)


def checked_id(value: str, field: str) -> str:
    """
    Return an id or a request id as it came.

    Raises:
        InvalidInput: It is empty, too long, or has anything but visible ASCII.
    """
    if OPAQUE.fullmatch(value) is None:
        raise InvalidInput(f"{field} must be 1 to {MAX_ID_LENGTH} visible ASCII characters")
    return value


def checked_ref(value: str, field: str) -> str:
    """
    Return a sender's reference as it came.

    Raises:
        InvalidInput: It is not 1 to 64 of A-Z a-z 0-9 _ -.
    """
    if CASE_REF.fullmatch(value) is None:
        raise InvalidInput(f"{field} must be 1 to {MAX_ID_LENGTH} of A-Z a-z 0-9 _ -")
    return value
