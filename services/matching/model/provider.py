"""
A provider as far as matching needs it.

Every value here can be compared and hashed, because the index keeps one copy of
what many providers have in common and judges it once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.geo import Place
from services.hours import HoursException, Schedule
from services.matching.model.areas import ServedArea

RING_FIRST_AFTER: Final = timedelta(hours=24)  #: a receiver not heard for so long is rung first


class Claim(StrEnum):
    """A three-valued fact of the directory."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """Where a record stands in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    DO_NOT_REFER = "do_not_refer"
    CLOSED = "closed"


class ReachOut(StrEnum):
    """How a referral reaches a provider."""

    ENROLLED = "enrolled"
    TELEPHONE = "telephone"
    WALK_IN = "walk_in"
    NONE = "none"  #: takes no referrals


class VettingState(StrEnum):
    """What is known of a provider's safeguarding, as entered."""

    UNVETTED = "unvetted"
    LISTED = "listed"  #: a public facility on an official list
    VETTED = "vetted"
    SUSPENDED = "suspended"  #: a safeguarding flag stands


class Reporting(StrEnum):
    """Whether a provider reports people to authorities."""

    NONE = "none"
    BY_LAW = "by_law"
    BY_POLICY = "by_policy"
    UNKNOWN = "unknown"


class RuleKind(StrEnum):
    """What a rule of eligibility looks at."""

    AGE = "age"
    GENDER = "gender"
    FAMILY = "family"
    EXPLOITATION = "exploitation"
    PROCESS = "process"
    LEGAL_STATUS = "legal_status"
    UNACCOMPANIED_CHILD = "unaccompanied_child"
    DOCUMENTS = "documents"


class Modality(StrEnum):
    """How a language is used."""

    SPOKEN = "spoken"
    SIGNED = "signed"
    WRITTEN = "written"


_NOBODY: Final = frozenset[str]()
_VETTED: Final = VettingState.VETTED  # looked up once: of an enum that takes a while


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of eligibility; see `constraints.eligibility` for what it means."""

    kind: RuleKind
    claim: Claim
    min_years: int | None = None  #: for RuleKind.AGE, inside; None is open
    max_years: int | None = None  #: for RuleKind.AGE, inside; None is open
    codes: frozenset[str] = frozenset()  #: for the kinds with codes; empty means all


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOffer:
    """A language in which a provider can work."""

    tag: str  #: canonical BCP 47
    modality: Modality = Modality.SPOKEN
    by_interpreter: bool = False
    vetted: Claim = Claim.UNKNOWN  #: of the interpreter (R40)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReport:
    """Places of a pool for one population, as last reported."""

    population: str
    total: int | None  #: None: not counted
    occupied: int | None  #: may exceed the total
    report_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text in one language."""

    language: str  #: BCP 47
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A way to speak to a public provider."""

    kind: str  #: "phone", "email" or "web"
    value: str
    labels: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One service at one location: the thing that is matched and referred to."""

    provider_id: str
    revision: int = 0
    pool_id: str = ""
    location_id: str = ""  #: empty: shares its location with nobody
    place: Place | None = None  #: None: position not known, never nearest
    is_confidential: bool = False  #: disclosure `area`: the place is a cell
    country_code: str = ""  #: ISO 3166-1 alpha-2
    time_zone: str = ""  #: IANA
    names: tuple[Text, ...] = ()
    claims: tuple[tuple[str, Claim], ...] = ()  #: service code and claim, sorted by code
    rules: frozenset[Rule] = frozenset()
    languages: frozenset[LanguageOffer] = frozenset()  #: empty: nobody has said
    start_time: datetime | None = None  #: first moment of its validity
    end_time: datetime | None = None  #: first moment after it
    status: Status = Status.ACTIVE
    vetting: VettingState = VettingState.UNVETTED
    vetting_expire_time: datetime | None = None  #: None: no end
    reporting: Reporting = Reporting.UNKNOWN
    co_located: Claim = Claim.UNKNOWN  #: with police or immigration
    reach_out: ReachOut = ReachOut.NONE
    contacts: tuple[Contact, ...] = ()
    place_reports: tuple[PlaceReport, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    hours_exceptions: tuple[HoursException, ...] = ()
    staff_genders: frozenset[str] = frozenset()  #: empty: nobody has said
    wheelchair: Claim = Claim.UNKNOWN
    works_across_borders: Claim = Claim.UNKNOWN
    service_areas: tuple[ServedArea, ...] = ()  #: where people are served; empty: it does not say
    is_detention: bool = False
    dataset: str = ""
    source_key: str = ""
    verified_time: datetime | None = None
    receiver_heard_time: datetime | None = None

    def claim_of(self, code: str) -> Claim:
        """Say whether it offers a service; a code without a claim is not offered."""
        return next((claim for each, claim in self.claims if each == code), Claim.NO)

    @property
    def populations(self) -> frozenset[str]:
        """The populations for which it has ever reported places."""
        return frozenset(each.population for each in self.place_reports) if self.place_reports else _NOBODY

    def rules_of(self, kind: RuleKind) -> tuple[Rule, ...]:
        """Choose the rules of one kind."""
        return tuple([rule for rule in self.rules if rule.kind is kind])

    def is_vetted(self, when: datetime) -> bool:
        """Say whether it was vetted and that has not expired."""
        return self.vetting is _VETTED and not self.vetting_expired(when)

    def vetting_expired(self, when: datetime) -> bool:
        """Say whether the end of its vetting has come; expired means unvetted."""
        return self.vetting_expire_time is not None and self.vetting_expire_time <= when
