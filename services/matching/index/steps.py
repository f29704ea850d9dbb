"""Which constraints a question needs, and what decides each of them."""

from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.facets import TIMED, Attributes, facet_of
from services.matching.model.request import Asked
from services.taxonomy import Service

#: judged by columns of numbers, and yet alike for all questions about a service at a time
_ALIKE: Final = frozenset({"service", "validity", "position"})
_TIMED: Final = frozenset({"start_time", "end_time", TIMED})


class Step(NamedTuple):
    """A constraint as one kind of question needs it."""

    constraint: Constraint
    number: int  #: its place in the table
    facet: Attributes | None  #: None: judged by columns of numbers
    key_of: Callable[[Asked], Hashable] | None  #: what decides; None: it depends on who is left
    is_timed: bool  #: whether the time decides too
    excludes: bool
    only_if: Callable[[Asked], bool] | None  #: of a question without which everybody is a yes; None: always


class _Kind:
    """
    The constraints of all questions about a service, with or without a person.

    Args:
        service: What is asked for.

        has_person: Whether anything is told of a person.
    """

    def __init__(self, service: Service, *, has_person: bool) -> None:
        self.service = service
        self._steps = [
            _step(each, number, service, has_person=has_person)
            for number, each in enumerate(CONSTRAINTS)
            if each.applies_to(service, has_person=has_person)
        ]
        self._conditions = [each.only_if for each in self._steps if each.only_if is not None]
        self._kept: dict[tuple[bool, ...], tuple[Step, ...]] = {}

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        """List those that a question needs."""
        answers = tuple([holds(asked) for holds in self._conditions])
        found = self._kept.get(answers)
        if found is None:
            needed = tuple(each for each in self._steps if each.only_if is None or each.only_if(asked))
            found = self._kept[answers] = needed
        return found


_KINDS: dict[tuple[str, bool], _Kind] = {}


def steps(asked: Asked) -> tuple[Step, ...]:
    """List the constraints that a question needs, in the order of the table: one tuple for all that are alike."""
    service, has_person = asked.need.service, asked.person is not None
    kind = _KINDS.get((service.code, has_person))
    if kind is None or kind.service is not service:
        kind = _KINDS[service.code, has_person] = _Kind(service, has_person=has_person)
    return kind.steps(asked)


def _step(constraint: Constraint, number: int, service: Service, *, has_person: bool) -> Step:
    facet = facet_of(constraint.looks_at)
    key_of: Callable[[Asked], Hashable] | None = None
    if facet is not None:
        key_of = constraint.key_of(has_person=has_person)
    elif constraint.name in _ALIKE:
        key_of = _nothing
    is_timed = not _TIMED.isdisjoint(constraint.looks_at)
    return Step(constraint, number, facet, key_of, is_timed, constraint.excludes(service), constraint.only_if)


def _nothing(_: Asked) -> Hashable:
    return ()
