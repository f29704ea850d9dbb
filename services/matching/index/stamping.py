"""Write a time as protobuf does, compiled: every answer says another, which took longer than to seal its token."""

from typing import Final

import numpy as np
from numba.core import types

from services.matching.index.arena import Bytes
from services.matching.index.compiling import compiled
from services.matching.index.putting import put_number

_US_PER_S: Final = 1_000_000
_NS_PER_US: Final = 1000
_SECONDS, _NANOS = 0x08, 0x10  #: the tags of both fields of a time
_MOST: Final = 17  #: bytes: ten of seconds before 1970, five of nanoseconds, and the tags
_BYTE: Final = np.dtype(np.uint8)


@compiled(types.int64(types.uint8[::1], types.int64))
def _put(out: Bytes, time_us: int) -> int:
    """Put seconds since 1970 and nanoseconds, what is 0 left out, and say where they end."""
    seconds, nanos = time_us // _US_PER_S, time_us % _US_PER_S * _NS_PER_US
    at = 0
    if seconds != 0:
        out[at] = _SECONDS
        at = put_number(out, at + 1, seconds)
    if nanos != 0:
        out[at] = _NANOS
        at = put_number(out, at + 1, nanos)
    return at


def time_to_bytes(time_us: int) -> bytes:
    """Write a time, in microseconds since 1970, as a `Timestamp`."""
    out = np.empty(_MOST, _BYTE)
    return out[: _put(out, time_us)].tobytes()
