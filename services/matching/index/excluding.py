"""How many each constraint was the first to exclude: as counts by its place in the table, and by name."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.compiling import ONE, first_of, part

Counts = npt.NDArray[np.int64]  #: by the place of a constraint in the table

_NAMES: Final = [each.name for each in CONSTRAINTS]
NOT_ANYBODY: Final[Counts] = np.zeros(len(CONSTRAINTS), dtype=np.int64)  #: nobody was excluded by anything
#: by the place in the table, which of equal counts comes first: by name
_RANKS: Final[Counts] = np.argsort(np.argsort(_NAMES)).astype(np.int64)


def together(counts: Sequence[Counts]) -> Counts:
    """Add up the counts of the parts of a directory."""
    if len(counts) == 1:
        return counts[0]
    found: Counts = np.sum([NOT_ANYBODY, *counts], axis=0)
    return found


def excluded_by(counts: Counts) -> dict[str, int]:
    """Say by name how many each constraint excluded, the largest count first; who excluded nobody is left out."""
    found = [(name, count) for name, count in zip(_NAMES, counts.tolist(), strict=True) if count]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


@part
def largest_of(left: Any, counts: Counts) -> int:
    """Find the place of the largest count, of equal ones the first by name, among places that are bits of a word."""
    found = -1
    while left:
        place = first_of(left)
        left &= left - ONE
        if (
            found < 0
            or counts[place] > counts[found]
            or (counts[place] == counts[found] and _RANKS[place] < _RANKS[found])
        ):
            found = place
    return found
