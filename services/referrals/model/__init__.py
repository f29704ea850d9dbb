"""Values of referrals: requests, needs, offers, holds, consents, tasks. A value that exists is valid."""

from services.referrals.model.consent import Assent, Consent, GivenBy, Method, OverrideGround, ReceiverClass, Withdrawal
from services.referrals.model.event import Act, Event, EventType, Via
from services.referrals.model.handover import Handover
from services.referrals.model.ids import CASE_REF, checked_id, checked_ref
from services.referrals.model.offer import (
    ANSWERS,
    ASSESSMENT,
    CLOSED,
    CONDITIONS,
    NOT_SENT,
    PLACED,
    QUESTIONS,
    UNANSWERED,
    DueKind,
    Offer,
    OfferState,
)
from services.referrals.model.place import Hold, HoldState, Place, PlaceItem, PlaceKey
from services.referrals.model.provider import Provider, ReachOut, ReportedPlace, Status, Vetting
from services.referrals.model.referral import OPEN_REFERRALS, Need, NextKind, Referral, ReferralState
from services.referrals.model.request import Choice, CreatedOffer, CreatedReferral, RequestKey
from services.referrals.model.roster import Roster, Shift, night_of
from services.referrals.model.standing import Standing
from services.referrals.model.task import RINGING, SEEKING, Cause, Task, TaskKind, TaskState

__all__ = [
    "ANSWERS",
    "ASSESSMENT",
    "CASE_REF",
    "CLOSED",
    "CONDITIONS",
    "NOT_SENT",
    "OPEN_REFERRALS",
    "PLACED",
    "QUESTIONS",
    "RINGING",
    "SEEKING",
    "UNANSWERED",
    "Act",
    "Assent",
    "Cause",
    "Choice",
    "Consent",
    "CreatedOffer",
    "CreatedReferral",
    "DueKind",
    "Event",
    "EventType",
    "GivenBy",
    "Handover",
    "Hold",
    "HoldState",
    "Method",
    "Need",
    "NextKind",
    "Offer",
    "OfferState",
    "OverrideGround",
    "Place",
    "PlaceItem",
    "PlaceKey",
    "Provider",
    "ReachOut",
    "ReceiverClass",
    "Referral",
    "ReferralState",
    "ReportedPlace",
    "RequestKey",
    "Roster",
    "Shift",
    "Standing",
    "Status",
    "Task",
    "TaskKind",
    "TaskState",
    "Vetting",
    "Via",
    "Withdrawal",
    "checked_id",
    "checked_ref",
    "night_of",
]
