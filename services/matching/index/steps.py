"""Which constraints a kind of question needs, and what of a question decides each of them."""

from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import Final, NamedTuple

from services.matching.constraints.table import CONSTRAINTS, Constraint
from services.matching.index.facets import TIMED, Attributes, facet_of
from services.matching.model.request import Asked
from services.taxonomy import Service

#: judged by columns of numbers, and yet alike for all questions about a service at a time
_ALIKE: Final = frozenset({"service", "validity", "position"})
_TIMED: Final = frozenset({"start_time", "end_time", TIMED})
_WHEN: Final = "when_time"
_TAKEN: Final = "taken"
_OF_SERVICE: Final = ("need.service", "need.code")


class Step(NamedTuple):
    """A constraint as one kind of question needs it."""

    constraint: Constraint
    number: int  #: its place in the table
    facet: Attributes | None  #: None: judged by columns of numbers
    is_kept: bool  #: whether what it says hangs on facts of the question alone, and not on who is left
    facts: tuple[str, ...]  #: those facts, without what the service says
    of_service: tuple[Hashable, ...]  #: what of the service decides
    is_timed: bool  #: whether the time decides too
    is_of_taken: bool  #: whether what is held and booked does
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
    facet, asks = facet_of(constraint.looks_at), constraint.asks
    if asks is None and TIMED in constraint.looks_at:
        facet = None  # whom it excludes is neither kept nor a matter of values: one by one
    is_alike = constraint.name in _ALIKE
    names: list[str] = []
    if asks is not None and not is_alike:
        # when a vetting ends is no fact of the question: a table is judged for each of the two cases;
        # nor is what is taken: what was said is forgotten when that turns
        names = [each for each in asks if each != _TAKEN and not (each == _WHEN and TIMED in constraint.looks_at)]
        names = [each for each in names if has_person or not each.startswith("person.")]
    of_service = [each for each in names if each.startswith(_OF_SERVICE)]
    return Step(
        constraint=constraint,
        number=number,
        facet=facet,
        is_kept=is_alike or asks is not None,
        facts=tuple(each for each in names if each not in of_service),
        of_service=tuple(
            attrgetter(each.removeprefix("need.").removeprefix("service."))(service) for each in of_service
        ),
        is_timed=not _TIMED.isdisjoint(constraint.looks_at),
        is_of_taken=_TAKEN in (asks or ()),
        excludes=constraint.excludes(service),
        only_if=constraint.only_if,
    )
