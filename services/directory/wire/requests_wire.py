"""What requests have in common: nothing unknown in them, ids, masks, pages, and a digest to recognise repeats by."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice
from typing import Any, Final, Protocol

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from services.directory.model import refuse
from services.errors import InvalidInput, Reason

DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 500
#: bytes of records in one answer, well below what the transport carries
MAX_PAGE_BYTES: Final = 524_288
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Paged(Protocol):
    """A request for a page."""

    page_size: int
    page_token: str


def refuse_unknown(request: Message) -> None:
    """
    Refuse a message with fields that this server does not know, at any depth.

    Raises:
        InvalidInput: there are some (UNKNOWN_FIELD): a filter that is not
            understood must not widen an answer.
    """
    size = request.ByteSize()
    request.DiscardUnknownFields()
    if request.ByteSize() != size:
        raise InvalidInput("message must have no field that this server does not know", reason=Reason.UNKNOWN_FIELD)


def request_id_of(request: Any) -> str:
    """Read the request id of a command."""
    if not _REQUEST_ID.fullmatch(request.request_id):
        raise refuse("request_id", "must be 1 to 64 printable ASCII characters without blanks")
    return str(request.request_id)


def digest_of(request: Message) -> bytes:
    """Digest a command without its request id; the door must be closed before (`close_door`)."""
    body = type(request)()
    body.CopyFrom(request)
    body.ClearField("request_id")
    return hashlib.sha256(request.DESCRIPTOR.full_name.encode() + b"\0" + canonical(body)).digest()


def canonical(message: Message) -> bytes:
    """Write a message so that equal ones have equal bytes."""
    return message.SerializeToString(deterministic=True)


def is_record_id(text: str) -> bool:
    """Say whether a text can be the id of a record; another is of no record, which is no fault of form."""
    return _UUID.fullmatch(text) is not None


def apply_mask(target: Message, source: Message, mask: FieldMask, server_set: Collection[str]) -> frozenset[str]:
    """
    Give a message the fields of another that a mask names; a field that is empty there becomes empty here.

    Returns:
        The names of the fields.

    Raises:
        InvalidInput: the mask names nothing, or a field that does not exist or
            that the server sets; each is named by its position in the mask.
    """
    names = mask_names(target, mask, server_set)
    chosen = type(source)()
    chosen.CopyFrom(source)
    keep_only(chosen, names)
    for name in names:
        target.ClearField(name)
    target.MergeFrom(chosen)
    return names


def mask_names(message: Message, mask: FieldMask, server_set: Collection[str]) -> frozenset[str]:
    """Read a mask of top-level fields; raises as `apply_mask`."""
    if not mask.paths:
        raise refuse("update_mask", "must name at least one field")
    for index, path in enumerate(mask.paths):
        if path not in message.DESCRIPTOR.fields_by_name:
            raise refuse(f"update_mask.paths[{index}]", "must be a top-level field of the record", Reason.UNKNOWN_FIELD)
        if path in server_set:
            raise refuse(f"update_mask.paths[{index}]", "must not be a field that the server sets")
    return frozenset(mask.paths)


def keep_only(message: Message, names: Collection[str]) -> None:
    """Empty every field but these."""
    for field in message.DESCRIPTOR.fields:
        if field.name not in names:
            message.ClearField(field.name)


def refuse_server_set(path: str, message: Message, server_set: Collection[str]) -> None:
    """Refuse a new record that brings what the server sets."""
    for field, _ in message.ListFields():
        if field.name in server_set:
            raise refuse(f"{path}.{field.name}", "must not be given: the server sets it")


def page_size_of(request: Paged) -> int:
    if not 0 <= request.page_size <= MAX_PAGE_SIZE:
        raise refuse("page_size", f"must be in [0, {MAX_PAGE_SIZE}]")
    return request.page_size or DEFAULT_PAGE_SIZE


def fitting(docs: Iterable[bytes], size: int) -> int:
    """Say how many records go into one answer: at most `size`, fewer if they are very large, one at least."""
    count, room = 0, MAX_PAGE_BYTES
    for doc in islice(docs, size):
        room -= len(doc)
        if room < 0 and count:
            break
        count += 1
    return count


def page_token_for(request: Message, position: list[Any]) -> str:
    """Write where a page ended; the token is of no use with other conditions."""
    text = json.dumps([_conditions(request), *position], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def page_position(request: Message, kinds: tuple[type, ...]) -> list[Any] | None:
    """
    Read where the page before ended, or None for the first page.

    Args:
        request: The request, with the token and the same conditions as before.

        kinds: The types of the position's parts; a `str` at the end is a record's id.

    Raises:
        InvalidInput: the token is not one that this server gave for these conditions.
    """
    token: str = request.page_token  # type: ignore[attr-defined]
    if not token:
        return None
    fault = refuse("page_token", "must be of the page before, with the same conditions")
    try:
        parts = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise fault from None
    if not isinstance(parts, list) or len(parts) != len(kinds) + 1 or parts[0] != _conditions(request):
        raise fault
    position = parts[1:]
    if not all(type(part) is kind for part, kind in zip(position, kinds, strict=True)):
        raise fault
    if not is_record_id(position[-1]) or any("\0" in part for part in position if isinstance(part, str)):
        raise fault
    return position


def time_in_token(text: str) -> datetime:
    """Read a time of a page token; raises InvalidInput if it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise refuse("page_token", "must be of the page before, with the same conditions")
    return time


def _conditions(request: Message) -> str:
    conditions = type(request)()
    conditions.CopyFrom(request)
    conditions.ClearField("page_token")
    conditions.ClearField("page_size")
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + b"\0" + canonical(conditions)).hexdigest()[:16]
