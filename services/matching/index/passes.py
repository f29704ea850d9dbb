"""The passes over sets, compiled: a directory is sifted for the price of a few calls."""

from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.index.bits import Rows, Words
from services.matching.index.compiling import compiled, count_of

Program = npt.NDArray[np.int32]  #: three numbers a step: who says no, who is unknown, whether a no excludes

NOBODY: Final = -1  #: in a program, in place of the number of a set
STEP: Final = 3  #: numbers
TOTALS: Final = 2  #: after the counts of the steps: who is left, and who of them is unsure


@compiled("void(u8[:,::1], i4[::1], u8[:,::1], i8[::1], b1)")
def sift(
    sets: Words,
    program: Program,
    state: Words,
    counts: Rows,
    is_any_sure: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
) -> None:
    """
    Take off whom each step excludes, and gather of whom any step says something else than a plain yes.

    Args:
        sets: Below each other.

        program: The steps, in their order.

        state: Who is left, who of them is unsure, and who is sure; changed in place.

        counts: Becomes how many each step was the first to exclude, and `TOTALS`.

        is_any_sure: Whether nobody is unsure, whatever is said.
    """
    left, unsure, sure = state[0], state[1], state[2]
    for step in range(len(program) // STEP):
        no, unknown, excludes = program[STEP * step], program[STEP * step + 1], program[STEP * step + 2]
        counts[step] = 0
        if no != NOBODY and excludes:
            gone = 0
            for word in range(len(left)):
                taken = left[word] & sets[no, word]
                gone += count_of(taken)
                left[word] ^= taken
            counts[step] = gone
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
    counts[len(counts) - 2], counts[len(counts) - 1] = left_count, unsure_count
