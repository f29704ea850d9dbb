"""An offer: one provider asked for one need (FHIR Task)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.referrals.model.place import PlaceItem
from services.taxonomy import Urgency


class OfferState(StrEnum):
    """Where an offer stands."""

    DRAFT = "draft"
    AWAITING_CONSENT = "awaiting_consent"
    AWAITING_APPROVAL = "awaiting_approval"
    PROBING = "probing"
    REQUESTED = "requested"
    RECEIVED = "received"  #: a person has read it, never only a device
    INFO_REQUESTED = "info_requested"
    WAITLISTED = "waitlisted"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REJECTED = "rejected"
    DECLINED_BY_PERSON = "declined_by_person"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    ENTERED_IN_ERROR = "entered_in_error"


#: nothing is expected any more, but reality may still win
CLOSED: Final[AbstractSet[OfferState]] = frozenset(
    {
        OfferState.COMPLETED,
        OfferState.REJECTED,
        OfferState.DECLINED_BY_PERSON,
        OfferState.FAILED,
        OfferState.CANCELLED,
        OfferState.EXPIRED,
        OfferState.SUPERSEDED,
        OfferState.ENTERED_IN_ERROR,
    }
)
#: somebody said yes
PLACED: Final[AbstractSet[OfferState]] = frozenset({OfferState.ACCEPTED, OfferState.IN_TRANSIT, OfferState.IN_PROGRESS})
#: open, and nobody has said yes yet
UNANSWERED: Final[AbstractSet[OfferState]] = frozenset(OfferState) - CLOSED - PLACED


#: what a "yes, if" may hang on
CONDITIONS: Final = (
    "earliest_arrival",
    "longest_stay",
    "escort",
    "interpreter_by_telephone",
    "guardian",
    "paper",
)
#: what the yes of a probe may hang on: the provider must see the person first
ASSESSMENT: Final = "assessment"
#: nobody was told of a person yet: an offer is a question, or waits for its sender
NOT_SENT: Final[AbstractSet[OfferState]] = frozenset(
    {OfferState.DRAFT, OfferState.AWAITING_CONSENT, OfferState.AWAITING_APPROVAL}
)
#: what a provider may ask
QUESTIONS: Final = (
    "age",
    "gender",
    "language",
    "family",
    "process",
    "exploitation",
    "unaccompanied_child",
    "accessibility",
    "documents",
    "brought_by",
    "arrival",
    "risk",
    "precaution",
)
#: what a sender may say to a question; `told` has changed what the offer shows
ANSWERS: Final = ("told", "not_known", "not_told")


class DueKind(StrEnum):
    """What must have happened by `due_time` (R46)."""

    READ = "read"
    DECIDE = "decide"
    ARRIVE = "arrive"
    FOLLOW_UP = "follow_up"
    PERSON_DECIDES = "person_decides"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One provider's part of a referral."""

    offer_id: str  #: the receiver's id, unlinkable to its siblings
    referral_id: str
    offer_no: int  #: in the order in which a referral's offers were made, from 0; the sender's alone
    need_no: int
    part_id: str = ""  #: common to what one provider is asked for in one plan; empty: it stands alone
    code: str  #: the need's service code
    urgency: Urgency
    provider_id: str
    receiver_id: str = ""  #: empty: nobody is enrolled, a task asks somebody to ring
    pool_id: str
    country_code: str = ""  #: where the provider works
    time_zone: str = ""  #: IANA; empty: not known
    area_cell: str  #: where the provider is, as an H3 cell of resolution 3; for counts
    items: tuple[PlaceItem, ...] = ()  #: places asked for
    is_question: bool = False  #: asked without identity, and not sent since
    is_divisible: bool = False  #: the provider may take a number of them, and leave the rest
    needed_fields: tuple[str, ...] = ()  #: what the provider's rules need to know
    state: OfferState = OfferState.DRAFT
    version: int = 0  #: grows with each transition
    due_time: datetime | None = None  #: always set while the offer is open (R62)
    due_kind: DueKind | None = None
    reason: str = ""  #: coded; `sealed` where only the safety rules may know it
    ring: bool = False  #: a task asks somebody to ring the provider
    rung_no: int = 0  #: the next rung of the ladder, from 0
    rung_time: datetime | None = None  #: when silence climbs it; None: somebody has read it, or it has ended
    conditions: tuple[str, ...] = ()  #: of a yes, if
    arrive_start_time: datetime | None = None  #: earliest arrival of a yes, if
    stay_end_time: datetime | None = None  #: until when a yes, if can keep somebody
    question: str = ""  #: coded, what the provider wants to know
    answer: str = ""  #: coded, what the sender said to it
    answer_time: datetime | None = None  #: since when that waits to be read; None: nothing does
    wait_until_time: datetime | None = None  #: until when the waiting list may last
    create_time: datetime
    read_time: datetime | None = None  #: when a person first read it
    arrive_time: datetime | None = None  #: when the person was there

    def __post_init__(self) -> None:
        if self.is_closed != (self.due_time is None) or self.is_closed != (self.due_kind is None):
            raise ValueError("an offer has a due time for as long as it is open")

    @property
    def is_closed(self) -> bool:
        """Whether nothing is expected any more."""
        return self.state in CLOSED
