"""
What is kept of answers with one shelf: sets of its rows, and which of them tell what each answer says.

What is kept are answers to facts such as an age or a language, without the
person, the origin or the safety envelope: nothing here tells who asked.
"""

from collections.abc import Hashable
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matching.index.answers import Answers
from services.matching.index.bits import Words
from services.matching.index.passes import MISSING, NOBODY, STEP, Steps
from services.matching.model.request import TakenPlaces
from services.taxonomy import Service

_MOST_KEPT: Final = 1024  #: sets of a shelf; beyond that all are forgotten
_FIRST: Final = 16  #: sets for which there is room at once

#: who says no and who is unknown; None for nobody
Sets = tuple[Words | None, Words | None]
#: how many have begun, ended and lost their vetting
Times = tuple[int, int, int]


class Said(NamedTuple):
    """A row of `Steps`: whom a constraint says something of, and what that is."""

    no: int  #: the number of a set, or `NOBODY`
    unknown: int  #: the same
    excludes: bool  #: whether a no does
    constraint: int  #: its place in the table
    facet: int = -1  #: the column of the facet that tells what is found; below 0: it is the same of all
    standing: int = 0  #: where the marks of the facet's values begin
    ended: int = -1  #: the same of those whose vetting has ended; below 0: that does not count
    mark: int = 0  #: what is found of all; below 0: each is judged by itself, see `open_mark`


def open_mark(step: int) -> int:
    """Mark that each row is judged by itself, by the constraint with a place in the table; its own inverse."""
    return -1 - step


class Span(NamedTuple):
    """A span of time in which nobody of a shelf begins, ends or loses the vetting, in microseconds since 1970."""

    since_us: int
    until_us: int  #: and no longer
    times: Times


class Placed:
    """
    What answers say of a shelf in a span of time, while nothing else is taken.

    Args:
        kept: Has the sets.

        span: The time.

        taken: What is held and booked.

        steps: By the number of the answer.
    """

    def __init__(self, kept: "Kept", span: Span, taken: TakenPlaces | None, steps: Steps) -> None:
        self.kept = kept
        self.span = span
        self.since_us, self.until_us, self.times = span
        self.taken = taken
        self.steps = steps

    def put(self, number: int, said: Said) -> None:
        """Note what an answer says."""
        if number >= len(self.steps):
            larger = np.full((number * 5 // 4 + _FIRST, STEP), MISSING, dtype=np.int32)
            larger[: len(self.steps)] = self.steps
            self.steps = larger
        self.steps[number] = said

    def at(self, span: Span) -> "Placed":
        """Forget what hangs on the time; whoever asks meanwhile has what holds for the other one."""
        return Placed(self.kept, span, self.taken, self._without(self.kept.answers.timed))

    def given(self, taken: TakenPlaces | None) -> "Placed":
        """Forget what hangs on what is taken, likewise."""
        return Placed(self.kept, self.span, taken, self._without(self.kept.answers.of_taken))

    def _without(self, numbers: list[int]) -> Steps:
        steps = self.steps.copy()
        steps[[each for each in numbers if each < len(steps)]] = MISSING
        return steps


class Kept:
    """
    Sets of a shelf below each other. Sets are added and never changed, so readers need no lock.

    Args:
        words: The length of a set.

        service: Whose questions are asked.

        answers: What is answered.
    """

    def __init__(self, words: int, service: Service, answers: Answers) -> None:
        self.sets: npt.NDArray[np.uint64] = np.empty((_FIRST, words), dtype=np.uint64)
        self.service = service
        self.answers = answers
        self.is_full = False  #: whether it is time to forget everything: another takes its place
        self._numbers: dict[Hashable, tuple[int, int]] = {}  #: of sets, by what they are made of
        self._set_count = 0
        self._lock = Lock()

    def serves(self, service: Service, answers: Answers) -> bool:
        """Say whether questions about a service find here what is answered."""
        return self.answers is answers and self.service is service and not self.is_full

    def find(self, key: Hashable) -> tuple[int, int] | None:
        """Find sets by what they are made of."""
        return self._numbers.get(key)

    def place(self, sets: Sets, key: Hashable = None) -> tuple[int, int]:
        """Copy sets to where a pass finds them, by their numbers."""
        with self._lock:
            no, unknown = map(self._place, sets)
            if key is not None:
                self._numbers[key] = no, unknown
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
        self.is_full = self._set_count >= _MOST_KEPT
        return self._set_count - 1


def matrix_of(sets: Sets) -> tuple[Words, tuple[int, int]]:
    """Put the sets of one step below each other, and say their numbers there."""
    no, unknown = sets
    some = [each for each in sets if each is not None]
    matrix = np.concatenate(some).reshape(len(some), -1) if some else np.empty((0, 0), dtype=np.uint64)
    return matrix, (NOBODY if no is None else 0, NOBODY if unknown is None else len(some) - 1)
