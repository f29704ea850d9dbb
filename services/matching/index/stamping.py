"""Write times as protobuf does, compiled: every answer says others."""

from typing import Any, Final

import numpy as np
from numba.core import types

from services.matching.index.arena import Bytes
from services.matching.index.compiling import compiled, part
from services.matching.index.putting import put_number, size_of

_US_PER_S: Final = 1_000_000
_NS_PER_US: Final = 1000
SECONDS, _NANOS = 0x08, 0x10  #: the tags of both fields of a time; the first is that of a duration too
_MOST: Final = 18  #: bytes: a length, ten of seconds before 1970, five of nanoseconds, and the tags


@part
def time_size(time_us: int) -> int:
    """Say how many bytes a time takes, in microseconds since 1970; what is 0 is not written."""
    seconds, nanos = time_us // _US_PER_S, time_us % _US_PER_S * _NS_PER_US
    size = 0
    if seconds != 0:
        size += 1 + size_of(seconds)
    if nanos != 0:
        size += 1 + size_of(nanos)
    return size


@part
def put_time(out: Bytes, at: int, time_us: int) -> int:
    """Put a time behind so many bytes, and say where it ends."""
    seconds, nanos = time_us // _US_PER_S, time_us % _US_PER_S * _NS_PER_US
    if seconds != 0:
        out[at] = SECONDS
        at = put_number(out, at + 1, seconds)
    if nanos != 0:
        out[at] = _NANOS
        at = put_number(out, at + 1, nanos)
    return at


@compiled(types.int64(types.ByteArray(types.uint8, 1, "C"), types.int64))
def _put(out: Any, time_us: int) -> int:
    end = put_time(out, 1, time_us)
    out[0] = np.uint8(end - 1)
    return end


def time_to_bytes(time_us: int) -> bytearray:
    """Write a time, in microseconds since 1970, as it stands behind the tag of its field: its length before it."""
    out = bytearray(_MOST)  # sooner made and cut than an array
    return out[: _put(out, time_us)]
