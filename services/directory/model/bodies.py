"""Who stands behind a provider: the organization, what it offers, the desk that hears of referrals."""

import re
from dataclasses import dataclass, replace
from typing import Final

from services.directory.model.checks import (
    check_count,
    check_id,
    check_text,
    check_unique,
    check_zone,
    language_tag,
    refuse,
)
from services.directory.model.costs import CostOptions, check_terms
from services.directory.model.service_areas import ServiceAreas, check_areas, check_hiding_areas
from services.directory.model.values import Contact, Source, Texts, check_texts
from services.errors import Reason

_FOREIGN: Final = re.compile(r"(?=.{3,256}$)[^:\s][^:]*:\S.*")  #: schemes have no colon, codes may have some


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A body that offers services."""

    names: Texts  #: at least one
    descriptions: Texts = ()
    url: str = ""  #: its web page
    source: Source | None = None
    contacts: tuple[Contact, ...] = ()  #: of the organization itself

    def __post_init__(self) -> None:
        check_texts("names", self.names, required=True)
        check_texts("descriptions", self.descriptions)
        check_text("url", self.url, 2048)
        if self.url and not self.url.startswith(("http://", "https://")):
            raise refuse("url", "must begin with http:// or https://")
        check_count("contacts", self.contacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What an organization offers, wherever it does."""

    organization_id: str  #: empty only in a row of an import, which brings its organization along
    names: Texts  #: at least one
    descriptions: Texts = ()
    source: Source | None = None
    service_areas: ServiceAreas = ()  #: of its providers that say nothing of their own
    contacts: tuple[Contact, ...] = ()  #: of the service itself; none while a provider is a confidential site
    cost_options: CostOptions = ()  #: this and the next two: of its providers that say nothing of their own
    required_documents: Texts = ()  #: what somebody must bring along, one each
    funding_conditions: Texts = ()  #: who pays for it and what they require, one each
    foreign_codes: tuple[str, ...] = ()  #: terms of other vocabularies, `scheme:code`; nothing is claimed by them

    def __post_init__(self) -> None:
        check_id("organization_id", self.organization_id)
        check_texts("names", self.names, required=True)
        check_texts("descriptions", self.descriptions)
        check_areas(self.service_areas)
        check_count("contacts", self.contacts)
        check_terms(self.cost_options, self.required_documents, self.funding_conditions)
        check_count("foreign_codes", self.foreign_codes)
        check_unique("foreign_codes", self.foreign_codes)
        for index, code in enumerate(self.foreign_codes):
            if not _FOREIGN.fullmatch(code):
                raise refuse(f"foreign_codes[{index}]", "must be scheme:code, of 3 to 256 characters")

    def hiding(self) -> "Service":
        """Leave out what tells where a confidential site of the service may be: outlines and numbers (R16, R21)."""
        regions = tuple(area for area in self.service_areas if area.outline is None)
        if regions == self.service_areas and not self.contacts:
            return self
        return replace(self, service_areas=regions, contacts=())

    def check_hiding(self, field: str) -> None:
        """Refuse a service that tells where a confidential site of it may be, by the name of a field."""
        check_hiding_areas(field, self.service_areas)
        if self.contacts:
            rule = "must be of a service without contacts for a confidential site"
            raise refuse(field, rule, Reason.FINER_THAN_ALLOWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A desk that hears of referrals for one or more providers."""

    organization_id: str = ""  #: may be empty
    names: Texts  #: what coordinators call it; never shown in an alert
    languages: tuple[str, ...] = ()  #: BCP 47, the preferred first
    time_zone: str = ""  #: IANA

    def __post_init__(self) -> None:
        check_id("organization_id", self.organization_id)
        check_texts("names", self.names, required=True)
        check_count("languages", self.languages)
        for tag in self.languages:
            language_tag(tag)
        check_zone("time_zone", self.time_zone)
