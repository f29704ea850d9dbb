"""The life of a referral as its sender sees it: consent, offers, holds, events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ihala.answer import ReceiverClass
from ihala.person import Urgency
from ihala.terms import NO_TERMS, Terms
from services.errors import InvalidInput


class GivenBy(Enum):
    """Who gave a consent."""

    PERSON = "person"
    CARER = "carer"
    GUARDIAN = "guardian"


class ConsentMethod(Enum):
    """How a consent was given."""

    SPOKEN = "spoken"
    WRITTEN = "written"
    THROUGH_INTERPRETER = "through_interpreter"
    ASSISTED = "assisted"


class Assent(Enum):
    """What a child says, apart from a carer's consent (R37)."""

    GIVEN = "given"
    REFUSED = "refused"
    NOT_POSSIBLE = "not_possible"


class Withdrawal(Enum):
    """The three ways to withdraw a consent (R3)."""

    THIS_RECEIVER = "this_receiver"
    STOP_SHARING = "stop_sharing"
    STOP_SERVICE = "stop_service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A recorded consent."""

    consent_id: str
    case_ref: str
    end_time: datetime
    withdrawn_time: datetime | None
    fields: Sequence[str] = ()  #: what may be disclosed
    purposes: Sequence[str] = ()
    receivers: ReceiverClass | Sequence[str] = ()  #: a class, or provider ids


class Via(Enum):
    """How an act reached us."""

    SYSTEM = "system"
    PAGE = "page"
    PHONE = "phone"
    IN_PERSON = "in_person"


class BroughtBy(Enum):
    """Who brings the person."""

    ALONE = "alone"
    WORKER = "worker"
    ESCORT = "escort"
    HOUSE = "house"


class Risk(Enum):
    """What a house must know for its own safety (R10)."""

    NONE_KNOWN = "none_known"
    NOT_ASKED = "not_asked"
    SOMEBODY_SEARCHES = "somebody_searches"
    ARMED = "armed"


class Precaution(Enum):
    """What staff must do, never a diagnosis (R10)."""

    NONE = "none"
    CONTACT = "contact"
    AIRBORNE = "airborne"


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What a receiver is told besides what its rules need, coded (R10)."""

    brought_by: BroughtBy | None = None
    arrive_start_time: datetime | None = None
    arrive_end_time: datetime | None = None
    risk: Risk | None = None
    precaution: Precaution | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A claim on places."""

    state: str
    items: Mapping[str, int]
    expire_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedState:
    """One need of a referral and who took it."""

    need_no: int
    code: str
    urgency: Urgency | None
    accepted_offer_id: str  #: empty: nobody yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One provider's part, as the sender sees it."""

    offer_id: str
    need_no: int
    provider_id: str
    state: str
    version: int
    due_time: datetime | None
    due_kind: str
    reason: str
    hold: Hold | None
    read_time: datetime | None
    ring: bool  #: somebody must ring the provider
    terms: Terms = NO_TERMS  #: on what it hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A referral as its sender sees it."""

    referral_id: str
    case_ref: str
    state: str
    version: int
    create_time: datetime | None
    needs: Sequence[NeedState]
    offers: Sequence[Offer]
    consent_id: str
    is_erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """The answer to `refer`; what never changes, so that a repeat equals the first answer."""

    referral_id: str  #: empty if every place was lost in the race
    offer_ids: Mapping[str, str]  #: offer id by provider id
    create_time: datetime | None
    lost_provider_ids: Sequence[str]  #: whose last place was taken between match and referral
    next_candidates: Sequence[tuple[int, str]]  #: (need number, provider id), nearest first
    is_replayed: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a sender has heard: keep it with what it was applied to."""

    epoch: str = ""
    revision: int = 0

    def __str__(self) -> str:
        return f"{self.epoch}:{self.revision}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """
        Read a cursor from the text that `str` gave.

        Raises:
            InvalidInput: the text is no cursor.
        """
        epoch, colon, revision = text.rpartition(":")
        if not colon or not revision.isdecimal():
            raise InvalidInput("cursor must be a text that a cursor gave")
        return cls(epoch, int(revision))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One transition, with the whole present state."""

    event_id: str
    type: str  #: for example "offer_accepted"
    case_ref: str
    referral_id: str
    offer_id: str
    occurred_time: datetime | None
    recorded_time: datetime | None
    actor: str
    on_behalf_of: str
    via: str
    referral: Referral
    cursor: Cursor  #: keep it in the transaction that applies the event
