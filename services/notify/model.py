"""
What notify speaks of: events of offers, alerts, their deliveries, and the devices that ring.

A value that exists is valid. Nothing here holds a need, a name or a place (R11).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.errors import InvalidInput
from services.taxonomy import Rung, Urgency

OPAQUE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
#: narrower, since it is also a token of NATS subjects and the name of an account
RECEIVER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
PUBLIC_NKEY = re.compile(r"U[A-Z2-7]{55}", re.ASCII)


class Channel(StrEnum):
    """A way by which an alert travels."""

    PAGE = "page"  #: pulled by a browser that somebody left open
    NATS = "nats"  #: published to the stream ALERTS
    WEBHOOK = "webhook"  #: posted to an address of the receiver's system, signed
    EMAIL = "email"  #: a constant line: there is something, open the page
    SMS = "sms"  #: the same by telephone, through a gateway
    PUSH = "push"  #: wakes a browser by Web Push
    STREAM = "stream"  #: a gRPC stream that the receiver's system holds open


class DeliveryState(StrEnum):
    """What became of an alert in one channel."""

    PENDING = "pending"  #: waits for its next attempt
    SENT = "sent"  #: handed to the channel; nobody has confirmed it
    DELIVERED = "delivered"  #: a device has said that it has it
    DEAD = "dead"  #: given up: a person must clear it
    SETTLED = "settled"  #: no longer needed, since the offer has moved on


class OfferState(StrEnum):
    """Where an offer stands, as far as ringing goes by it."""

    DRAFT = "draft"
    AWAITING_CONSENT = "awaiting_consent"
    AWAITING_APPROVAL = "awaiting_approval"
    PROBING = "probing"
    REQUESTED = "requested"
    RECEIVED = "received"
    ANSWERED = "answered"  #: received, and what the desk asked was answered since: nobody there has read that
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEvent:
    """An offer has moved; the message says where it stands now."""

    event_id: str
    offer_id: str
    offer_version: int  #: grows with each move of the offer
    receiver_id: str
    state: OfferState
    urgency: Urgency
    due_time: datetime | None  #: by when the next thing must have happened; None for a closed offer
    rung: Rung | None = None  #: what silence has led to, if it concerns channels
    is_overdue: bool = False  #: the time in which something should have happened has passed
    part_offer_ids: tuple[str, ...] = ()  #: all offers that one alert tells of, by id; empty: this one alone

    def __post_init__(self) -> None:
        for name in ("event_id", "offer_id"):
            if OPAQUE_ID.fullmatch(getattr(self, name)) is None:
                raise InvalidInput(f"{name} must be an opaque id of 1 to 64 characters")
        require_receiver_id(self.receiver_id)
        if self.offer_version < 1:
            raise InvalidInput("offer_version must be at least 1")
        if self.due_time is not None and self.due_time.tzinfo is None:
            raise InvalidInput("due_time must have a time zone")
        if not all(OPAQUE_ID.fullmatch(each) for each in self.part_offer_ids):
            raise InvalidInput("part_offer_ids must be opaque ids of 1 to 64 characters")

    @property
    def part_id(self) -> str | None:
        """What the offers of one alert have in common; None for an offer that stands alone."""
        return self.part_offer_ids[0] if self.part_offer_ids else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One channel's part of an alert."""

    channel: Channel
    state: DeliveryState
    attempt_count: int
    next_time: datetime | None  #: of the next attempt; None: there is none
    delivered_time: datetime | None
    endpoint_id: str = ""  #: empty: the channel needs none
    step: int = 0  #: of the ladder: 0 at once, 1 the second channel, 2 the deputy
    create_time: datetime | None = None  #: when its turn came
    sent_time: datetime | None = None
    code: str = ""  #: why the last attempt failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """
    There is something for you: the whole of what an alert says, in every channel.

    It is for a receiver, about an offer; or for a sender, about one event of its feed,
    whose id is the alert's id: then it has `client_id` and `revision`, and neither
    receiver nor offer.
    """

    alert_id: str
    receiver_id: str
    offer_id: str
    offer_version: int
    client_id: str = ""  #: the sender
    revision: int = 0  #: of the event in the sender's feed
    urgency: Urgency
    due_time: datetime | None  #: by when an answer is due
    create_time: datetime
    offer_ids: tuple[str, ...] = ()  #: of a plan's part with several offers: all of them
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A delivery that one process has taken on for now."""

    alert: Alert
    channel: Channel
    number: int  #: from 1
    endpoint_id: str = ""  #: where it goes, in a channel that has endpoints
    first_time: datetime | None = None  #: when the first attempt was due
    is_stopped: bool = False  #: the endpoint is paused or ended: nothing may be sent there


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Something that rings for a receiver: a browser, or the receiver's NATS account."""

    device_id: str
    receiver_id: str
    channel: Channel
    create_time: datetime
    heard_time: datetime | None  #: None: never
    end_time: datetime | None  #: None: in use
    public_nkey: str = ""  #: of a NATS account


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDevice:
    """A browser at a desk, as the answer page knows it."""

    device_id: str
    receiver_id: str
    time_zone: str  #: IANA, of the desk
    unlocked_until: datetime | None  #: until when offers may be read without the PIN
    heard_time: datetime | None = None  #: when it last looked, to the minute; None: never


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the waiting screen may say."""

    count: int
    oldest_due_time: datetime | None
    unseen_ids: tuple[str, ...]  #: alerts that no device has confirmed to show


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A receiver as the directory knows it."""

    receiver_id: str
    time_zone: str


def require_receiver_id(receiver_id: str) -> str:
    """
    Return a receiver id that can be a token of a subject.

    Raises:
        InvalidInput: it cannot.
    """
    if RECEIVER_ID.fullmatch(receiver_id) is None:
        raise InvalidInput("receiver_id must be 1 to 64 of A-Z a-z 0-9 _ -")
    return receiver_id


def require_public_nkey(public_nkey: str) -> str:
    """
    Return the public nkey of a user.

    Raises:
        InvalidInput: it is none.
    """
    if PUBLIC_NKEY.fullmatch(public_nkey) is None:
        raise InvalidInput("public_nkey must be the public nkey of a user: U and 55 characters")
    return public_nkey
