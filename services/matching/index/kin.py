"""
Who shares places or a location with whom, found among many by hashes: numbers are compared sooner than names.

Different names may have one hash, so whoever is found is asked by name.
"""

from collections.abc import Sequence
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from services.matching.model.provider import Provider
from services.matching.model.safety import Kin

Hashes = npt.NDArray[np.int64]  #: of the ids of each provider, its places and its location, shape (n, 3)

_NAMES = attrgetter("provider_id", "pool_id", "location_id")


def hashes_of(providers: Sequence[Provider]) -> Hashes:
    """Hash what providers may share; the numbers hold as long as the process."""
    numbers = [tuple(map(hash, _NAMES(each))) for each in providers]
    return np.array(numbers, dtype=np.int64).reshape(-1, 3)


def rows_like(hashes: Hashes, kin: Kin) -> list[int]:
    """
    List the rows that may be one of some providers or share something with one: all who do, and hardly others.

    Args:
        hashes: Those of `hashes_of`, turned: shape (3, n).

        kin: The providers.
    """
    found = np.zeros(hashes.shape[1], dtype=np.bool_)
    for known, names in zip(hashes, (kin.provider_ids, kin.pool_ids, kin.location_ids), strict=True):
        if names:
            found |= np.isin(known, np.array([hash(each) for each in names], dtype=np.int64))
    return np.flatnonzero(found).tolist()
