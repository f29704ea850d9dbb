"""How many each constraint was the first to exclude: as counts by its place in the table, in order, and as bytes."""

from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.compiling import compiled

Counts = npt.NDArray[np.int64]  #: by the place of a constraint in the table

NOT_ANYBODY: Final[Counts] = np.zeros(len(CONSTRAINTS), dtype=np.int64)  #: nobody was excluded by anything
_NAMES: Final = [each.name for each in CONSTRAINTS]
#: by the place in the table, the place in the order of names
_RANKS: Final = np.argsort(np.argsort(np.array(_NAMES)))


def excluded_by(counts: Counts) -> dict[str, int]:
    """Say by name how many each constraint excluded, the largest count first; who excluded nobody is left out."""
    return {_NAMES[place]: int(counts[place]) for place in largest_first(counts).tolist()}


def largest_first(counts: Counts) -> Counts:
    """List the places of counts above 0, the largest first, and equal ones in the order of names."""
    return _largest_first(counts, _RANKS)


@compiled("i8[::1](i8[::1], i8[::1])")
def _largest_first(counts: Counts, ranks: Counts) -> Counts:
    found = np.empty(len(counts), dtype=np.int64)
    number = 0
    for place in range(len(counts)):
        if counts[place] == 0:
            continue
        at = number
        while at and (
            counts[found[at - 1]] < counts[place]
            or (counts[found[at - 1]] == counts[place] and ranks[found[at - 1]] > ranks[place])
        ):
            found[at] = found[at - 1]
            at -= 1
        found[at] = place
        number += 1
    return found[:number]
