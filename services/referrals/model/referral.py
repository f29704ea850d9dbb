"""A referral: what one person needs, as its sender asked (FHIR ServiceRequest)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.referrals.model.place import PlaceItem
from services.taxonomy import Urgency


class NextKind(StrEnum):
    """What a need that nobody is asked for waits for."""

    REMATCH = "rematch"  #: the next provider is looked for
    SENDER = "sender"  #: the sender says how to go on


class ReferralState(StrEnum):
    """Where a referral stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    REVOKED = "revoked"
    EXHAUSTED = "exhausted"  #: no candidate is left for a need; a task is open
    ENTERED_IN_ERROR = "entered_in_error"


OPEN_REFERRALS: Final[AbstractSet[ReferralState]] = frozenset(
    {ReferralState.DRAFT, ReferralState.ACTIVE, ReferralState.ON_HOLD, ReferralState.EXHAUSTED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One need of a referral."""

    referral_id: str
    need_no: int  #: from 0, as in the match request
    code: str
    urgency: Urgency
    accepted_offer_id: str | None = None  #: the first yes
    next_time: datetime | None = None  #: its own clock, while nobody is asked or the next is asked beside
    next_kind: NextKind | None = None
    items: tuple[PlaceItem, ...] = ()  #: of a group that may go apart; empty: one person, or who stays together
    is_settled: bool = False  #: a person said that it is met elsewhere, or needed no more

    def __post_init__(self) -> None:
        if (self.next_time is None) != (self.next_kind is None):
            raise ValueError("a need's clock has a kind")

    @property
    def is_met(self) -> bool:
        """Whether nobody has to be looked for: somebody said yes, or a person has settled it."""
        return self.accepted_offer_id is not None or self.is_settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A request for one person."""

    referral_id: str
    client_id: str  #: the case system that made it
    case_ref: str  #: the sender's word; comes back to the sender and to nobody else
    person_ref: str = ""
    consent_id: str | None  #: None: nobody was told of a person yet
    state: ReferralState = ReferralState.DRAFT
    version: int = 0
    create_time: datetime
    occurred_time: datetime  #: when it was made in the world, at most `create_time`
    is_erased: bool = False

    @property
    def is_open(self) -> bool:
        """Whether its needs may still be met."""
        return self.state in OPEN_REFERRALS
