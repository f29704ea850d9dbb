"""What the directory tells: providers, towns, desks, words; plain, frozen values that know nothing of the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.geo import AreaCell, DistanceBand, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReport:
    """How many places there are for one population, as last reported."""

    population: str
    total: int | None = None  #: None: not counted
    occupied: int | None = None
    report_time: datetime | None = None  #: None: now

    @property
    def free(self) -> int | None:
        """Places that the report leaves; what is held or booked since is not in it."""
        return None if self.total is None else max(0, self.total - (self.occupied or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A recurring span of hours, on the provider's own clock."""

    purpose: str  #: "opening" or "intake"
    rrule: str  #: RFC 5545; empty: every day
    opens_at: str  #: "HH:MM"
    closes_at: str  #: "HH:MM", on the next day if not after `opens_at`


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOption:
    """What a service costs the person, in one case."""

    amount: str  #: a decimal number, "0" is free; empty: not said
    currency: str  #: ISO 4217; empty: not said
    descriptions: Sequence[str]  #: for whom it is and what it is for
    start_time: datetime | None  #: from when it holds; None: always
    end_time: datetime | None  #: the first moment after


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One service at one location."""

    provider_id: str
    receiver_id: str  #: empty: no desk is enrolled
    pool_id: str
    dataset: str
    source_key: str
    names: Mapping[str, str]  #: by language
    place: Point | AreaCell | None
    is_confidential: bool
    country_code: str
    time_zone: str
    claims: Mapping[str, str]  #: service code to "yes", "no" or "unknown"
    status: str
    vetting: str
    reach_out: str
    contacts: Sequence[tuple[str, str]]  #: (kind, value)
    places: Sequence[PlaceReport]
    hours: Sequence[Hours]
    languages: Sequence[str]
    verified_time: datetime | None
    start_time: datetime | None  #: when it begins to exist; None: always
    end_time: datetime | None  #: when it ends; None: never
    revision: int
    front_gate_place_id: str = ""  #: a town where one asks for it, not the house; empty: none is told
    staff_genders: Sequence[str] = ()  #: codes; empty: nobody has said
    costs: Sequence[CostOption] = ()  #: this and the next two: empty: as its service says
    required_documents: Sequence[str] = ()  #: what somebody must bring along
    funding_conditions: Sequence[str] = ()  #: who pays for it and what they require
    transportation: Sequence[str] = ()  #: how people get there
    point_precision: str = ""  #: "exact", "street" or "town"; empty: nobody has said
    receiver_heard_time: datetime | None = None  #: when its desk was last heard; None: never
    distance_m: float | None = None  #: from where the search started
    band: DistanceBand | None = None  #: of a confidential site

    @property
    def service_codes(self) -> tuple[str, ...]:
        """What it says that it offers."""
        return tuple(sorted(code for code, claim in self.claims.items() if claim == "yes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A place of the town list."""

    place_id: str
    name: str
    other_names: Sequence[str]
    country_code: str
    point: Point
    population: int  #: 0: not known
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A code and its words."""

    code: str
    label: str
    parent: str
    marks: Sequence[str]
    is_deprecated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverRecord:
    """A desk that hears of referrals."""

    receiver_id: str
    names: Mapping[str, str]
    languages: Sequence[str]
    time_zone: str
    is_archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCount:
    """How many confidential providers a coarse area has; never fewer than 5."""

    h3_cell: str
    count: int
