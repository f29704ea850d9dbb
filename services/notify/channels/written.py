"""Read addresses as people write them, into the one form that is kept. Pure."""

import re
from typing import Final

from services.errors import InvalidInput
from services.notify.channels.egress_rules import host_of

LOCAL_PART: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
MAX_LOCAL_PART: Final = 64
TELEPHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
BETWEEN_DIGITS: Final = re.compile(r"[ ()./-]")


def read_mailbox(text: str) -> str:
    """
    Read a mail address.

    Raises:
        InvalidInput: it is none that mail servers everywhere take.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > MAX_LOCAL_PART or LOCAL_PART.fullmatch(local) is None:
        raise InvalidInput("address must be a mail address, as desk@example.org")
    try:
        host = host_of(domain)
    except InvalidInput:
        host = ""
    if "." not in host:
        raise InvalidInput("address must be a mail address, as desk@example.org")
    return f"{local}@{host}"


def read_telephone(text: str) -> str:
    """
    Read a telephone number with its country.

    Raises:
        InvalidInput: it is none.
    """
    number = BETWEEN_DIGITS.sub("", text.strip())
    if TELEPHONE.fullmatch(number) is None:
        raise InvalidInput("address must be a telephone number with its country, as +218911234567")
    return number
