"""What is asked: needs, an origin, a person, an envelope; and the one question put to each provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.errors import InvalidInput
from services.geo import Origin
from services.hours import Entry
from services.matching.model.person import Person
from services.taxonomy import Service

MAX_NEEDS: Final = 16
MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 10
MAX_ITEM_COUNT: Final = 1000
FARTHEST_M: Final = 20_003_932.0  #: half way round the earth
ANYONE: Final = "anyone"  #: the population that serves everybody

#: (pool id, population) -> places held and booked; a place that is absent has none
TakenPlaces = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Item:
    """A number of places for one population."""

    population: str
    count: int  #: in [1, 1000]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a person needs."""

    service: Service
    staff_gender: str = ""  #: preferred for this encounter, empty for any
    items: tuple[Item, ...] = ()  #: places; empty: one for the person
    has_risk_assessment: bool = False  #: recorded elsewhere (R27)

    @property
    def code(self) -> str:
        """The service code."""
        return self.service.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """
    A whole request: what is needed, where and by whom.

    Raises:
        InvalidInput: the needs or the limit are out of range.
    """

    needs: tuple[Need, ...]
    origin: Origin = field(repr=False)  #: used in memory, never stored or logged
    country_code: str = ""  #: of the origin; empty if nobody knows
    person: Person | None = None  #: None: a plain search (R2)
    excluded_provider_ids: frozenset[str] = field(default=frozenset(), repr=False)
    when_time: datetime | None = None  #: when the person would be there; None: now
    limit: int = DEFAULT_LIMIT  #: rows per list
    max_cost_mm: int | None = None  #: None: no limit

    def __post_init__(self) -> None:
        if not 1 <= len(self.needs) <= MAX_NEEDS:
            raise InvalidInput(f"needs must be 1 to {MAX_NEEDS}")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidInput(f"limit must be in [0, {MAX_LIMIT}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What every constraint may look at besides the provider: one need of an enquiry, at a time."""

    need: Need
    origin: Origin = field(repr=False)
    when_time: datetime  #: when the person would be there
    now_time: datetime  #: when the question is asked; what ages is judged by it
    country_code: str = ""
    person: Person | None = None
    excluded_provider_ids: frozenset[str] = field(default=frozenset(), repr=False)
    max_cost_mm: int | None = None
    taken: TakenPlaces | None = None  #: None: nobody knows at present what is held and booked
    calendar: tuple[Entry, ...] = ()  #: what is announced and changes hours

    @classmethod
    def of(
        cls,
        enquiry: Enquiry,
        need: Need,
        now: datetime,
        taken: TakenPlaces | None,
        calendar: tuple[Entry, ...] = (),
    ) -> "Asked":
        """Put one need of an enquiry as a question."""
        return cls(
            need=need,
            origin=enquiry.origin,
            when_time=enquiry.when_time or now,
            now_time=now,
            country_code=enquiry.country_code,
            person=enquiry.person,
            excluded_provider_ids=enquiry.excluded_provider_ids,
            max_cost_mm=enquiry.max_cost_mm,
            taken=taken,
            calendar=calendar,
        )
