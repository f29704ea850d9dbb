"""
Who shares places or a location with whom, found among many by hashes: numbers are compared sooner than names.

Different names may have one hash, so whoever is found is asked by name.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.model.provider import Provider
from services.matching.model.safety import Kin

Hashes = npt.NDArray[np.int32]  #: of the ids of each provider, its places and its location, shape (n, 3)

_FEW: Final = 16  #: names that are sooner compared one after the other
_NAMES: Final = attrgetter("provider_id", "pool_id", "location_id")


def hashes_of(providers: Sequence[Provider]) -> Hashes:
    """Hash what providers may share; the numbers hold as long as the process."""
    return _short([hash(name) for each in providers for name in _NAMES(each)]).reshape(-1, 3)


def rows_like(hashes: Hashes, kin: Kin) -> list[int]:
    """
    List the rows that may be one of some providers or share something with one: all who do, and hardly others.

    Args:
        hashes: Those of `hashes_of`, turned: shape (3, n).

        kin: The providers.
    """
    found = np.zeros(hashes.shape[1], dtype=np.bool_)
    for known, names in zip(hashes, (kin.provider_ids, kin.pool_ids, kin.location_ids), strict=True):
        wanted = _short([hash(each) for each in names])
        if len(wanted) > _FEW:
            found |= np.isin(known, wanted)
        else:
            for number in wanted:
                found |= known == number
    return np.flatnonzero(found).tolist()


def _short(numbers: Sequence[int]) -> npt.NDArray[np.int32]:
    """Keep half of each hash: that tells names apart as well, and names are asked in the end."""
    return np.array(numbers, dtype=np.int64).astype(np.int32)
