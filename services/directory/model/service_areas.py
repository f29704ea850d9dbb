"""Where people are served, and outlines on the earth that can be trusted: valid, and of bounded size."""

import re
from dataclasses import dataclass
from typing import Final

from services.directory.model.checks import check_count, refuse
from services.directory.model.countries import COUNTRIES
from services.directory.model.values import Texts, check_texts
from services.errors import Reason
from services.geo.outlines import Ring, laid_out

MAX_AREAS: Final = 20  #: areas of one record
MAX_AREA_POINTS: Final = 500  #: points of all areas of one record: every watcher carries them
_REGION: Final = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Outline:
    """
    A ring and its holes; edges are straight lines of latitude and longitude.

    Each edge goes the shorter way round, so that a ring may cross the
    antimeridian. A ring around a pole is refused.
    """

    exterior: Ring  #: at least 4 points, the last equal to the first
    interiors: tuple[Ring, ...] = ()

    def __post_init__(self) -> None:
        laid_out(self.exterior, self.interiors)

    @property
    def point_count(self) -> int:
        """How many points it is drawn by."""
        return len(self.exterior) + sum(map(len, self.interiors))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceArea:
    """Where people are served: an outline or a named region, never neither."""

    names: Texts = ()
    outline: Outline | None = None
    region_code: str = ""  #: ISO 3166-1 alpha-2 or ISO 3166-2

    def __post_init__(self) -> None:
        check_texts("names", self.names)
        if (self.outline is None) == (not self.region_code):
            raise refuse("polygon", "must be given, or else region_code, and never both")
        if self.region_code:
            found = _REGION.fullmatch(self.region_code)
            if not found or found[1] not in COUNTRIES:
                raise refuse("region_code", "must be a code of ISO 3166-1 alpha-2 or ISO 3166-2")


ServiceAreas = tuple[ServiceArea, ...]


def check_areas(areas: ServiceAreas) -> None:
    """Check that there are not too many areas, nor too many points in them."""
    if not areas:
        return
    check_count("service_areas", areas, MAX_AREAS)
    if sum(area.outline.point_count for area in areas if area.outline) > MAX_AREA_POINTS:
        raise refuse("service_areas", f"must have at most {MAX_AREA_POINTS} points in all")


def check_hiding_areas(field: str, areas: ServiceAreas) -> None:
    """Refuse outlines where a site is confidential: the middle of one may be the house (R16)."""
    if any(area.outline for area in areas):
        raise refuse(field, "must be named regions for a confidential site", Reason.FINER_THAN_ALLOWED)
