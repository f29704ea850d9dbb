"""
Compile passes over many rows, when the module that has them is imported: nobody waits for it later.

What was compiled is kept beside the module, else in the user's cache, for as long as nothing changes
that the pass is made of, wherever that stands (`renewing`).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from services.matching.index.renewing import Kept

F = TypeVar("F", bound=Callable[..., Any])

_njit: Final = cast("Any", numba.njit)  # its types leave out whether references are counted
#: by a pass, the same pass that refuses what it was not compiled for; tests go by these
CHECKED: Final[dict[Callable[..., Any], Callable[..., Any]]] = {}
NONE: Final = np.uint64(0)  #: a word without bits
ONE: Final = np.uint64(1)


def compiled(*signatures: Any, makes_arrays: bool = False) -> Callable[[F], F]:
    """
    Compile for one signature or more.

    The lock of the interpreter is kept: a pass takes less time than it would take to get the lock back.

    A pass of one signature is entered without a look at what it is given, which would take longer than most passes
    do: an array of another type, or with gaps, would be read as if it were the right one.

    Args:
        signatures: At least one.

        makes_arrays: Whether the pass does. Where it does not, references to the arrays that it is given are not
            counted: in a loop that takes longer than what is done with them.
    """

    def compile_now(function: F) -> F:
        found = _njit(_nrt=makes_arrays)(function)
        with suppress(RuntimeError):  # there is no folder that can be written: each process that starts compiles it
            found._cache = Kept(found)  # noqa: SLF001 -- `cache=True` would set one that looks at one file alone
        for each in signatures:
            found.compile(each)
        found.disable_compile()
        if len(found.overloads) > 1:  # which of them is meant is told by what it is given
            return cast("F", found)
        (only,) = found.overloads.values()
        CHECKED[only.entry_point] = found
        return cast("F", only.entry_point)

    return compile_now


def part(function: F) -> F:
    """
    Compile as a part of what calls it.

    Put in its place before anything is compiled: a call would count references to every array, which takes
    many times as long as a few sums.
    """
    return cast("F", numba.njit(inline="always")(function))


def _count_bits(_typing: Any, _word: Any) -> Any:
    return types.int64(types.uint64), lambda _context, builder, _signature, values: builder.ctpop(values[0])


#: counts the bits of a word
count_of: Final[Callable[[Any], int]] = cast("Any", intrinsic(_count_bits))


def _bits_of(_typing: Any, _number: Any) -> Any:
    word = ir.IntType(64)
    return types.uint64(types.float64), lambda _context, builder, _signature, values: builder.bitcast(values[0], word)


#: the bits of a number, as they stand in memory
bits_of: Final[Callable[[float], int]] = cast("Any", intrinsic(_bits_of))


@part
def first_of(word: Any) -> int:
    """Find the first bit of a word that has one."""
    return count_of(~word & (word - ONE))


@part
def quarters_of(east: float, north: float) -> float:
    """Turn a way into its direction, from the east over the north, in [0, 4]: no angle, but in the same order."""
    length = abs(east) + abs(north)
    quarters = 0.0
    if north >= 0.0 and length > 0.0:
        quarters = north / length if east >= 0.0 else 1.0 - east / length
    elif north < 0.0:
        quarters = 2.0 - north / length if east < 0.0 else 3.0 + east / length
    return quarters


@part
def turned(longitude_deg: float) -> float:
    """Move a difference of two longitudes by a turn, if the other way round is shorter, as `math.remainder` does."""
    if longitude_deg > 180.0:  # noqa: PLR2004 -- half a turn
        longitude_deg -= 360.0
    elif longitude_deg < -180.0:  # noqa: PLR2004
        longitude_deg += 360.0
    return longitude_deg
