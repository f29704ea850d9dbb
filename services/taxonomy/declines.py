"""Say why an offer came to nothing, who says so, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from services.taxonomy.terms import Kind, Term, fields_of, read, unknown_code


class Side(StrEnum):
    """Who gives a reason."""

    PROVIDER = "provider"
    PERSON = "person"
    SYSTEM = "system"


class Effect(StrEnum):
    """What a reason sets going."""

    REMATCH = "rematch"  #: the next provider is asked
    LOWER_PLACES = "lower_places"  #: the provider's reported places fall at once
    CORRECT_DIRECTORY = "correct_directory"  #: a correction of the record is proposed
    FIND_INTERPRETER = "find_interpreter"  #: an interpreter, perhaps by telephone
    RECODE_NEED = "recode_need"  #: the worker chooses another service code
    ASK_SENDER = "ask_sender"  #: a person of the sender has to say how to go on
    OFFER_LATER = "offer_later"  #: the provider named a later time
    EXCLUDE_PROVIDER = "exclude_provider"  #: for this person
    EXCLUDE_BOTH_WAYS = "exclude_both_ways"  #: person and provider never meet
    COUNT_GAP = "count_gap"  #: statistics of unmet need
    WELFARE_CHECK = "welfare_check"  #: a task: see that the person is well
    ALARM = "alarm"  #: somebody is woken within minutes
    RING_PROVIDER = "ring_provider"  #: a task: ring the silent provider
    END_REQUEST = "end_request"  #: nothing more is asked of anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineReason(Term):
    """A reason, from one side, with what follows from it."""

    side: Side
    effects: tuple[Effect, ...]
    sealed: bool  #: seen by the safety rules and by nobody else


@cache
def _reasons() -> Mapping[str, DeclineReason]:
    return MappingProxyType(
        {
            code: DeclineReason(
                **fields_of(Kind.DECLINE_REASON, code),
                side=Side(row["side"]),
                effects=tuple(Effect(effect) for effect in row["effects"]),
                sealed="sealed" in row.get("marks", ()),
            )
            for code, row in read(Kind.DECLINE_REASON)["terms"].items()
        }
    )


def decline_reason(code: str, field: str = "reason", *, side: Side | None = None) -> DeclineReason:
    """
    Look a reason up.

    Args:
        code: What came.

        field: The path of the field that it came in, for the error.

        side: Who speaks; another side's reasons are unknown then.

    Raises:
        InvalidInput: there is no such reason, or not on that side (UNKNOWN_CODE).
    """
    found = _reasons().get(code)
    if found is None or side not in {None, found.side}:
        raise unknown_code(Kind.DECLINE_REASON, field)
    return found
