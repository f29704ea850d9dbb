"""
What a case system says of a need and a person: plain, frozen values that know nothing of the wire.

A fact that is left out was not asked; `Absence` says otherwise. Nothing that
names a person has a field (R9).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from services.errors import InvalidInput
from services.geo import AreaCell, Point


class Urgency(Enum):
    """How soon a need must be met (R46)."""

    IMMEDIATE = "immediate"  #: read in 10 min, decided in 30 min, there in 3 h
    EMERGENCY = "emergency"  #: read in 1 h, decided in 4 h, there in 24 h
    URGENT = "urgent"  #: read in 8 h, decided in 24 h, there in 72 h
    NORMAL = "normal"  #: read in 2 working days, decided in 5, there in 2 weeks


class Absence(Enum):
    """Why a fact is missing; "not asked" is never "no"."""

    NOT_ASKED = "not_asked"
    ASKED_NOT_KNOWN = "asked_not_known"
    DECLINED = "declined"


class TravelMode(Enum):
    """How somebody would get there."""

    CAR = "car"  #: from door to door
    PUBLIC = "public"  #: bus, shared taxi or train
    FOOT = "foot"


class AgeBasis(Enum):
    """What an age rests on."""

    STATED = "stated"
    DOCUMENT = "document"
    APPEARS = "appears"
    DISPUTED = "disputed"


class Sex(Enum):
    """Sex, as far as a provider's rule needs it."""

    FEMALE = "female"
    MALE = "male"
    INTERSEX = "intersex"


class Gender(Enum):
    """Gender, apart from sex."""

    WOMAN = "woman"
    MAN = "man"
    TRANSGENDER_WOMAN = "transgender_woman"
    TRANSGENDER_MAN = "transgender_man"
    OTHER = "other"


class Process(Enum):
    """What is presumed about the process; never needed for basic care (R44)."""

    TIP_PRESUMED = "tip_presumed"
    TIP_CONFIRMED = "tip_confirmed"
    SOM = "som"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class AgeRange:
    """An age as a range in whole years, both ends inside; never a date of birth."""

    min_years: int | None  #: None: open
    max_years: int | None  #: None: open
    basis: AgeBasis = AgeBasis.STATED

    def __post_init__(self) -> None:
        ends = [end for end in (self.min_years, self.max_years) if end is not None]
        if not all(0 <= end <= 130 for end in ends) or ends != sorted(ends):  # noqa: PLR2004 -- the rule says it
            raise InvalidInput("person.age must be two whole years in [0, 130], the lower first")


def between(min_years: int, max_years: int, basis: AgeBasis = AgeBasis.STATED) -> AgeRange:
    """Say an age as a range of whole years, both ends inside."""
    return AgeRange(min_years, max_years, basis)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a rule may need to know. Nothing that names a person has a field (R9)."""

    age: AgeRange | Absence = Absence.NOT_ASKED
    sex: Sex | Absence = Absence.NOT_ASKED
    gender: Gender | Absence = Absence.NOT_ASKED
    languages: Sequence[str] | Absence = Absence.NOT_ASKED  #: BCP 47; empty: asked, and none that we name
    family: Sequence[str] | Absence = Absence.NOT_ASKED
    process: Process | Absence = Absence.NOT_ASKED
    exploitation: Sequence[str] | Absence = Absence.NOT_ASKED
    unaccompanied: bool | Absence = Absence.NOT_ASKED
    accessibility: Sequence[str] | Absence = Absence.NOT_ASKED
    has_documents: bool | Absence = Absence.NOT_ASKED
    status_class: str | Absence = Absence.NOT_ASKED  #: only if a provider's rule needs it (R31)
    no_reason_to_believe_child: bool | None = None  #: the worker's recorded word (R34)
    accepts_reporting: bool | None = None  #: was told that a provider reports, and agrees (R29)
    indicators: Sequence[str] = ()  #: screening help; filters nothing (R44)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a person needs; a plain code does where nothing else is to be said."""

    code: str
    urgency: Urgency | None = None  #: None: that of the whole search
    staff_gender: str = ""
    items: Mapping[str, int] = field(default_factory=dict)  #: places by population; empty: one for the person
    risk_assessment_ref: str = ""
    best_interests_ref: str = ""  #: a recorded procedure, opaque; a child alone is placed for longer with one (R35)
    hours_since_event: float | None = None  #: in [0, 8760], for clinical clocks (R47); None: nobody asked
    remote: bool = False  #: it may come by telephone: then no distance, line or border matters
    interpreter: bool = False  #: a vetted one joins: then the provider's languages do not matter (R40)


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A town by a name in any script; the most populous of that name is meant."""

    country_code: str  #: ISO 3166-1 alpha-2; empty: anywhere
    name: str


def place(country_code: str, name: str) -> NamedPlace:
    """Name a town: `place("LY", "جنزور")`."""
    return NamedPlace(country_code, name)


@dataclass(frozen=True, slots=True)
class PlaceId:
    """A place of the town list by its id."""

    place_id: str


Origin = Point | AreaCell | NamedPlace | PlaceId
