"""Prepare a question once for all parts of a directory: what it asks, and what was judged of each value."""

from collections.abc import Callable, Hashable
from typing import NamedTuple

from services.geo import Gauge
from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.facets import Attributes, facet_of
from services.matching.index.judged import Judged, Tables
from services.matching.index.paths import Paths
from services.matching.index.times import microseconds
from services.matching.model.request import Asked
from services.taxonomy import Service


class Step(NamedTuple):
    """A constraint as one kind of question needs it."""

    constraint: Constraint
    facet: Attributes | None  #: None: judged by columns of numbers
    key_of: Callable[[Asked], Hashable]
    excludes: bool
    only_if: Callable[[Asked], bool] | None  #: of a question without which everybody is a yes; None: always


#: a constraint, and what was judged of each value of its facet
Judgement = tuple[Step, tuple[Judged, ...]]
_KNOWN_STEPS: dict[tuple[str, bool], tuple[Service, tuple[Step, ...]]] = {}


def steps(service: Service, *, has_person: bool) -> tuple[Step, ...]:
    """List the constraints that apply to a service, in the order of the table; worked out once a service."""
    known = _KNOWN_STEPS.get((service.code, has_person))
    if known is not None and known[0] is service:
        return known[1]
    listed = tuple(
        Step(each, facet_of(each.looks_at), each.key_of(has_person=has_person), each.excludes(service), each.only_if)
        for each in CONSTRAINTS
        if each.applies_to(service, has_person=has_person)
    )
    _KNOWN_STEPS[service.code, has_person] = (service, listed)
    return listed


class Question:
    """
    What is asked, prepared once for all parts of the directory.

    Args:
        asked: The question.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.gauge = Gauge(asked.origin)
        self.paths = Paths(asked, self.gauge)
        self.when_us = microseconds(asked.when_time)
        listed = steps(asked.need.service, has_person=asked.person is not None)
        self._steps = [step for step in listed if step.only_if is None or step.only_if(asked)]
        self._judged: tuple[Tables, list[Judgement]] | None = None

    def judged_by(self, tables: Tables) -> list[Judgement]:
        """List the steps with what was judged of each value; the parts of a directory share their tables."""
        if self._judged is None or self._judged[0] is not tables:
            asked = self.asked
            listed = [
                (step, () if step.facet is None else tables.judged(step.constraint, step.key_of(asked), asked))
                for step in self._steps
            ]
            self._judged = tables, listed
        return self._judged[1]
