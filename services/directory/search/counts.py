"""Counts of confidential sites that point at none of them (R19)."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import h3

from services.geo import COUNT_RESOLUTION

LEAST_COUNT: Final = 5  #: sites that a count is made of at least
_COARSEST: Final = 0


def merged(count_by_cell: Mapping[str, int]) -> list[tuple[str, int]]:
    """
    Merge counts until each is large enough to hide its sites.

    Args:
        count_by_cell: Sites by H3 cell, of resolution 3 or finer.

    Returns:
        Cells of resolution 3 or coarser with at least 5 sites each, ordered by
        cell; the numbers are rounded down to a multiple of 5, so that the counts
        of two codes that are subtracted tell of no single site. Cells that stay
        below 5 are added up in their parent, down to resolution 0; what is below
        5 even there is left out.
    """
    waiting: Counter[str] = Counter()
    for cell, count in count_by_cell.items():
        waiting[str(h3.cell_to_parent(cell, COUNT_RESOLUTION))] += count
    told: list[tuple[str, int]] = []
    for resolution in range(COUNT_RESOLUTION, _COARSEST - 1, -1):
        told += [(cell, count - count % LEAST_COUNT) for cell, count in waiting.items() if count >= LEAST_COUNT]
        small = [(cell, count) for cell, count in waiting.items() if count < LEAST_COUNT]
        waiting = Counter()
        for cell, count in small:
            if resolution > _COARSEST:
                waiting[str(h3.cell_to_parent(cell, resolution - 1))] += count
    return sorted(told)
