"""How many each constraint was the first to exclude: as counts by its place in the table, and by name."""

from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.constraints.table import CONSTRAINTS

Counts = npt.NDArray[np.int64]  #: by the place of a constraint in the table

_NAMES: Final = [each.name for each in CONSTRAINTS]
NOT_ANYBODY: Final[Counts] = np.zeros(len(CONSTRAINTS), dtype=np.int64)  #: nobody was excluded by anything
#: by the place in the table, which of equal counts comes first: by name
RANKS: Final[Counts] = np.argsort(np.argsort(np.array(_NAMES))).astype(np.int64)


def excluded_by(counts: Counts) -> dict[str, int]:
    """Say by name how many each constraint excluded, the largest count first; who excluded nobody is left out."""
    found = [(name, count) for name, count in zip(_NAMES, counts.tolist(), strict=True) if count]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))
