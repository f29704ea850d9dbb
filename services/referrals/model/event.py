"""What happened: an event is history, outbox and the sender's feed at once; ids and codes only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.referrals.model.offer import DueKind, OfferState


class Via(StrEnum):
    """The way by which an act reached us."""

    SYSTEM = "system"
    PAGE = "page"
    PHONE = "phone"
    IN_PERSON = "in_person"


class EventType(StrEnum):
    """The closed list of types; the value is the last token of the subject."""

    REFERRAL_CREATED = "referral_created"
    REFERRAL_EXHAUSTED = "referral_exhausted"
    REFERRAL_COMPLETED = "referral_completed"
    REFERRAL_REVOKED = "referral_revoked"
    REFERRAL_VOIDED = "referral_voided"
    REFERRAL_ERASED = "referral_erased"
    NEED_SETTLED = "need_settled"  #: a person said that a need is met elsewhere, or none any more; `reason` is its code
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OFFER_CREATED = "offer_created"
    OFFER_REQUESTED = "offer_requested"
    OFFER_RECEIVED = "offer_received"
    OFFER_ON_HOLD = "offer_on_hold"
    OFFER_PROPOSED = "offer_proposed"
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_REJECTED = "offer_rejected"
    OFFER_DEPARTED = "offer_departed"
    OFFER_ARRIVED = "offer_arrived"
    OFFER_COMPLETED = "offer_completed"
    OFFER_FAILED = "offer_failed"
    OFFER_CANCELLED = "offer_cancelled"
    OFFER_EXPIRED = "offer_expired"
    OFFER_SUPERSEDED = "offer_superseded"
    OFFER_OVERDUE = "offer_overdue"  #: a clock ran out, and the next one runs
    ALERT_RUNG = "alert_rung"  #: silence has climbed a rung that concerns channels; `reason` names it
    PROBE_REQUESTED = "probe_requested"
    PROBE_ANSWERED = "probe_answered"
    HOLD_LAPSED = "hold_lapsed"
    HOLD_OVERCOMMITTED = "hold_overcommitted"
    TASK_OPENED = "task_opened"
    TASK_ESCALATED = "task_escalated"
    TASK_CLOSED = "task_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does something, for whom, how it reached us and when."""

    actor: str  #: opaque: a client, a worker, or a loop of ours
    on_behalf_of: str = ""  #: the receiver, if somebody else answers for it
    via: Via = Via.SYSTEM
    occurred_time: datetime  #: in the world
    now: datetime  #: when we learned of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One transition. Its position in the sender's feed is given to it last."""

    event_id: str
    referral_id: str
    offer_id: str | None = None
    offer_version: int = 0
    type: EventType
    state: OfferState | None = None  #: the offer's, after the transition
    due_time: datetime | None = None
    due_kind: DueKind | None = None
    reason: str = ""
    occurred_time: datetime
    recorded_time: datetime
    actor: str
    on_behalf_of: str = ""
    via: Via = Via.SYSTEM
    revision: int = 0  #: 0 until it is written
