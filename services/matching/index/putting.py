"""Parts of compiled passes that put bytes behind each other, as protobuf does."""

from typing import Any, Final, NamedTuple

import numpy as np
from numba.core import types

from services.matching.index.arena import Bytes
from services.matching.index.bits import Rows
from services.matching.index.compiling import part

_LARGEST_BYTE: Final = 127  #: of a number that is written in groups of seven bits


class Pieces(NamedTuple):
    """Bytes below each other, by number."""

    bytes: Bytes
    ends: Rows  #: where those of each begin, and at last the end


BYTES: Final = types.Array(types.uint8, 1, "C", readonly=True)
#: as two arguments of a pass: a tuple of arrays is told apart far later
PIECES: Final = BYTES, types.int64[::1]


@part
def size_of(number: Any) -> int:
    """Say how many bytes a number takes."""
    size, left = 1, np.uint64(number)
    while left > np.uint64(_LARGEST_BYTE):
        left >>= np.uint64(7)
        size += 1
    return size


@part
def put_number(out: Bytes, at: int, number: Any) -> int:
    """Put a number behind so many bytes, and say where it ends."""
    left = np.uint64(number)
    while left > np.uint64(_LARGEST_BYTE):
        out[at] = np.uint8(left & np.uint64(_LARGEST_BYTE)) | np.uint8(128)
        left >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(left)
    return at + 1


@part
def put(out: Bytes, at: int, source: Bytes, begin: int, end: int) -> int:
    """Copy bytes behind so many others, and say where they end."""
    # numbers without a sign: for others each byte is first looked for from the end, and copied alone
    first, source_first = np.uint64(at), np.uint64(begin)
    for place in range(np.uint64(end - begin)):
        out[first + place] = source[source_first + place]
    return at + end - begin
