"""What was done about alerts: attempts, escalations, dead letters, tasks asked for; and how far feeds were heard."""

from dataclasses import dataclass
from datetime import datetime

from services.notify.model import Alert, Delivery
from services.taxonomy import Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that nobody could read, or a delivery that was given up."""

    dead_letter_id: str
    create_time: datetime
    code: str  #: why
    stream: str  #: of the message; empty for a delivery
    alert_id: str  #: of the delivery; empty for a message, as what follows
    channel: str
    endpoint_id: str
    receiver_id: str
    client_id: str
    cleared_time: datetime | None  #: None: a person must see to it


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAttempt:
    """One attempt, as the log of deliveries tells it."""

    number: int
    time: datetime
    code: str  #: empty: it went out


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """Silence or failure led to more ways."""

    rung: str
    create_time: datetime
    way_count: int  #: that began, or rang again


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLog:
    """An alert with all that was done about it."""

    alert: Alert
    settled_time: datetime | None
    deliveries: tuple[tuple[Delivery, tuple[LoggedAttempt, ...]], ...]
    escalations: tuple[Escalated, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTask:
    """A task that a person shall have."""

    request_id: str
    offer_id: str  #: empty: about no offer
    client_id: str  #: the sender whose system cannot be reached; empty: about none
    urgency: Urgency
    attempt_count: int  #: of asking for it


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCursor:
    """How far the feed of a sender was heard."""

    epoch: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """Events of a sender's feed, by id and revision, ascending."""

    cursor: FeedCursor  #: after them
    events: tuple[tuple[str, int], ...]
