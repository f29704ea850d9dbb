"""
What is said of the rows of an answer, as numbers, compiled: a mark stands for a constraint and what it found.

The marks of a row are the key to all that is remarked of it, so that rows of
which the same is said find the same remarks.
"""

from collections.abc import Sequence
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import from_dtype
from numba.core import types

from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import NONE, ONE, compiled
from services.matching.index.facets import Table
from services.matching.index.facts import FACT, Facts
from services.matching.index.passes import NOBODY, STEP, Program
from services.matching.model.verdicts import Finding

Reason = tuple[Constraint, Finding]
Marks = npt.NDArray[np.int16]

MARK_TYPE: Final = np.dtype(np.int16)
MOST_MARKS: Final = len(CONSTRAINTS)  #: of one row
SPARE_MARKS: Final = 2  #: behind them: room for what else decides what is remarked
ANOTHER: Final = 4  #: in these: from here on it stands for one thing more
_NO_FACET: Final = -1  #: what is said does not hang on what a provider has
_OPEN: Final = 0  #: in place of a mark: each row is judged by itself


class Reasons:
    """Numbers for what constraints find; there are few, and they stay as long as what was judged."""

    def __init__(self) -> None:
        self._number_of: dict[Reason, int] = {}
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


class Telling(NamedTuple):
    """How a step is told: by what a provider has of a facet, or alike of all of whom it is said."""

    facet: int = _NO_FACET  #: its column in a table
    standing: bytes = b""  #: the mark of each number of the facet, of `MARK_TYPE`
    ended: bytes = b""  #: the same of those whose vetting has ended; empty: that does not count
    mark: int = _OPEN  #: without a facet


class Legend(NamedTuple):
    """How the steps of a program are told."""

    steps: npt.NDArray[np.int32]  #: of each: facet, where its marks begin, the same of the ended or -1, mark
    marks: Marks


def legend_of(told: Sequence[Telling]) -> Legend:
    """Put together how steps are told."""
    steps: list[int] = []
    marks: list[bytes] = []
    length = 0
    for facet, standing, ended, mark in told:
        ends = length + len(standing) // MARK_TYPE.itemsize
        steps += (facet, length, ends if ended else -1, mark)
        marks += (standing, ended)
        length = ends + len(ended) // MARK_TYPE.itemsize
    return Legend(np.array(steps, dtype=np.int32), np.frombuffer(b"".join(marks), dtype=MARK_TYPE))


_FACTS: Final = from_dtype(FACT)[::1]


def _signature(number: Any) -> Any:
    """Write the signature for a table of one of its two types."""
    return types.int64(
        types.uint64[:, ::1],
        types.int32[::1],
        types.int32[::1],
        types.Array(types.int16, 1, "C", readonly=True),
        types.int64[::1],
        types.int32[::1],
        number[:, ::1],
        _FACTS,
        types.int64,
        types.int64,
        types.int16[:, ::1],
        types.int64[::1],
    )


@compiled(_signature(types.uint16), _signature(types.uint32))
def mark(
    sets: Words,
    program: Program,
    steps: npt.NDArray[np.int32],
    marks: Marks,
    rows: Rows,
    numbers: npt.NDArray[np.int32],
    table: Table,
    facts: Facts,
    when_us: int,
    first: int,
    found: Marks,
    lengths: Rows,
) -> int:
    """
    Mark what the steps of a program say of rows, who are left, besides a plain yes.

    Args:
        sets: Below each other.

        program: The steps, in their order.

        steps: Of their `Legend`.

        marks: Of their `Legend`.

        rows: Rows of the shelf.

        numbers: The same as rows of the block.

        table: The numbers of facets, by row of the block.

        facts: By row of the block.

        when_us: When the person would be there.

        first: The number of the first step, from 1 on, among those of all programs of the question.

        found: The marks of each row, shape (rows, at least `MOST_MARKS`): those of this program are put behind those
            that are there. Where each row is judged by itself, the number of the step is put, made negative.

        lengths: How many marks each row has.

    Returns:
        How often each row is judged by itself.
    """
    open_count = 0
    for step in range(len(program) // STEP):
        no, unknown, excludes = program[STEP * step], program[STEP * step + 1], program[STEP * step + 2]
        facet, standing, ended, alike = steps[4 * step], steps[4 * step + 1], steps[4 * step + 2], steps[4 * step + 3]
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
            elif alike != 0:
                of_row = alike
            else:
                of_row = -(first + step)
                open_count += 1
            found[place, lengths[place]] = of_row
            lengths[place] += 1
    return open_count
