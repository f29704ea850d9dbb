"""
What constraints find, as numbers: a mark stands for a constraint and what it found.

What each mark says is written once, and a row is put together from that.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final, TypeVar, cast

import numpy as np

from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.model.verdicts import Finding

T = TypeVar("T")
Reason = tuple[Constraint, Finding]

MARK_TYPE: Final = np.dtype(np.int16)
MOST_MARKS: Final = len(CONSTRAINTS)  #: of one row


class Reasons:
    """Numbers for what constraints find; there are few, and they stay as long as what was judged."""

    def __init__(self) -> None:
        self._number_of: dict[Reason, int] = {}
        self._made: dict[Callable[..., Any], tuple[int, Any]] = {}
        self.listed: list[Reason | None] = [None]  #: by number; 0 stands for none
        self._lock = Lock()

    def number(self, reason: Reason) -> int:
        """Find the number of a reason, from 1 on."""
        found = self._number_of.get(reason)
        if found is None:
            with self._lock:
                found = self._number_of.setdefault(reason, len(self.listed))
                if found == len(self.listed):
                    self.listed.append(reason)
        return found

    def made(self, make: Callable[[Sequence[Reason]], T]) -> T:
        """
        Find what was made of all reasons, by number; made anew when others have come.

        Args:
            make: Makes it of the reasons from number 1 on. By it what was made is found: the same for the same.
        """
        count, found = self._made.get(make, (0, None))
        if count != len(self.listed):
            listed = self.listed[1:]
            found = make(cast("Sequence[Reason]", listed))
            self._made[make] = len(listed) + 1, found
        return cast("T", found)
