"""
Sift a part of the directory through the table of constraints, and say why who is left is where it is.

Each constraint is one or two sets of bits, so counting whom it was the first to
exclude is exact over the whole directory and takes microseconds.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from services.geo import Gauge
from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.bits import Words, count
from services.matching.index.facets import Attributes, Column, facet_of
from services.matching.index.judged import Judged
from services.matching.index.shelf import Sets, Shelf
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import YES, Finding
from services.taxonomy import Service

if TYPE_CHECKING:
    from services.matching.index.snapshot import Part

Reason = tuple[Constraint, Finding]


class Step(NamedTuple):
    """A constraint as one kind of question needs it."""

    constraint: Constraint
    facet: Attributes | None  #: None: judged by columns of numbers
    key_of: Callable[[Asked], Hashable]
    excludes: bool


class _Source(NamedTuple):
    """Where a constraint's finding on a row is looked up; without a column it is judged again."""

    constraint: Constraint
    column: Column | None
    tables: Sequence[Judged]


_KNOWN_STEPS: dict[tuple[str, bool], tuple[Service, tuple[Step, ...]]] = {}


def steps(service: Service, *, has_person: bool) -> tuple[Step, ...]:
    """List the constraints that apply to a service, in the order of the table; worked out once a service."""
    known = _KNOWN_STEPS.get((service.code, has_person))
    if known is not None and known[0] is service:
        return known[1]
    listed = tuple(
        Step(each, facet_of(each.looks_at), each.key_of(has_person=has_person), each.excludes(service))
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
        listed = steps(asked.need.service, has_person=asked.person is not None)
        self.steps = [(step, None if step.facet is None else step.key_of(asked)) for step in listed]


class Sifted:
    """
    Who of a part is left for one question.

    Args:
        part: The part.

        question: The question.
    """

    def __init__(self, part: "Part", question: Question) -> None:
        self._question = question
        self._asked = asked = question.asked
        self._block = part.block
        self.shelf: Shelf = part.block.shelf(asked.need.code)
        self._sources: list[_Source] = []
        self.excluded: dict[str, int] = {}
        alive = part.standing(self.shelf).copy()
        unsure = np.zeros_like(alive)
        left = count(alive)
        self._note("service", len(part) - left)
        for step, key in question.steps:
            if not left:
                break
            no, unknown = self._judge(step, key, alive, left)
            if unknown is not None:
                np.bitwise_or(unsure, unknown, out=unsure)
            if no is not None and step.excludes:
                np.bitwise_and(alive, ~no, out=alive)
                stay = count(alive)
                self._note(step.constraint.name, left - stay)
                left = stay
        if asked.need.service.life_first:
            unsure[:] = 0  # an unknown is a caution there (R59)
        self.unsure: Words = alive & unsure
        self.unsure_count = count(self.unsure)
        self.sure: Words = alive & ~unsure
        self.sure_count = left - self.unsure_count

    def nearest(self, *, is_sure: bool, limit: int) -> list[tuple[int, Provider, int]]:
        """Choose the nearest who can, or whom to ask first: cost in whole millimetres, who, and the row."""
        among, number = (self.sure, self.sure_count) if is_sure else (self.unsure, self.unsure_count)
        found = self.shelf.nearest(self._question.gauge, among, number, limit)
        return [(cost, self.shelf.provider(row), row) for cost, row in found]

    def reasons(self, rows: Sequence[int], providers: Sequence[Provider]) -> list[list[Reason]]:
        """List for each of some who are left what is not a plain yes, in the order of the table."""
        asked = self._asked
        found: list[list[Reason]] = [[] for _ in rows]
        if not found:
            return found
        at = self.shelf.rows[np.array(rows)]
        for constraint, column, tables in self._sources:
            if column is None:
                findings = [constraint.judge(asked, each) for each in providers]
            elif len(tables) == 1:
                known = tables[0].findings
                findings = [known[number] for number in column[at].tolist()]
            else:
                findings = [
                    tables[each.vetting_expired(asked.when_time)].findings[number]
                    for each, number in zip(providers, column[at].tolist(), strict=True)
                ]
            for finding, listed in zip(findings, found, strict=True):
                if finding is not YES:
                    listed.append((constraint, finding))
        return found

    def _judge(self, step: Step, key: Hashable, alive: Words, left: int) -> Sets:
        if step.facet is None:
            sets = self._judge_apart(step.constraint, alive, left)
            if sets[1] is not None:
                self._sources.append(_Source(step.constraint, None, ()))
            return sets
        name = step.constraint.name
        found = self.shelf.find(name, key)
        if found is None:
            tables = self._block.tables.judged(step.constraint, key, self._asked)
            found = self.shelf.keep(name, key, step.facet, tables)
        no, unknown = self.shelf.sets(found, self._asked)
        if unknown is not None or (no is not None and not step.excludes):
            self._sources.append(_Source(step.constraint, self._block.columns.numbers[step.facet], found.tables))
        return no, unknown

    def _judge_apart(self, constraint: Constraint, alive: Words, left: int) -> Sets:
        asked, shelf = self._asked, self.shelf
        sets: Sets
        match constraint.name:
            case "service":
                sets = shelf.judge_service(constraint, asked)
            case "validity":
                sets = shelf.judge_validity(asked)
            case "places":
                sets = shelf.judge_places(constraint, asked, alive)
            case "position":
                sets = shelf.nowhere, None
            case "distance":
                sets = shelf.judge_distance(self._question.gauge, asked, alive, left)
            case "safety":
                rows = [self._block.row_of(each) for each in asked.excluded_provider_ids]
                sets = shelf.judge_safety([row for row in rows if row is not None])
            case _:
                sets = shelf.judge_each(constraint, asked, alive)
        return sets

    def _note(self, constraint: str, number: int) -> None:
        if number:
            self.excluded[constraint] = self.excluded.get(constraint, 0) + number
