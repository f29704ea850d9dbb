"""Screening help: who should be asked again, by coded indicators that filter nothing (R44)."""

from typing import Final

from services.matching.model.person import Person
from services.taxonomy import Kind, terms

ENOUGH: Final = 2  #: indicators, in one who is no child
ENOUGH_OF_A_CHILD: Final = 1
_NOT_PRESUMED: Final = frozenset({None, "som"})


def questions(person: Person | None) -> tuple[str, ...]:
    """
    List the questions to ask again, in their order; none where nothing suggests it.

    Who is presumed or confirmed to be trafficked is not asked again.
    """
    if person is None or not person.indicators or person.process not in _NOT_PRESUMED:
        return ()
    enough = ENOUGH_OF_A_CHILD if person.may_be_child else ENOUGH
    return tuple(terms(Kind.SCREENING_QUESTION)) if len(person.indicators) >= enough else ()
