"""Prepare a question once for all parts of a directory."""

from datetime import timedelta
from typing import Final

from services.geo import Gauge
from services.matching.index.answers import Answers, Numbers
from services.matching.index.paths import Paths
from services.matching.index.steps import Step
from services.matching.index.times import microseconds
from services.matching.model.provider import RING_FIRST_AFTER
from services.matching.model.request import Asked

_NOBODY_GOES: Final = -1.0
_RING_FIRST_AFTER_US: Final = RING_FIRST_AFTER // timedelta(microseconds=1)


class Question:
    """
    What is asked, prepared once for all parts of the directory.

    Args:
        asked: The question.

        gauge: Measures from its origin, as for other questions of the same request; None: one of its own.
    """

    def __init__(self, asked: Asked, gauge: Gauge | None = None) -> None:
        self.asked = asked
        self.gauge = gauge or Gauge(asked.origin)
        self.when_us = microseconds(asked.when_time)
        #: when one can leave, and how long a millimetre takes then; below 0: nobody has to go
        self.now_us = self.when_us if asked.now_time is asked.when_time else microseconds(asked.now_time)
        self.heard_since_us = self.now_us - _RING_FIRST_AFTER_US  #: a receiver that was last heard before is rung first
        self.seconds_a_mm = _NOBODY_GOES if asked.need.is_remote else asked.pace.seconds_a_mm(asked.mode)
        self._answered: tuple[Answers, list[Numbers | Step]] | None = None
        self._paths: Paths | None = None

    def answered(self, answers: Answers) -> list[Numbers | Step]:
        """Answer it; parts have their answers in common."""
        known = self._answered
        if known is None or known[0] is not answers:
            known = self._answered = answers, answers.to(self.asked)
        return known[1]

    @property
    def paths(self) -> Paths:
        """The ways of the question."""
        if self._paths is None:
            self._paths = Paths(self.asked, self.gauge)
        return self._paths
