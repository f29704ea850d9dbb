"""Places that are counted, and the holds on them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from services.errors import InvalidInput
from services.taxonomy import Kind, term

MAX_COUNT: Final = 1000


class PlaceKey(NamedTuple):
    """Names places; their order is the order in which they are locked."""

    pool_id: str
    population: str


@dataclass(frozen=True, slots=True)
class PlaceItem:
    """A number of places for one population."""

    population: str
    count: int  #: in [1, 1000]

    def __post_init__(self) -> None:
        term(Kind.POPULATION, self.population, "items.population")
        if not 1 <= self.count <= MAX_COUNT:
            raise InvalidInput(f"items.count must be in [1, {MAX_COUNT}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is known and what is claimed of the places of a pool for one population."""

    pool_id: str
    population: str
    total: int | None = None  #: None: not counted, nothing to hold
    occupied: int = 0  #: as last reported; may exceed total, since an honest report must be accepted
    report_time: datetime | None = None
    report_revision: int = 0  #: of the provider's record that brought the report
    held: int = 0
    booked: int = 0  #: accepted, and not arrived before the report

    @property
    def key(self) -> PlaceKey:
        """Its primary key."""
        return PlaceKey(self.pool_id, self.population)

    @property
    def free(self) -> int | None:
        """Places that can be taken; negative if overcommitted, None if not counted."""
        return None if self.total is None else self.total - self.occupied - self.held - self.booked

    @property
    def is_overcommitted(self) -> bool:
        """Whether more is promised than was reported."""
        return self.free is not None and self.free < 0 and self.held + self.booked > 0


class HoldState(StrEnum):
    """Where a hold stands."""

    HELD = "held"
    BOOKED = "booked"
    RELEASED = "released"
    LAPSED = "lapsed"  #: the place is free again, the offer stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A claim of an offer on counted places; what is not counted is in no hold."""

    offer_id: str
    pool_id: str
    items: tuple[PlaceItem, ...]
    state: HoldState
    expire_time: datetime  #: when it lapses unless it was booked before
    client_id: str = ""  #: whose referral it is for

    @property
    def keys(self) -> tuple[PlaceKey, ...]:
        """The places that it claims."""
        return tuple(PlaceKey(self.pool_id, item.population) for item in self.items)
