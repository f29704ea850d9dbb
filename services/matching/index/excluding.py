"""How many each constraint was the first to exclude: as counts by its place in the table, by name, and as bytes."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.arena import Bytes
from services.matching.index.bits import Rows
from services.matching.index.compiling import compiled, part
from services.matching.index.putting import PIECES, Pieces, put, put_number, size_of

Counts = npt.NDArray[np.int64]  #: by the place of a constraint in the table

_NAMES: Final = [each.name for each in CONSTRAINTS]
NOT_ANYBODY: Final[Counts] = np.zeros(len(CONSTRAINTS), dtype=np.int64)  #: nobody was excluded by anything
#: by the place in the table, which of equal counts comes first: by name
RANKS: Final[Counts] = np.argsort(np.argsort(np.array(_NAMES))).astype(np.int64)


def together(counts: Iterable[Counts]) -> Counts:
    """Add up the counts of the parts of a directory."""
    listed = [*counts]
    if len(listed) == 1:
        return listed[0]
    found: Counts = np.sum([NOT_ANYBODY, *listed], axis=0)
    return found


def excluded_by(counts: Counts) -> dict[str, int]:
    """Say by name how many each constraint excluded, the largest count first; who excluded nobody is left out."""
    found = [(name, count) for name, count in zip(_NAMES, counts.tolist(), strict=True) if count]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


@part
def _comes_before(one: int, other: int, counts: Counts, ranks: Counts) -> bool:
    if counts[one] == counts[other]:
        return bool(ranks[one] < ranks[other])
    return bool(counts[one] > counts[other])


@compiled(
    types.int64(types.uint8[::1], types.int64, types.int64[::1], types.int64[::1], *PIECES, types.int64),
    makes_arrays=True,
)
def join_counts(
    out: Bytes, at: int, counts: Counts, ranks: Counts, names_bytes: Bytes, names_ends: Rows, tag: int
) -> int:
    """
    Join messages of a name and a count, the largest count first, each with a tag and its length before it.

    Args:
        out: Where they are put; there is room for all names.

        at: Behind so many bytes.

        counts: By the place of the name; those of 0 are left out.

        ranks: By the place of the name, which of equal counts comes first.

        names_bytes: What stands before each count in its message, below each other.

        names_ends: As of `Pieces`.

        tag: Of each message; one byte.

    Returns:
        Where they end.
    """
    names = Pieces(names_bytes, names_ends)
    order = np.empty(len(counts), dtype=np.int64)
    number = 0
    for place in range(len(counts)):
        if counts[place] == 0:
            continue
        which = number
        while which and _comes_before(place, order[which - 1], counts, ranks):
            order[which] = order[which - 1]
            which -= 1
        order[which] = place
        number += 1
    for which in range(number):
        place = order[which]
        out[at] = np.uint8(tag)
        at = put_number(out, at + 1, names.ends[place + 1] - names.ends[place] + size_of(counts[place]))
        at = put(out, at, names.bytes, names.ends[place], names.ends[place + 1])
        at = put_number(out, at, counts[place])
    return at
