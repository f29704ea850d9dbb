"""What a request brings with it: needs that a rule adds to those that were asked for."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from services.matching.constraints.table import CONSTRAINTS
from services.matching.listing import NeedAnswer
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, Enquiry, Need
from services.matching.model.verdicts import Verdict
from services.taxonomy import Urgency, service

GUARDIAN: Final = "LEG-GRD"
INTERPRETER: Final = "LNG-INT"
LANGUAGE: Final = "language"  #: the constraint
_LANGUAGE: Final = next(each for each in CONSTRAINTS if each.name == LANGUAGE)
_URGENCIES: Final = tuple(Urgency)  # the most urgent first


def with_guardian(enquiry: Enquiry) -> Enquiry:
    """Add a guardian or legal representative for a child without a carer, unless one is asked for (R35)."""
    person = enquiry.person
    if person is None or not person.is_child_alone or _asks(enquiry, GUARDIAN):
        return enquiry
    return replace(enquiry, needs=(*enquiry.needs, _guardian(_most_urgent(enquiry.needs))))


@cache
def _guardian(urgency: Urgency) -> Need:
    return Need(service=service(GUARDIAN), urgency=urgency, added_by="R35")


def interpreter_for(enquiry: Enquiry) -> Need | None:
    """Make the need for an interpreter by telephone; None if it cannot arise: no language, or it is asked for."""
    person = enquiry.person
    if person is None or person.languages is None or _asks(enquiry, INTERPRETER):
        return None
    return _interpreter(_most_urgent(enquiry.needs))


@cache
def _interpreter(urgency: Urgency) -> Need:
    return Need(service=service(INTERPRETER), urgency=urgency, is_remote=True, added_by="R40")


def needs_of(enquiry: Enquiry) -> tuple[Need, ...]:
    """List all needs that an answer may have, as it numbers them: the interpreter stands last, if it was added."""
    interpreter = interpreter_for(enquiry)
    return enquiry.needs if interpreter is None else (*enquiry.needs, interpreter)


def speaks(asked: Asked, provider: Provider) -> bool:
    """Say whether a provider surely speaks a language of the person."""
    return _LANGUAGE.judged(asked, provider).verdict is Verdict.YES


def nobody_speaks(answers: Sequence[NeedAnswer]) -> bool:
    """Say whether nobody in the lists surely speaks a language of the person, though somebody is there or fell so."""
    if not all(each.listing.all_mention(LANGUAGE) for each in answers):
        return False
    return any(len(each.listing) or LANGUAGE in dict(each.excluded) for each in answers)


def _asks(enquiry: Enquiry, code: str) -> bool:
    return code in [each.service.code for each in enquiry.needs]


def _most_urgent(needs: Sequence[Need]) -> Urgency:
    return needs[0].urgency if len(needs) == 1 else min((each.urgency for each in needs), key=_URGENCIES.index)
