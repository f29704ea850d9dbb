"""
The state machine of referrals and offers, as data.

Rules of this file: every move that exists stands in a table here, with who makes
it, under which guard, which clock it starts and which event tells of it; nothing
else decides whether a move is legal. It knows no time and no storage.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.errors import FailedPrecondition, Reason
from services.referrals.model import NOT_SENT, UNANSWERED, DueKind, EventType, OfferState, ReferralState

S = OfferState
R = ReferralState


class Actor(StrEnum):
    """Who may make a move."""

    SENDER = "sender"  #: the case worker, through a case system
    PROVIDER = "provider"  #: a person of the receiver, or somebody who has them on the telephone
    CLOCK = "clock"  #: a due time that passed
    SYSTEM = "system"  #: follows from another move


class Guard(StrEnum):
    """What must hold besides the state."""

    NONE = "none"
    SAFETY_CHECKED = "safety_checked"  #: the match was checked at the present revision
    CONSENT_COVERS = "consent_covers"  #: receiver, fields, purpose and time (R1)
    PLACE = "place"  #: consent stands, nobody else accepted, and a counted place is booked
    CODED_REASON = "coded_reason"
    UNREAD_ANSWER = "unread_answer"  #: the sender has answered a question, and nobody there has read that yet
    NOBODY_ELSE = "nobody_else"  #: the referral is open and nobody else accepted for the need; and a place


class Move(StrEnum):
    """What can be done to an offer."""

    ASK_CONSENT = "ask_consent"
    ASK_APPROVAL = "ask_approval"
    REQUEST = "request"
    PROBE = "probe"
    ANSWER_PROBE = "answer_probe"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    PROPOSE = "propose"
    AGREE = "agree"
    DECLINE = "decline"
    DECLINE_FOR_PERSON = "decline_for_person"
    ASK_INFO = "ask_info"
    WAITLIST = "waitlist"
    DEPART = "depart"
    ARRIVE = "arrive"
    FAIL = "fail"
    COMPLETE = "complete"
    CANCEL = "cancel"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: a move out of some states into one."""

    sources: AbstractSet[OfferState]
    move: Move
    target: OfferState
    actors: AbstractSet[Actor]
    guard: Guard
    clock: DueKind | None  #: what is due next; None: nothing, the offer is closed
    event: EventType


_ASKED: Final = frozenset({S.REQUESTED, S.RECEIVED})
_ANSWERABLE: Final = _ASKED | {S.WAITLISTED}
_LATE: Final = frozenset({S.EXPIRED, S.SUPERSEDED})
_ON_THE_WAY: Final = frozenset({S.ACCEPTED, S.IN_TRANSIT})
_ANY: Final = frozenset(S)


def _row(
    sources: AbstractSet[OfferState] | OfferState,
    move: Move,
    target: OfferState,
    actors: AbstractSet[Actor] | Actor,
    guard: Guard,
    clock: DueKind | None,
    event: EventType,
) -> Transition:
    return Transition(
        frozenset({sources}) if isinstance(sources, OfferState) else sources,
        move,
        target,
        frozenset({actors}) if isinstance(actors, Actor) else actors,
        guard,
        clock,
        event,
    )


_SENDER: Final = Actor.SENDER
_DESK: Final = Actor.PROVIDER
_EITHER: Final = frozenset({Actor.SENDER, Actor.PROVIDER})
#: a probe that another has answered ends as if it had been recalled: nobody learns of the others
_RECALL: Final = frozenset({Actor.SENDER, Actor.SYSTEM})
_CLOCK: Final = Actor.CLOCK
_SYSTEM: Final = Actor.SYSTEM
_PERSON: Final = DueKind.PERSON_DECIDES
_THERE: Final = DueKind.ARRIVE
_REVIEW: Final = DueKind.FOLLOW_UP
M, E, G = Move, EventType, Guard

# fmt: off
OFFER_TABLE: Final[tuple[Transition, ...]] = (
    _row(S.DRAFT, M.ASK_CONSENT, S.AWAITING_CONSENT, _SENDER, G.SAFETY_CHECKED, _PERSON, E.OFFER_CREATED),
    _row(S.DRAFT, M.ASK_APPROVAL, S.AWAITING_APPROVAL, _SENDER, G.SAFETY_CHECKED, _PERSON, E.OFFER_CREATED),
    _row(NOT_SENT, M.REQUEST, S.REQUESTED, _SENDER, G.CONSENT_COVERS, DueKind.READ, E.OFFER_REQUESTED),
    _row(S.DRAFT, M.PROBE, S.PROBING, _SENDER, G.SAFETY_CHECKED, DueKind.DECIDE, E.PROBE_REQUESTED),
    _row(S.PROBING, M.ANSWER_PROBE, S.DRAFT, _DESK, G.PLACE, _PERSON, E.PROBE_ANSWERED),
    _row(S.REQUESTED, M.ACKNOWLEDGE, S.RECEIVED, _DESK, G.NONE, DueKind.DECIDE, E.OFFER_RECEIVED),
    _row(S.INFO_REQUESTED, M.ACKNOWLEDGE, S.RECEIVED, _EITHER, G.NONE, DueKind.DECIDE, E.OFFER_RECEIVED),
    _row(S.RECEIVED, M.ACKNOWLEDGE, S.RECEIVED, _DESK, G.UNREAD_ANSWER, DueKind.DECIDE, E.OFFER_RECEIVED),
    _row(_ANSWERABLE, M.ACCEPT, S.ACCEPTED, _DESK, G.PLACE, _THERE, E.OFFER_ACCEPTED),
    _row(_LATE, M.ACCEPT, S.ACCEPTED, _DESK, G.NOBODY_ELSE, _THERE, E.OFFER_ACCEPTED),
    _row(_ANSWERABLE | {S.PROBING}, M.DECLINE, S.REJECTED, _DESK, G.CODED_REASON, None, E.OFFER_REJECTED),
    _row(_ASKED, M.ASK_INFO, S.INFO_REQUESTED, _DESK, G.CODED_REASON, _PERSON, E.OFFER_ON_HOLD),
    _row(_ASKED, M.WAITLIST, S.WAITLISTED, _DESK, G.CODED_REASON, _PERSON, E.OFFER_ON_HOLD),
    _row(_ASKED, M.PROPOSE, S.PROPOSED, _DESK, G.PLACE, _PERSON, E.OFFER_PROPOSED),
    _row(S.PROPOSED, M.AGREE, S.ACCEPTED, _SENDER, G.PLACE, _THERE, E.OFFER_ACCEPTED),
    _row(
        (UNANSWERED - {S.PROBING}) | _ON_THE_WAY,
        M.DECLINE_FOR_PERSON, S.DECLINED_BY_PERSON, _SENDER, G.CODED_REASON, None, E.OFFER_CANCELLED,
    ),
    _row(S.ACCEPTED, M.DEPART, S.IN_TRANSIT, _EITHER, G.NONE, _THERE, E.OFFER_DEPARTED),
    _row(_ANY - {S.IN_PROGRESS}, M.ARRIVE, S.IN_PROGRESS, _DESK, G.NONE, _REVIEW, E.OFFER_ARRIVED),
    _row(_ON_THE_WAY, M.FAIL, S.FAILED, _EITHER, G.CODED_REASON, None, E.OFFER_FAILED),
    _row(S.IN_PROGRESS, M.COMPLETE, S.COMPLETED, _DESK, G.CODED_REASON, None, E.OFFER_COMPLETED),
    _row(UNANSWERED | _ON_THE_WAY, M.CANCEL, S.CANCELLED, _RECALL, G.CODED_REASON, None, E.OFFER_CANCELLED),
    _row(UNANSWERED, M.EXPIRE, S.EXPIRED, _CLOCK, G.NONE, None, E.OFFER_EXPIRED),
    _row(UNANSWERED, M.SUPERSEDE, S.SUPERSEDED, _SYSTEM, G.NONE, None, E.OFFER_SUPERSEDED),
    _row(_ANY - {S.ENTERED_IN_ERROR}, M.VOID, S.ENTERED_IN_ERROR, _SENDER, G.CODED_REASON, None, E.OFFER_CANCELLED),
)
# fmt: on


class Turn(StrEnum):
    """What can be done to a referral."""

    ACTIVATE = "activate"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    REVOKE = "revoke"
    EXHAUST = "exhaust"
    VOID = "void"


REFERRAL_TABLE: Final[Mapping[tuple[ReferralState, Turn], ReferralState]] = MappingProxyType(
    {
        (R.DRAFT, Turn.ACTIVATE): R.ACTIVE,
        (R.EXHAUSTED, Turn.ACTIVATE): R.ACTIVE,
        (R.ACTIVE, Turn.PAUSE): R.ON_HOLD,
        (R.ON_HOLD, Turn.RESUME): R.ACTIVE,
        (R.ACTIVE, Turn.EXHAUST): R.EXHAUSTED,
        (R.ACTIVE, Turn.COMPLETE): R.COMPLETED,
        (R.ON_HOLD, Turn.COMPLETE): R.COMPLETED,
        (R.DRAFT, Turn.REVOKE): R.REVOKED,
        (R.ACTIVE, Turn.REVOKE): R.REVOKED,
        (R.ON_HOLD, Turn.REVOKE): R.REVOKED,
        (R.EXHAUSTED, Turn.REVOKE): R.REVOKED,
        **{(state, Turn.VOID): R.ENTERED_IN_ERROR for state in R if state is not R.ENTERED_IN_ERROR},
    }
)

_BY_SOURCE: Final[Mapping[tuple[OfferState, Move], Transition]] = MappingProxyType(
    {(source, row.move): row for row in OFFER_TABLE for source in row.sources}
)


def transition(state: OfferState, move: Move) -> Transition:
    """
    Look a move up.

    Raises:
        FailedPrecondition: The state has no such move (ILLEGAL_MOVE, naming both).
    """
    found = _BY_SOURCE.get((state, move))
    if found is None:
        raise illegal(state, move)
    return found


def is_legal(state: OfferState, move: Move) -> bool:
    """Say whether the state has such a move."""
    return (state, move) in _BY_SOURCE


def turned(state: ReferralState, turn: Turn) -> ReferralState:
    """
    Look up where a referral goes.

    Raises:
        FailedPrecondition: The state has no such move (ILLEGAL_MOVE, naming both).
    """
    found = REFERRAL_TABLE.get((state, turn))
    if found is None:
        raise illegal(state, turn)
    return found


def illegal(state: OfferState | ReferralState, move: Move | Turn) -> FailedPrecondition:
    """Say that a state has no such move."""
    return FailedPrecondition(
        "the state has no such move", reason=Reason.ILLEGAL_MOVE, metadata={"state": state, "move": move}
    )
