"""Which constraints a kind of question needs, and what decides each of them."""

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


_KNOWN_STEPS: dict[tuple[str, bool], tuple[Service, tuple[Step, ...]]] = {}


def steps(service: Service, *, has_person: bool) -> tuple[Step, ...]:
    """List the constraints that apply to a service, in the order of the table; worked out once a service."""
    known = _KNOWN_STEPS.get((service.code, has_person))
    if known is not None and known[0] is service:
        return known[1]
    listed = tuple(
        _step(each, number, service, has_person=has_person)
        for number, each in enumerate(CONSTRAINTS)
        if each.applies_to(service, has_person=has_person)
    )
    _KNOWN_STEPS[service.code, has_person] = (service, listed)
    return listed


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
