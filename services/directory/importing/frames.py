"""What the reader of untrusted files and the process that asked for it say to each other: small frames over pipes."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from services.errors import InvalidInput, Reason, Violation

LENGTH_BYTES: Final = 4
HEAD_BYTES: Final = 1 + LENGTH_BYTES
MOST_BYTES: Final = 1_048_576  #: of one frame

HEADER: Final = b"H"  #: JSON: what is imported; once, when every file is known to be one
ROWS: Final = b"R"  #: a message ImportProvidersRequest
REFUSED: Final = b"X"  #: JSON: why the files cannot be read; the last
DONE: Final = b"D"  #: the last


class Frame(NamedTuple):
    """One frame."""

    kind: bytes
    content: bytes


def head_of(kind: bytes, content: bytes) -> bytes:
    """Write what stands before a frame's content."""
    return kind + len(content).to_bytes(LENGTH_BYTES, "big")


def length_in(head: bytes) -> int:
    """Read how long a frame's content is."""
    return int.from_bytes(head[1:], "big")


def refused_to_json(error: InvalidInput) -> bytes:
    """Write why files cannot be read."""
    fields = [[each.field, each.rule] for each in error.fields]
    return json.dumps({"message": error.message, "reason": error.reason, "fields": fields}).encode()


def refused_from_json(content: bytes) -> InvalidInput:
    """Read it."""
    told: Mapping[str, Any] = json.loads(content)
    fields = [Violation(field, rule) for field, rule in told["fields"]]
    return InvalidInput(told["message"], reason=Reason(told["reason"]), fields=fields)
