"""Who stands behind a provider: the organization, what it offers, the desk that hears of referrals."""

from dataclasses import dataclass

from services.directory.model.checks import check_count, check_id, check_text, check_zone, language_tag, refuse
from services.directory.model.service_areas import ServiceAreas, check_areas
from services.directory.model.values import Source, Texts, check_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A body that offers services."""

    names: Texts  #: at least one
    descriptions: Texts = ()
    url: str = ""  #: its web page
    source: Source | None = None

    def __post_init__(self) -> None:
        check_texts("names", self.names, required=True)
        check_texts("descriptions", self.descriptions)
        check_text("url", self.url, 2048)
        if self.url and not self.url.startswith(("http://", "https://")):
            raise refuse("url", "must begin with http:// or https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What an organization offers, wherever it does."""

    organization_id: str  #: empty only in a row of an import, which brings its organization along
    names: Texts  #: at least one
    descriptions: Texts = ()
    source: Source | None = None
    service_areas: ServiceAreas = ()  #: of its providers that say nothing of their own

    def __post_init__(self) -> None:
        check_id("organization_id", self.organization_id)
        check_texts("names", self.names, required=True)
        check_texts("descriptions", self.descriptions)
        check_areas(self.service_areas)


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
