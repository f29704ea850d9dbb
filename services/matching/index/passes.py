"""The passes over sets, compiled: a directory is sifted for the price of a few calls."""

from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import compiled, count_of, part
from services.matching.model.verdicts import Verdict

Verdicts = npt.NDArray[np.uint8]  #: of `Verdict`
Steps = npt.NDArray[np.int32]  #: steps below each other, each as in `kept.Said`
StepNumbers = npt.NDArray[np.int32]  #: which of them, one after the other

NOBODY: Final = -1  #: in a step, in place of the number of a set
MISSING: Final = -2  #: the same: nobody has looked yet what is said
STEP: Final = 8  #: numbers of a step; the first four are read here
LEFT, UNSURE, SURE = range(3)
_YES, _NO = int(Verdict.YES), int(Verdict.NO)


@part
def _first_missing(steps: Steps, numbers: StepNumbers) -> int:
    """Find the place of the first step that is not known; -1 if all are."""
    for place in range(len(numbers)):
        number = numbers[place]
        if number >= len(steps) or steps[number, 0] == MISSING:
            return place
    return -1


@part
def _take(left: Words, sets: Words, number: int) -> int:
    """Take off a set, and count whom that is."""
    gone = 0
    for word in range(len(left)):
        taken = left[word] & sets[number, word]
        gone += count_of(taken)
        left[word] ^= taken
    return gone


@compiled(
    types.UniTuple(types.int64, 2)(  # type: ignore[no-untyped-call]
        types.uint64[::1],
        types.int32[:, ::1],
        types.Array(types.int32, 1, "C", readonly=True),
        types.uint64[:, ::1],
        types.uint64[:, ::1],
        types.int64[::1],
        types.boolean,
    )
)
def sift(
    among: Words,
    steps: Steps,
    numbers: StepNumbers,
    sets: Words,
    state: Words,
    counts: Rows,
    is_any_sure: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
) -> tuple[int, int]:
    """
    Take off whom each step excludes, and gather of whom any step says something else than a plain yes.

    Args:
        among: Who is left before; may be the first row of `state`.

        steps: Those that are known, by number.

        numbers: Of the steps to go, in their order.

        sets: Below each other.

        state: Who is left, who of them is unsure, and who is sure; changed in place.

        counts: By the place of a constraint in the table, how many it was the first to exclude; added to.

        is_any_sure: Whether nobody is unsure, whatever is said.

    Returns:
        Who is left, and who of them is unsure. If a step is not known `MISSING` and the place of its number, and
        nothing is done.
    """
    missing = _first_missing(steps, numbers)
    if missing >= 0:
        return MISSING, missing
    left, unsure, sure = state[LEFT], state[UNSURE], state[SURE]
    for word in range(len(left)):
        left[word] = among[word]
    for place in range(len(numbers)):
        number = numbers[place]
        no, unknown, excludes = steps[number, 0], steps[number, 1], steps[number, 2]
        if no != NOBODY and excludes:
            counts[steps[number, 3]] += _take(left, sets, no)
        elif no != NOBODY and not is_any_sure:
            for word in range(len(left)):
                unsure[word] |= sets[no, word]
        if unknown != NOBODY and not is_any_sure:
            for word in range(len(left)):
                unsure[word] |= sets[unknown, word]
    left_count, unsure_count = 0, 0
    for word in range(len(left)):
        unsure[word] &= left[word]
        sure[word] = left[word] & ~unsure[word]
        left_count += count_of(left[word])
        unsure_count += count_of(unsure[word])
    return left_count, unsure_count


@compiled(
    types.UniTuple(types.boolean, 2)(  # type: ignore[no-untyped-call]
        types.Array(types.uint8, 1, "C", readonly=True), types.int64[::1], types.uint64[:, ::1], types.uint64[:, ::1]
    )
)
def gather(verdicts: Verdicts, numbers: Rows, sets: Words, found: Words) -> tuple[bool, bool]:
    """
    Gather of whom a constraint says no, and of whom nobody knows.

    Args:
        verdicts: Of each value of a facet, by its number.

        numbers: Of some values.

        sets: Who has each of them.

        found: Becomes the two sets.

    Returns:
        Whether anybody is in each.
    """
    found[:] = 0
    is_any_no, is_any_unknown = False, False
    for place in range(len(numbers)):
        verdict = verdicts[numbers[place]]
        if verdict == _YES:
            continue
        row = 0 if verdict == _NO else 1
        for word in range(found.shape[1]):
            found[row, word] |= sets[place, word]
        is_any_no, is_any_unknown = is_any_no or row == 0, is_any_unknown or row == 1
    return is_any_no, is_any_unknown


@compiled("UniTuple(i8, 3)(u8[::1], u8[:,::1])")
def take_off(whom: Words, state: Words) -> tuple[int, int, int]:
    """
    Take off a set.

    Args:
        whom: The set.

        state: As above.

    Returns:
        How many were taken off, who is left, and who of them is unsure.
    """
    left, unsure, sure = state[LEFT], state[UNSURE], state[SURE]
    gone, left_count, unsure_count = 0, 0, 0
    for word in range(len(left)):
        taken = left[word] & whom[word]
        gone += count_of(taken)
        left[word] ^= taken
        unsure[word] &= ~taken
        sure[word] &= ~taken
        left_count += count_of(left[word])
        unsure_count += count_of(unsure[word])
    return gone, left_count, unsure_count
