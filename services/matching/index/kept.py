"""
What is kept of answers with one shelf: sets of its rows, and by what of a question each was found.

What is kept are answers to facts such as an age or a language, without the
person, the origin or the safety envelope: nothing here tells who asked.
"""

from collections.abc import Hashable, Sequence
from struct import Struct
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.bits import Words
from services.matching.index.marks import Telling
from services.matching.index.passes import NOBODY, Program

_MOST_KEPT: Final = 1024  #: sets of a shelf; beyond that all are forgotten
_MOST_FOUND: Final = 4096  #: the same of what is found by questions
_FIRST: Final = 16  #: sets for which there is room at once
_STEP: Final = Struct("=iii")
_NO_PROGRAM: Final[Program] = np.empty(0, dtype=np.int32)

#: who says no and who is unknown; None for nobody
Sets = tuple[Words | None, Words | None]


class Said(NamedTuple):
    """What a constraint says of a shelf for one kind of question."""

    constraint: Constraint
    step: bytes  #: of a `Program`; empty: everybody is a plain yes
    telling: Telling = Telling()  #: how it is told of a row
    is_for_all: bool = False  #: whether it holds for all questions


class Kept:
    """
    Sets of a shelf below each other. Sets are added and never changed, so readers need no lock.

    Args:
        words: The length of a set.

        owner: The service whose questions are asked.
    """

    def __init__(self, words: int, owner: object) -> None:
        self.sets: npt.NDArray[np.uint64] = np.empty((_FIRST, words), dtype=np.uint64)
        self.owner = owner
        #: by the place of the constraint in the table, and what it asks of a question
        self.found: list[dict[Hashable, Said]] = [{} for _ in CONSTRAINTS]
        self.numbers: dict[Hashable, tuple[int, int]] = {}  #: of sets, by what they are made of
        self._set_count = self._found_count = 0
        self._lock = Lock()

    @property
    def is_full(self) -> bool:
        """Whether it is time to forget everything: another takes its place."""
        return self._set_count >= _MOST_KEPT or self._found_count >= _MOST_FOUND

    def note(self, number: int, key: Hashable, said: Said) -> None:
        """Keep what was found for a key of a constraint."""
        self.found[number][key] = said
        self._found_count += 1

    def place(self, sets: Sets) -> tuple[int, int]:
        """Copy sets to where a program finds them, by their numbers."""
        with self._lock:
            no, unknown = map(self._place, sets)
            return no, unknown

    def _place(self, words: Words | None) -> int:
        if words is None:
            return NOBODY
        if self._set_count == len(self.sets):
            larger = np.empty((self._set_count * 5 // 4, self.sets.shape[1]), dtype=np.uint64)
            larger[: self._set_count] = self.sets
            self.sets = larger
        self.sets[self._set_count] = words
        self._set_count += 1
        return self._set_count - 1


def matrix_of(sets: Sets) -> tuple[Words, tuple[int, int]]:
    """Put the sets of one step below each other, and say their numbers there."""
    no, unknown = sets
    some = [each for each in sets if each is not None]
    matrix = np.concatenate(some).reshape(len(some), -1) if some else np.empty((0, 0), dtype=np.uint64)
    return matrix, (NOBODY if no is None else 0, NOBODY if unknown is None else len(some) - 1)


def step_of(numbers: tuple[int, int], *, excludes: bool) -> bytes:
    """Write a step of a program; empty if nobody is said anything of."""
    no, unknown = numbers
    return b"" if no == unknown == NOBODY else _STEP.pack(no, unknown, excludes)


def program_of(said: Sequence[Said]) -> Program:
    """Put steps together."""
    return np.frombuffer(bytearray().join([each.step for each in said]), dtype=np.int32) if said else _NO_PROGRAM
