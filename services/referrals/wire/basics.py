"""Times, enums and pages, as they stand in messages."""

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from ihala.referrals.v1 import referrals_pb2 as pb
from services.errors import InvalidInput
from services.referrals.model import OfferState, checked_id

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 500
CLOCK_LEEWAY: Final = timedelta(seconds=60)  #: how far apart the clocks of two machines are that are kept right
#: how far ahead the clock of a machine is at most that takes the time on the wall for UTC: no answer is lost for it
WRONG_ZONE: Final = timedelta(hours=14)

Code = TypeVar("Code", bound=StrEnum)


def enum_to_wire(kind: Any, value: StrEnum | None) -> Any:
    """Choose the number of a proto enum whose names are the enum's name and our value; 0 for None."""
    return 0 if value is None else kind.Value(f"{_prefix(kind)}_{value.upper()}")


def enum_from_wire(kind: Any, codes: type[Code], number: int, field: str) -> Code:
    """
    Read an enum that must be given.

    Raises:
        InvalidInput: It is unspecified, or unknown here.
    """
    if number == 0 or number not in kind.values():
        raise InvalidInput(f"{field} must be given, as a value of {kind.DESCRIPTOR.name}")
    return codes(kind.Name(number).removeprefix(f"{_prefix(kind)}_").lower())


def offer_state_from_wire(message: Any, name: str) -> OfferState:
    """
    Read a state of an offer that must be given.

    Raises:
        InvalidInput: It is unspecified, or unknown here.
    """
    return enum_from_wire(pb.OfferState, OfferState, getattr(message, name), name)


def optional_enum_from_wire(kind: Any, codes: type[Code], number: int, field: str) -> Code | None:
    """Read an enum that may be absent."""
    return None if number == 0 else enum_from_wire(kind, codes, number, field)


def _prefix(kind: Any) -> str:
    return str(kind.Name(0)).removesuffix("_UNSPECIFIED")


def time_from_wire(message: Any, name: str) -> datetime | None:
    """
    Read a time of a message; None if it is absent.

    Raises:
        InvalidInput: It is out of range.
    """
    if not message.HasField(name):
        return None
    try:
        time: datetime = getattr(message, name).ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{name} must be a time of this era") from error
    return time


def occurred_time(request: Any, now: datetime) -> datetime:
    """
    Read when an act happened in the world; now if it is absent, or if only a wrong clock can have said it.

    Raises:
        InvalidInput: It is further in the future than any clock could be wrong.
    """
    time = time_from_wire(request, "occurred_time") or now
    if time - now > WRONG_ZONE:
        raise InvalidInput("occurred_time must not be in the future")
    return min(time, now)


def request_id(request: Any) -> str:
    """Read the id by which a repeat is recognised."""
    return checked_id(request.request_id, "request_id")


def canonical(request: Any) -> bytes:
    """Write a request so that equal requests are equal bytes, with the name of its type."""
    name: str = request.DESCRIPTOR.full_name
    body: bytes = request.SerializeToString(deterministic=True)
    return name.encode() + b"\0" + body


def page_size(request: Any) -> int:
    """
    Read how many rows a page has.

    Raises:
        InvalidInput: It is out of range.
    """
    size: int = request.page_size
    if not 0 <= size <= MAX_PAGE:
        raise InvalidInput(f"page_size must be in [0, {MAX_PAGE}]")
    return size or DEFAULT_PAGE


def page_token(request: Any, time: datetime, last_id: str) -> str:
    """Write where the next page begins: after a key of the order, under the same filters."""
    text = json.dumps([_filters(request), time.isoformat(), last_id])
    return base64.urlsafe_b64encode(text.encode()).decode()


def page_start(request: Any) -> tuple[datetime, str] | None:
    """
    Read where a page begins; None for the first.

    Raises:
        InvalidInput: The token is not of this list and these filters.
    """
    if not request.page_token:
        return None
    try:
        filters, time, last_id = json.loads(base64.urlsafe_b64decode(request.page_token.encode()))
        start = datetime.fromisoformat(time), str(last_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidInput("page_token must be one that a page gave") from error
    if filters != _filters(request) or start[0].tzinfo is None:
        raise InvalidInput("page_token must be used with the filters of its page")
    return start


def _filters(request: Any) -> str:
    bare = type(request)()
    bare.CopyFrom(request)
    bare.page_token = ""
    bare.page_size = 0
    return hashlib.sha256(canonical(bare)).hexdigest()[:16]
