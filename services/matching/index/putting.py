"""Parts of compiled passes that put bytes behind each other, as protobuf does."""

from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from services.matching.index.arena import Bytes
from services.matching.index.bits import Rows
from services.matching.index.compiling import part

_LARGEST_BYTE: Final = 127  #: of a number that is written in groups of seven bits


class Pieces(NamedTuple):
    """Bytes below each other, by number."""

    bytes: Bytes
    ends: Rows  #: where those of each begin, and at last the end


def below_each_other(parts: Iterable[bytes]) -> Pieces:
    """Put bytes where compiled code finds them by number."""
    listed = [*parts]
    ends = np.array([0, *accumulate(map(len, listed))], dtype=np.int64)
    return Pieces(np.frombuffer(b"".join(listed), dtype=np.uint8), ends)


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


def _copy(_typing: Any, out: Any, at: Any, source: Any, begin: Any, length: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        to, of = [
            builder.gep(
                context.make_array(signature.args[each])(context, builder, values[each]).data, [values[each + 1]]
            )
            for each in (0, 2)
        ]
        cgutils.raw_memcpy(builder, to, of, values[4], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.none(out, types.int64, source, types.int64, types.int64), write


#: copies so many bytes from a place of one array to a place of another, as C does: a loop took three times as long
_copied: Final[Callable[[Bytes, int, Bytes, int, int], None]] = cast("Any", intrinsic(_copy))


@part
def put(out: Bytes, at: int, source: Bytes, begin: int, end: int) -> int:
    """Copy bytes behind so many others, and say where they end."""
    _copied(out, at, source, begin, end - begin)
    return at + end - begin
