"""What the pages show of offers and houses, as far as their readers may know it (R10). Nothing of it is stored here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.taxonomy import Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer as its receiver may see it now, staged by state."""

    offer_id: str
    provider_id: str
    receiver_id: str
    state: str
    due_time: datetime | None
    due_kind: str
    urgency: Urgency | None
    code: str  #: empty before a person reads it, and after it is closed
    facts: Mapping[str, object] = field(default_factory=dict)  #: by name, see wire
    briefing: Mapping[str, object] = field(default_factory=dict)
    items: Mapping[str, int] = field(default_factory=dict)  #: places asked for, by population
    is_divisible: bool = False  #: a group of whom the desk may take a number
    conditions: tuple[str, ...] = ()  #: what its "yes, if" hangs on
    arrive_start_time: datetime | None = None  #: from when it takes the person
    stay_end_time: datetime | None = None  #: until when it keeps her
    area_cell: str = ""  #: where the person is, as an H3 cell of resolution 3; of a question alone
    reason: str = ""
    question: str = ""  #: what the desk has asked back, coded; empty: nothing
    answer: str = ""  #: what the sender said to it, coded; empty: nothing yet
    is_answer_unread: bool = False  #: it rings for that until somebody says that they read it
    wait_until_time: datetime | None = None  #: until when the waiting list may last


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What the sender has left for the meeting: sealed for whoever holds a key, and gone after arrival (R20)."""

    sealed: bytes
    key_id: str  #: names the key that opens it
    create_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPlaces:
    """What a pool last reported for one population; None where nobody has counted."""

    population: str
    total: int | None
    occupied: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A provider of the desk, as the desk itself may see it."""

    provider_id: str
    names: Mapping[str, str]  #: by language; an alias for a confidential site
    time_zone: str
    places: tuple[ReportedPlaces, ...]
    country_code: str = ""
