"""Who of a shelf has which value of a facet."""

from typing import Final

import numpy as np

from services.matching.index import passes
from services.matching.index.bits import Mask, Rows, Words, pack
from services.matching.index.facets import Column
from services.matching.index.kept import Sets
from services.matching.model.verdicts import Verdict

_FEW_VALUES: Final = 64  #: of a facet on a shelf, of which each gets a set


class Values:
    """
    The numbers that rows have of one facet: who has which, as a set for each.

    Args:
        column: The numbers.
    """

    def __init__(self, column: Column) -> None:
        self._numbers: Rows = np.unique(column).astype(np.int64)
        self._column: Column | None = column
        if len(self._numbers) <= _FEW_VALUES:
            has = column[None, :] == self._numbers[:, None]
            self._sets = np.concatenate([pack(each) for each in has]).reshape(len(has), -1)
            self._column = None

    def sets(self, verdicts: bytes) -> Sets:
        """Say who has a value of which no is said, and who one of which nobody knows."""
        table = np.frombuffer(verdicts, dtype=np.uint8)
        if self._column is not None:
            said = table[self._column]
            return some(said == Verdict.NO), some(said == Verdict.UNKNOWN)
        found = np.empty((2, self._sets.shape[1]), dtype=np.uint64)
        is_any_no, is_any_unknown = passes.gather(table, self._numbers, self._sets, found)
        return (found[0] if is_any_no else None), (found[1] if is_any_unknown else None)


def some(mask: Mask) -> Words | None:
    """Turn one boolean a row into a set; None for nobody."""
    return pack(mask) if mask.any() else None


def joined(one: Words | None, other: Words | None) -> Words | None:
    """Join two sets, None for nobody."""
    if one is None or other is None:
        return other if one is None else one
    return one | other


def either(which: Words, one: Words | None, other: Words | None) -> Words | None:
    """Take one set inside `which`, and the other outside."""
    return joined(None if one is None else one & which, None if other is None else other & ~which)
