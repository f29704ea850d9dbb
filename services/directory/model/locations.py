"""
Where services are offered, and how exactly that may be known.

A confidential location (disclosure AREA) is a cell and nothing finer: a point,
an address or a second name cannot be written down in it (R16).
"""

from dataclasses import dataclass

from services.directory.model.checks import check_count, check_country, check_id, check_place_id, check_zone, refuse
from services.directory.model.values import Contact, Source, Texts, check_texts
from services.directory.model.words import Claim, Disclosure, PointPrecision
from services.errors import Reason
from services.geo import AreaCell, Place, Point


def check_place(disclosure: Disclosure, place: Place | None) -> None:
    """Check that a place is as coarse as its disclosure says, neither finer nor coarser."""
    if disclosure is Disclosure.AREA and isinstance(place, Point):
        raise refuse("place", "must be a cell for a confidential site", Reason.FINER_THAN_ALLOWED)
    if disclosure is Disclosure.PUBLIC and isinstance(place, AreaCell):
        raise refuse("place", "must be a point for a public site")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place where services are offered."""

    organization_id: str = ""  #: who owns it; may be empty
    names: Texts = ()  #: for a confidential site one alias at most
    disclosure: Disclosure
    place: Place | None = None  #: None: not known; kept, and never nearest
    country_code: str  #: ISO 3166-1 alpha-2; never guessed from outlines
    time_zone: str = ""  #: IANA
    addresses: Texts = ()  #: of a public location only
    front_gate_place_id: str = ""  #: a public place, not the house
    wheelchair: Claim = Claim.UNKNOWN
    contacts: tuple[Contact, ...] = ()  #: this and the next three: of a public location only
    transportation: Texts = ()  #: how people get there
    accessibilities: Texts = ()  #: how people with a disability get in and about
    point_precision: PointPrecision | None = None  #: None: nobody has said
    source: Source | None = None

    def __post_init__(self) -> None:
        check_id("organization_id", self.organization_id)
        check_texts("names", self.names)
        check_place(self.disclosure, self.place)
        check_country("country_code", self.country_code)
        check_zone("time_zone", self.time_zone)
        check_texts("addresses", self.addresses)
        check_place_id("front_gate_place_id", self.front_gate_place_id)
        check_count("contacts", self.contacts)
        check_texts("transportation", self.transportation)
        check_texts("accessibilities", self.accessibilities)
        if self.is_confidential:
            for field in ("addresses", "contacts", "transportation", "accessibilities"):
                if getattr(self, field):
                    raise refuse(field, "must be empty for a confidential site", Reason.FINER_THAN_ALLOWED)
            if self.point_precision:
                rule = "must not be said of a confidential site"
                raise refuse("point_precision", rule, Reason.FINER_THAN_ALLOWED)
            if len(self.names) > 1:
                raise refuse("names", "must be one alias at most for a confidential site", Reason.FINER_THAN_ALLOWED)

    @property
    def is_confidential(self) -> bool:
        """Whether only its area may be known."""
        return self.disclosure is Disclosure.AREA
