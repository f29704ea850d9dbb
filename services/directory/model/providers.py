"""
One service at one location: the thing that is matched and referred to.

A provider as an editor writes it has no `site`; the directory copies the facts
of its location into it with `at`, and from then on its rules hold for both.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from services.directory.model.checks import MAX_LIST_LENGTH, check_code, check_count, check_id, check_unique, refuse
from services.directory.model.costs import CostOptions, check_terms
from services.directory.model.eligibility import Rule, ServiceClaim
from services.directory.model.locations import Location
from services.directory.model.service_areas import ServiceAreas, check_areas, check_hiding_areas
from services.directory.model.values import (
    Contact,
    Firewall,
    HoursException,
    LanguageOffer,
    Period,
    PlaceReport,
    Schedule,
    Source,
    Texts,
    Vetting,
    check_texts,
)
from services.directory.model.words import Claim, Delivery, Disclosure, PointPrecision, ReachOut, Status
from services.errors import Reason
from services.geo import Place
from services.taxonomy import Kind, service

_LISTS: Final = (
    "claims",
    "rules",
    "languages",
    "contacts",
    "place_reports",
    "schedules",
    "hours_exceptions",
    "staff_genders",
)
#: what a confidential site does not have: numbers, and texts, which give places away
_OF_PUBLIC_ONES: Final = ("descriptions", "contacts", "cost_options", "required_documents", "funding_conditions")
_ANYTIME: Final = Period()
_UNVETTED: Final = Vetting()
_NOT_ASKED: Final = Firewall()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a provider copies from its location and its service."""

    organization_id: str
    place: Place | None
    disclosure: Disclosure
    country_code: str
    time_zone: str
    wheelchair: Claim
    front_gate_place_id: str
    transportation: Texts = ()  #: how people get there; of a public one only
    point_precision: PointPrecision | None = None  #: None: nobody has said

    @classmethod
    def of(cls, location: Location, organization_id: str) -> "Site":
        """Take the facts of a location; the organization is the service's."""
        return cls(
            organization_id=organization_id,
            place=location.place,
            disclosure=location.disclosure,
            country_code=location.country_code,
            time_zone=location.time_zone,
            wheelchair=location.wheelchair,
            front_gate_place_id=location.front_gate_place_id,
            transportation=location.transportation,
            point_precision=location.point_precision,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One service at one location."""

    service_id: str  #: empty only in a row of an import, which brings its service along
    location_id: str  #: the same
    receiver_id: str = ""  #: the desk that hears of referrals; empty: none is enrolled
    pool_id: str = ""  #: places that several may share; empty until the directory sets it
    source: Source | None = None
    names: Texts = ()  #: for a confidential site its alias only
    descriptions: Texts = ()  #: of a public one only: free text gives places away
    claims: tuple[ServiceClaim, ...] = ()
    rules: tuple[Rule, ...] = ()
    languages: tuple[LanguageOffer, ...] = ()  #: empty: nobody has said
    valid: Period = _ANYTIME
    status: Status
    vetting: Vetting = _UNVETTED
    firewall: Firewall = _NOT_ASKED
    reach_out: ReachOut = ReachOut.NONE
    contacts: tuple[Contact, ...] = ()  #: of a public one only
    place_reports: tuple[PlaceReport, ...] = ()  #: of the pool, one a population, ordered by it
    schedules: tuple[Schedule, ...] = ()
    hours_exceptions: tuple[HoursException, ...] = ()  #: of two for one day the later counts
    staff_genders: tuple[str, ...] = ()  #: codes
    works_across_borders: Claim = Claim.UNKNOWN  #: R60
    detention: bool = False  #: can never be accommodation (R28)
    free_of_charge: Claim = Claim.UNKNOWN
    service_areas: ServiceAreas = ()  #: empty: as the service says
    deliveries: tuple[Delivery, ...] = ()  #: empty: at the location
    cost_options: CostOptions = ()  #: this and the next two: empty: as the service says; of a public one only
    required_documents: Texts = ()  #: what somebody must bring along, one each
    funding_conditions: Texts = ()  #: who pays for it and what they require, one each
    site: Site | None = None  #: None until the location is known

    def __post_init__(self) -> None:
        for field in ("service_id", "location_id", "receiver_id", "pool_id"):
            check_id(field, getattr(self, field))
        check_texts("names", self.names)
        check_texts("descriptions", self.descriptions)
        # most lists are empty or short: each is looked at alone only if all together are long
        if sum([len(getattr(self, field)) for field in _LISTS]) > MAX_LIST_LENGTH:
            for field in _LISTS:
                check_count(field, getattr(self, field))
        check_unique("claims", [claim.code for claim in self.claims])
        check_unique("place_reports", [report.population for report in self.place_reports])
        check_unique("staff_genders", self.staff_genders)
        check_unique("deliveries", self.deliveries)
        check_areas(self.service_areas)
        check_terms(self.cost_options, self.required_documents, self.funding_conditions)
        for index, gender in enumerate(self.staff_genders):
            check_code(f"staff_genders[{index}]", Kind.GENDER, gender)
        if self.detention:
            self._check_detention()
        if self.is_confidential:
            self._check_confidential()

    def at(self, site: Site) -> "Provider":
        """
        Copy the facts of the location, and hold the provider to them.

        Raises:
            InvalidInput: the site is confidential and the provider tells too
                much (FINER_THAN_ALLOWED).
        """
        return self if self.site == site else replace(self, site=site)

    def hidden_at(self, site: Site, alias: Texts) -> "Provider":
        """Copy the facts of a location that has become confidential, and leave out what tells too much."""
        regions = tuple(area for area in self.service_areas if area.outline is None)
        told: dict[str, Any] = dict.fromkeys(_OF_PUBLIC_ONES, ())
        return replace(self, site=site, names=alias, service_areas=regions, **told)

    @property
    def located(self) -> Site:
        """The facts of the location, of a provider that has one already."""
        if self.site is None:
            raise ValueError("a provider is kept with the facts of its location")
        return self.site

    @property
    def is_confidential(self) -> bool:
        """Whether its site is known to be confidential."""
        return self.site is not None and self.site.disclosure is Disclosure.AREA

    @property
    def has_free_places(self) -> bool:
        """Whether a free place was reported, whatever the population."""
        return any(report.has_free for report in self.place_reports)

    def _check_detention(self) -> None:
        """R28: a place of detention is not linked to any accommodation, not even as a perhaps."""
        for index, claim in enumerate(self.claims):
            if claim.claim is not Claim.NO and service(claim.code).accommodation:
                raise refuse(f"claims[{index}].code", "must not be accommodation in a place of detention")

    def _check_confidential(self) -> None:
        for field in _OF_PUBLIC_ONES:
            if getattr(self, field):
                raise refuse(field, "must be empty for a confidential site", Reason.FINER_THAN_ALLOWED)
        check_hiding_areas("service_areas", self.service_areas)
