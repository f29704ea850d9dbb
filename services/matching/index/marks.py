"""
What is said of the rows of an answer, as numbers, compiled: a mark stands for a constraint and what it found.

What each mark says is written once, and a row is put together from that.
"""

from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import from_dtype
from numba.core import types

from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled
from services.matching.index.facets import Table
from services.matching.index.facts import FACT, Facts
from services.matching.index.passes import NOBODY, Program
from services.matching.model.verdicts import Finding

T = TypeVar("T")
Reason = tuple[Constraint, Finding]
Marks = npt.NDArray[np.int16]

MARK_TYPE: Final = np.dtype(np.int16)
MOST_MARKS: Final = len(CONSTRAINTS)  #: of one row
SPARE_MARKS: Final = 2  #: behind them: room for what else decides what is remarked
ANOTHER: Final = 4  #: in these: from here on it stands for one thing more
NOTES: Final = 2 * ANOTHER  #: what such a note may be is below


class Reasons:
    """Numbers for what constraints find; there are few, and they stay as long as what was judged."""

    def __init__(self) -> None:
        self._number_of: dict[Reason, int] = {}
        self._made: dict[Hashable, tuple[int, Any]] = {}
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

    def made(self, key: Hashable, make: Callable[[Sequence[Reason]], T]) -> T:
        """
        Find what was made of all reasons, by number; made anew when others have come.

        Args:
            key: What it is.

            make: Makes it of the reasons from number 1 on.
        """
        count, found = self._made.get(key, (0, None))
        if count != len(self.listed):
            listed = self.listed[1:]
            found = make(cast("Sequence[Reason]", listed))
            self._made[key] = len(listed) + 1, found
        return cast("T", found)


_FACTS: Final = from_dtype(FACT)[::1]


def _signature(number: Any) -> Any:
    """Write the signature for a table of one of its two types."""
    return types.int64(
        types.uint64[:, ::1],
        types.int32[:, ::1],
        types.int16[::1],
        types.int64[::1],
        types.int32[::1],
        number[:, ::1],
        _FACTS,
        types.int64,
        types.int16[:, ::1],
    )


@compiled(_signature(types.uint16), _signature(types.uint32))
def mark(
    sets: Words,
    program: Program,
    marks: Marks,
    rows: Rows,
    numbers: npt.NDArray[np.int32],
    table: Table,
    facts: Facts,
    when_us: int,
    found: Marks,
) -> int:
    """
    Mark what the steps of a program say of rows, who are left, besides a plain yes.

    Args:
        sets: Below each other.

        program: The steps, in their order.

        marks: What is found of the values of facets.

        rows: Rows of the shelf.

        numbers: The same as rows of the block.

        table: The numbers of facets, by row of the block.

        facts: By row of the block.

        when_us: When the person would be there.

        found: The marks of each row, and at `MOST_MARKS` how many they are: those of this program are put behind those
            that are there. A mark below 0 is put where each row is judged by itself.

    Returns:
        How often each row is judged by itself.
    """
    open_count = 0
    for step in range(len(program)):
        no, unknown, excludes, facet = program[step, 0], program[step, 1], program[step, 2], program[step, 4]
        standing, ended, alike = program[step, 5], program[step, 6], program[step, 7]
        for place in range(len(rows)):
            word, bit = rows[place] >> 6, np.uint64(rows[place] & 63)
            said = NONE
            if unknown != NOBODY:
                said |= sets[unknown, word] >> bit
            if no != NOBODY and not excludes:
                said |= sets[no, word] >> bit
            if not said & ONE:
                continue
            number = numbers[place]
            if facet >= 0:
                has_ended = ended >= 0 and facts[number].vetting_ends_us <= when_us
                of_row = marks[(ended if has_ended else standing) + table[number, facet]]
            else:
                of_row = alike
                open_count += alike < 0
            found[place, found[place, MOST_MARKS]] = of_row
            found[place, MOST_MARKS] += 1
    return open_count


@compiled(types.boolean(types.int16[:, ::1], types.Array(types.boolean, 1, "C", readonly=True)))
def is_in_all(marks: Marks, is_meant: Any) -> bool:
    """Say whether each row has a mark of some, given by number; of no rows it is so."""
    for place in range(len(marks)):
        is_in = False
        for at in range(MOST_MARKS):
            is_in = is_in or is_meant[marks[place, at]]
        if not is_in:
            return False
    return True
