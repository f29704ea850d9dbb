"""Tasks: what a named person or roster has to do, so that no clock ends in nothing (R62)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.errors import InvalidInput, Reason
from services.taxonomy import Urgency

OUTCOMES: Final = (
    "answered",
    "reached_nobody",
    "well",
    "not_well",
    "placed",
    "no_place_found",
    "signed",
    "cleared",
)


class TaskKind(StrEnum):
    """What has to be done."""

    RING = "ring"
    WELFARE_CHECK = "welfare_check"
    RESCREEN = "rescreen"
    MATCH_BY_HAND = "match_by_hand"
    TWO_YESES = "two_yeses"
    COUNTERSIGN = "countersign"
    DEAD_LETTER = "dead_letter"
    OVERCOMMITTED = "overcommitted"
    TELL_PERSON = "tell_person"
    REVIEW_REFUSALS = "review_refusals"


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"  #: the roster owns it
    TAKEN = "taken"  #: a named person does
    CLOSED = "closed"


class Cause(StrEnum):
    """Why a task was opened; says which event makes it needless."""

    NO_RECEIVER = "no_receiver"  #: nobody is enrolled: the offer is read out by telephone
    UNREAD = "unread"  #: the read clock ran out
    LATE = "late"  #: the arrive clock ran out
    FAILED = "failed"  #: accepted and not delivered
    WITHDRAWN = "withdrawn"  #: the person stopped the service while on the way or in care
    REVIEW = "review"  #: the review date of a running service
    EXHAUSTED = "exhausted"  #: nobody is left for a need
    TWO_YESES = "two_yeses"
    OVERCOMMITTED = "overcommitted"
    MANAGER = "manager"  #: silence has climbed to the manager
    UNDELIVERED = "undelivered"  #: nothing reaches the desk, or the sender's system, any more
    SENDER_SILENT = "sender_silent"  #: the sender has not said how to go on
    INTERPRETER = "interpreter"  #: nobody there speaks the language: find somebody by telephone
    RECODE = "recode"  #: more care is needed than was asked for
    LOST = "lost"  #: contact was lost, or worse: the sender says so
    UNSIGNED = "unsigned"  #: one worker went ahead at night without consent
    REFUSALS = "refusals"  #: a provider has refused several people who are alike
    UNTOLD = "untold"  #: the person must be told what was done without consent


#: causes of tasks that ask somebody to ring about an offer; any answer to it makes them needless
RINGING: Final = frozenset({Cause.NO_RECEIVER, Cause.UNREAD, Cause.MANAGER, Cause.SENDER_SILENT, Cause.UNDELIVERED})


#: causes of tasks that look for somebody who can help; a yes makes them needless
SEEKING: Final = frozenset({Cause.EXHAUSTED, Cause.SENDER_SILENT, Cause.INTERPRETER, Cause.RECODE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task."""

    task_id: str
    kind: TaskKind
    cause: Cause
    state: TaskState = TaskState.OPEN
    referral_id: str | None = None  #: None: about a pool of places
    need_no: int | None = None
    offer_id: str | None = None
    provider_id: str = ""
    code: str = ""
    urgency: Urgency
    due_time: datetime
    client_id: str = ""  #: the sender whose it is, if it is about no referral
    consent_id: str = ""  #: the override that is to be signed or told
    owner: str  #: the roster or person that owns it; never empty
    outcome: str = ""
    create_time: datetime
    version: int = 1

    def __post_init__(self) -> None:
        if not self.owner:
            raise ValueError("a task has an owner")


def checked_outcome(outcome: str) -> str:
    """
    Return how a task ended, as it came.

    Raises:
        InvalidInput: There is no such outcome (UNKNOWN_CODE).
    """
    if outcome not in OUTCOMES:
        raise InvalidInput(f"outcome must be one of {', '.join(OUTCOMES)}", reason=Reason.UNKNOWN_CODE)
    return outcome
