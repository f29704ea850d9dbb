"""
The safety envelope of a search: what to keep out of, who apart and who together.

The most sensitive part of a case: no value of it is in a `repr`, so that none is
in a log by accident (R24).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ihala.person import NamedPlace, PlaceId
from services.geo import Point


@dataclass(frozen=True, slots=True)
class Circle:
    """All within a radius of a point or of the middle of a town."""

    center: Point | NamedPlace | PlaceId = field(repr=False)
    radius_m: float = field(repr=False)  #: in (0, 2000000]


@dataclass(frozen=True, slots=True)
class Polygon:
    """All inside a ring of at least four points, the last equal to the first, but what its holes leave out."""

    exterior: Sequence[Point] = field(repr=False)
    interiors: Sequence[Sequence[Point]] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of degrees; one that crosses the antimeridian has west > east."""

    south_deg: float = field(repr=False)
    west_deg: float = field(repr=False)
    north_deg: float = field(repr=False)
    east_deg: float = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cells:
    """H3 cells of resolution 3 to 10; at most 200 in all zones."""

    h3_cells: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DangerZone:
    """An area to keep out of, for good or for a time (R22, R23)."""

    area: Circle | Box | Polygon | Cells
    start_time: datetime | None = field(default=None, repr=False)  #: with a time zone; None: always
    end_time: datetime | None = field(default=None, repr=False)  #: None: for good


@dataclass(frozen=True, slots=True)
class PlacedPerson:
    """A person of the same caller, and where that person is or is to be."""

    person_ref: str = field(repr=False)  #: the caller's own word, at most 64 characters
    provider_ids: Sequence[str] = field(default=(), repr=False)  #: empty: nobody knows yet, and nothing follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """The envelope inside which a match must stay; matching stores and tells none of it."""

    danger_zones: Sequence[DangerZone] = field(default=(), repr=False)  #: at most 32
    excluded_provider_ids: Sequence[str] = field(default=(), repr=False)  #: never to be offered (R8, R26, R32)
    keep_apart: Sequence[PlacedPerson] = field(default=(), repr=False)  #: not where these are (R25)
    keep_together: Sequence[PlacedPerson] = field(default=(), repr=False)  #: a roof only where these are (R25)
    escorted_transport: bool = False  #: ways may cross zones; no goal may be in one (R23)


def around(
    center: Point | NamedPlace | PlaceId,
    radius_m: float,
    *,
    start_time: datetime | None = None,
    end_time: datetime | None = None,
) -> DangerZone:
    """Keep out of a circle: `around(place("LY", "Janzur"), 5_000)`."""
    return DangerZone(Circle(center, radius_m), start_time, end_time)
