"""
Judge once: what a constraint's one pure function says of each value of a facet, for all questions that are alike.

What is kept are answers to facts such as an age or a language, without the
person, the origin or the safety envelope: nothing here tells who asked.
"""

from collections.abc import Hashable
from typing import Final

import numpy as np

from services.matching.constraints.table import Constraint
from services.matching.index.facets import TIMED, Facet, Vocabulary, facet_of
from services.matching.index.marks import MARK_TYPE, Reason, Reasons
from services.matching.model.answer import Remarks
from services.matching.model.request import Asked

_MOST_KEPT: Final = 20_000  #: tables; beyond that all are forgotten


class Judged:
    """
    A constraint's findings by the number of the value, for one kind of question.

    Args:
        constraint: Whose findings.

        facet: The values that it is asked of.

        numbers: Numbers what is found.

        is_expired: For one that looks at when the vetting ends: whether it has; None for others.
    """

    def __init__(self, constraint: Constraint, facet: Facet, numbers: Reasons, *, is_expired: bool | None) -> None:
        self._constraint = constraint
        self._facet = facet
        self._numbers = numbers
        self._is_expired = is_expired
        self.reasons: list[Reason] = []  #: what is found of each value
        self.examples = facet.examples  #: of the values; they only grow
        self.marks = b""  #: the numbers of what is found, of `MARK_TYPE`
        self.verdicts = b""  #: one byte a value, of `Verdict`

    def extend(self, asked: Asked) -> None:
        """Judge the values that have come since."""
        constraint, judge = self._constraint, self._constraint.judge
        for example in self._facet.seen(is_expired=self._is_expired)[len(self.reasons) :]:
            self.reasons.append((constraint, judge(asked, example)))
        self.marks = np.array([*map(self._numbers.number, self.reasons)], dtype=MARK_TYPE).tobytes()
        self.verdicts = bytes([finding.verdict for _, finding in self.reasons])


class Tables:
    """What was judged, by constraint and by what it asks of the question."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._kept: dict[Hashable, tuple[Judged, ...]] = {}
        self.reasons = Reasons()
        #: by what is said of all rows of a question, and the marks of a row
        self.remarks: dict[Hashable, dict[bytes, Remarks]] = {}

    def judged(self, constraint: Constraint, key: Hashable, asked: Asked) -> tuple[Judged, ...]:
        """
        Find the findings: one table, or two where the end of vetting counts, standing and expired.

        Args:
            constraint: Whose.

            key: What of the question decides, None if that is not known.

            asked: A question that is so.
        """
        found = None if key is None else self._kept.get((constraint.name, key))
        if found is None:
            found = self._new(constraint)
            if key is not None:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[constraint.name, key] = found
        for each in found:
            if len(each.reasons) < len(each.examples):  # values have come since
                each.extend(asked)
        return found

    def concerns_anybody(self, constraint: Constraint) -> bool:
        """Say whether there is anybody of whom a constraint can say something else than yes."""
        shared = facet_of(constraint.looks_at)
        if constraint.only_of is None or shared is None:
            return True
        return any(map(constraint.only_of, self._vocabulary.facets[shared].examples))

    def _new(self, constraint: Constraint) -> tuple[Judged, ...]:
        shared = facet_of(constraint.looks_at)
        if shared is None:
            raise ValueError("a constraint that is judged by columns of numbers has no table")
        facet = self._vocabulary.facets[shared]
        cases = (False, True) if TIMED in constraint.looks_at else (None,)
        return tuple(Judged(constraint, facet, self.reasons, is_expired=case) for case in cases)
