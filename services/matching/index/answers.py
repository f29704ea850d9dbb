"""
What constraints answer to questions that are alike: each answer has a number, by which every shelf knows it.

What is kept are answers to facts such as an age or a language, without the
person, the origin or the safety envelope: nothing here tells who asked.
"""

from collections.abc import Callable, Hashable
from functools import partial
from itertools import groupby
from operator import attrgetter
from struct import Struct
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matching.constraints.places import UNKNOWNS
from services.matching.constraints.table import Constraint
from services.matching.index.arena import Arena
from services.matching.index.facets import TIMED, Attributes, Vocabulary
from services.matching.index.judged import Judged
from services.matching.index.lookups import LookUp, look_up
from services.matching.index.marks import Reasons
from services.matching.index.steps import Step, steps
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import Finding
from services.taxonomy import Service

Numbers = npt.NDArray[np.int32]  #: of answers, of constraints that follow each other in the table

_MOST_KEPT: Final = 8192  #: answers; beyond that all are forgotten
_MOST_MARKED: Final = 1 << 25  #: bytes of marks; the same. When a value comes, those of a table are written anew
_NUMBER: Final = Struct("=i")
_TYPE: Final = np.dtype(np.int32)


class Answer(NamedTuple):
    """What a constraint says, for one kind of question."""

    constraint: Constraint
    facet: Attributes | None
    tables: tuple[Judged, ...]  #: of the facet's values; a second one holds for those whose vetting has ended
    unknown: Finding | None = None  #: the only kind of unknown that it tells; None: all that there are


class _Known(dict[Hashable, bytes]):
    """The numbers of a constraint's answers, by what decides; each new one gets the next."""

    def __init__(self, new: Callable[[], bytes], lock: Lock) -> None:
        super().__init__()
        self._new = new
        self._lock = lock

    def __missing__(self, key: Hashable) -> bytes:
        with self._lock:
            numbers = self.get(key)
            if numbers is None:
                numbers = self[key] = self._new()
        return numbers


_Condition = Callable[[Asked], bool]


class _Course(NamedTuple):
    """How questions about a service go through the table."""

    service: Service
    #: of constraints that follow each other and do not hang on who is left, or one that does and when it counts
    legs: list[tuple[_Condition | None, LookUp | Step]]
    examined: list[tuple[list[Provider], int]]  #: values of which nobody was concerned, and how many there were

    def holds(self, service: Service) -> bool:
        """Say whether it is still the way of questions about a service."""
        for values, count in self.examined:  # a generator would take longer
            if len(values) != count:
                return False
        return self.service is service


class Answers:
    """
    What constraints answer, by the facts of the question that decide.

    Args:
        vocabulary: The values of facets.

        reasons: Numbers what is found.
    """

    def __init__(self, vocabulary: Vocabulary, reasons: Reasons) -> None:
        self._vocabulary = vocabulary
        self.reasons = reasons
        self.is_full = False  #: whether it is time to forget everything: others take their place
        self.listed: list[Answer] = []  #: by number
        self.timed: list[int] = []  #: the numbers of those that hang on the time too
        self.of_taken: list[int] = []  #: the same of those that hang on what is held and booked
        self.marks = Arena()  #: what was found of the values of facets
        self._known: dict[Hashable, _Known] = {}
        self._courses: dict[tuple[str, bool], _Course] = {}
        self._lock = Lock()

    def to(self, asked: Asked) -> list[Numbers | Step]:
        """
        Answer a question.

        Returns:
            The numbers of the answers in the order of the table, interrupted by a step where what a constraint says
            hangs on more than facts of the question.
        """
        need, person = asked.need, asked.person
        course = self._courses.get((need.service.code, person is not None))
        if course is None or not course.holds(need.service):
            course = self._new_course(need.service, has_person=person is not None)
        found: list[Numbers | Step] = []
        for only_if, leg in course.legs:
            if only_if is not None and not only_if(asked):
                continue
            if isinstance(leg, Step):
                found.append(leg)
            else:
                found.append(np.frombuffer(b"".join(leg(asked, need, person)), _TYPE))
        return found

    def judged(self, answer: Answer, asked: Asked) -> tuple[Judged, ...]:
        """Bring the tables of an answer up to date, given a question that it answers."""
        for each in answer.tables:
            if not each.is_whole:
                with self._lock:
                    each.extend(asked, self.reasons, self.marks)
                    self._count()
        return answer.tables

    def verdicts(self, step: Step, asked: Asked) -> bytes:
        """Judge each value of a facet where that hangs on more than facts of the question: nothing of it is kept."""
        if step.facet is None:
            raise ValueError("a constraint that is judged by columns of numbers has no values")
        judge = step.constraint.judge
        return bytes([judge(asked, example).verdict for example in self._vocabulary.facets[step.facet].examples])

    def _new_course(self, service: Service, *, has_person: bool) -> _Course:
        listed, examined = [], []
        for step in steps(service, has_person=has_person):
            if step.facet is None or step.constraint.only_of is None:
                listed.append(step)
                continue
            values = self._vocabulary.facets[step.facet].examples
            if any(map(step.constraint.only_of, values)):
                listed.append(step)
            else:
                examined.append((values, len(values)))
        legs: list[tuple[_Condition | None, LookUp | Step]] = []
        for is_kept, following in groupby(listed, key=attrgetter("is_kept")):
            if is_kept:
                tables = [(each.facts, self._known_of(each, has_person=has_person)) for each in following]
                legs.append((None, look_up(tables)))
            else:
                legs += [(each.only_if, each) for each in following]
        course = self._courses[service.code, has_person] = _Course(service, legs, examined)
        return course

    def _known_of(self, step: Step, *, has_person: bool) -> _Known:
        key = step.number, has_person, step.of_service
        return self._known.setdefault(key, _Known(partial(self._new, step), self._lock))

    def _new(self, step: Step) -> bytes:
        """Number what a constraint says from now on: twice where there are two kinds of unknown, told by sets."""
        constraint = step.constraint
        tables: tuple[Judged, ...] = ()
        if step.facet is not None:
            values = self._vocabulary.facets[step.facet]
            cases = (False, True) if TIMED in constraint.looks_at else (None,)
            tables = tuple(Judged(constraint, values, is_expired=case) for case in cases)
        kinds = UNKNOWNS if step.is_of_taken else (None,)
        numbers = range(len(self.listed), len(self.listed) + len(kinds))
        self.listed += [Answer(constraint, step.facet, tables, each) for each in kinds]
        self.timed += numbers if step.is_timed else ()
        self.of_taken += numbers if step.is_of_taken else ()
        self._count()
        return b"".join(map(_NUMBER.pack, numbers))

    def _count(self) -> None:
        self.is_full = len(self.listed) >= _MOST_KEPT or self.marks.size >= _MOST_MARKED


class Tables:
    """
    What was judged, for blocks that share a vocabulary.

    Args:
        vocabulary: That of the blocks.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.reasons = Reasons()
        self._answers = Answers(vocabulary, self.reasons)

    @property
    def answers(self) -> Answers:
        """The answers that are known; one question uses the same throughout."""
        if self._answers.is_full:
            self._answers = Answers(self._vocabulary, self.reasons)
        return self._answers
