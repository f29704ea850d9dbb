"""
Judge once: what a constraint's one pure function says of each value of a facet, for all questions that are alike.

What is kept are answers to facts such as an age or a language, without the
person, the origin or the safety envelope: nothing here tells who asked.
"""

import numpy as np

from services.matching.constraints.table import Constraint
from services.matching.index.arena import Arena
from services.matching.index.facets import Facet
from services.matching.index.marks import MARK_TYPE, Reasons
from services.matching.model.request import Asked


class Judged:
    """
    A constraint's findings by the number of the value, for one kind of question.

    Args:
        constraint: Whose findings.

        facet: The values that it is asked of.

        is_expired: For one that looks at when the vetting ends: whether it has; None for others.
    """

    def __init__(self, constraint: Constraint, facet: Facet, *, is_expired: bool | None) -> None:
        self._constraint = constraint
        self._facet = facet
        self._is_expired = is_expired
        self._marks = b""  #: the number of what is found of each value, of `MARK_TYPE`
        self.begin = 0  #: where these are, in marks
        self.verdicts = b""  #: one byte a value, of `Verdict`

    @property
    def is_whole(self) -> bool:
        """Whether no value has come since."""
        return len(self.verdicts) == len(self._facet.examples)

    def extend(self, asked: Asked, reasons: Reasons, marks: Arena) -> None:
        """
        Judge the values that have come since.

        Args:
            asked: A question of the kind.

            reasons: Numbers what is found.

            marks: Holds the numbers.
        """
        if self.is_whole:  # another thread was sooner
            return
        known = len(self.verdicts)
        constraint, judge = self._constraint, self._constraint.judge
        found = [judge(asked, example) for example in self._facet.seen(is_expired=self._is_expired)[known:]]
        numbers = [reasons.number((constraint, finding)) for finding in found]
        self._marks += np.array(numbers, dtype=MARK_TYPE).tobytes()
        self.begin = marks.add(self._marks).begin // MARK_TYPE.itemsize
        self.verdicts += bytes([finding.verdict for finding in found])
