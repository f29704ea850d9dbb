"""Who of a shelf shares places or a location with whom: looked up once somebody asks, and kept with the shelf."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np

from services.matching.index.bits import Rows, Words, of_rows
from services.matching.index.shelf import Shelf
from services.matching.model.safety import Kin


class Households:
    """
    The rows of a shelf by what they share.

    Args:
        shelf: The shelf; it never changes.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._length = len(shelf)
        self._by_id: dict[str, int] = {}
        self._by_pool: dict[str, list[int]] = {}
        self._by_location: dict[str, list[int]] = {}
        for row in range(self._length):
            provider = shelf.provider(row)
            self._by_id[provider.provider_id] = row
            self._by_pool.setdefault(provider.pool_id, []).append(row)
            self._by_location.setdefault(provider.location_id, []).append(row)

    def of(self, kin: Kin) -> Words:
        """Make the set of those whom `Kin.has`."""
        rows = {self._by_id[each] for each in kin.provider_ids if each in self._by_id}
        rows.update(_all(self._by_pool, kin.pool_ids))
        rows.update(_all(self._by_location, kin.location_ids))
        listed: Rows = np.array(sorted(rows), dtype=np.intp)
        return of_rows(listed, self._length)


_KNOWN: "WeakKeyDictionary[Shelf, Households]" = WeakKeyDictionary()


def households(shelf: Shelf) -> Households:
    """Find the households of a shelf."""
    found = _KNOWN.get(shelf)
    if found is None:
        found = _KNOWN[shelf] = Households(shelf)
    return found


def _all(rows_by: dict[str, list[int]], keys: Iterable[str]) -> list[int]:
    return [row for key in keys for row in rows_by.get(key, ())]
