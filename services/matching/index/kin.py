"""
Who shares places or a location with whom, found among many by hashes: numbers are compared sooner than names.

Different names may have one hash, so whoever is found is asked by name.
"""

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.matching.index.compiling import compiled
from services.matching.model.provider import Provider
from services.matching.model.safety import Kin

Hashes = npt.NDArray[np.int32]  #: of the ids of each provider, its places and its location, shape (n, 3)
Marks = npt.NDArray[np.int64]

_NAMES: Final = attrgetter("provider_id", "pool_id", "location_id")
_HALF: Final = 32  #: bits
_ROW: Final = (1 << _HALF) - 1


def hashes_of(providers: Sequence[Provider]) -> Hashes:
    """Hash what providers may share; the numbers hold as long as the process."""
    return _short([hash(name) for each in providers for name in _NAMES(each)]).reshape(-1, 3)


class Names:
    """
    The hashes of a shelf in their order, each with whose it is: a name is found without looking at everybody.

    Args:
        hashes: Those of `hashes_of`, by row.
    """

    def __init__(self, hashes: Hashes) -> None:
        rows = np.arange(len(hashes))[:, None]
        #: a hash and, in the lower half, the row: one number, because those are sorted sooner than pairs
        self._marks: Marks = np.sort(((hashes.astype(np.int64) << _HALF) | rows).ravel())

    def rows_like(self, kin: Kin) -> list[int]:
        """List the rows that may be one of some providers or share something: all who do, and hardly others."""
        wanted = _short([hash(each) for each in chain(kin.provider_ids, kin.pool_ids, kin.location_ids)])
        return sorted(set(marked(self._marks, wanted).tolist()))


@compiled(types.int64[::1](types.int64[::1], types.int32[::1]), makes_arrays=True)
def marked(marks: Marks, wanted: npt.NDArray[np.int32]) -> Marks:
    """List the rows that are marked with any of some hashes, each as often as it is."""
    firsts, ends = np.empty_like(wanted), np.empty_like(wanted)
    number = 0
    for place in range(len(wanted)):
        least = np.int64(wanted[place]) << _HALF
        firsts[place] = np.searchsorted(marks, least)
        ends[place] = np.searchsorted(marks, least | _ROW, side="right")
        number += ends[place] - firsts[place]
    rows = np.empty(number, dtype=np.int64)
    number = 0
    for place in range(len(wanted)):
        for at in range(firsts[place], ends[place]):
            rows[number] = marks[at] & _ROW
            number += 1
    return rows


def _short(numbers: Sequence[int]) -> npt.NDArray[np.int32]:
    """Keep half of each hash: that tells names apart as well, and names are asked in the end."""
    return np.array(numbers, dtype=np.int64).astype(np.int32)
