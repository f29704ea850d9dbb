"""Requests that are recognised when they come again, and the answers that never change."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider chosen for a need."""

    need_no: int
    provider_id: str
    #: somebody has spoken to the front gate (R22); says nothing of who was chosen
    gate_confirmed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class CreatedOffer:
    """An offer as it was made."""

    offer_id: str
    need_no: int
    provider_id: str
    labels: tuple[str, ...] = ()  #: the groups of a plan whose people it is for


@dataclass(frozen=True, slots=True)
class CreatedReferral:
    """The immutable part of the answer to CreateReferral, so that a replay equals the first answer."""

    referral_id: str  #: empty if every place was lost in the race
    offers: tuple[CreatedOffer, ...]
    create_time: datetime
    lost_places: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A command that was done: the key outlives the erasure of its case."""

    digest: bytes | None  #: keyed digest of the request; None after erasure
    referral_id: str | None  #: None: it was about none
    subject_id: str  #: what the command made or changed: a consent, an offer, a task, a referral
    answer: CreatedReferral | None = None
    answers: tuple[CreatedReferral, ...] = ()  #: of a command that makes several
