"""
The safety envelope: what a match must keep out of, seen from where the person is.

It is the most sensitive data of this service: held in memory for one answer,
never stored, never shown, not even in a `repr` (R24).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.geo import AreaCell, Point
from services.geo.outlines import outline_of_cell, turned_to
from services.geo.shadows import Enclosure, Ground
from services.matching.model.provider import Provider

#: a zone counts from so long before the person is there, but not before now
_BEFORE: Final = timedelta(hours=12)
#: and until so long after, for what is no roof; under a roof it counts whenever it comes
_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, repr=False)
class Zone:
    """An area to keep out of."""

    area: Enclosure
    start_time: datetime | None = None  #: None: always was
    end_time: datetime | None = None  #: the first moment after; None: for good

    def counts(self, *, now: datetime, when: datetime, stays: bool) -> bool:
        """Say whether it is in force on the way or while the person is there."""
        if self.end_time is not None and self.end_time <= max(now, when - _BEFORE):
            return False
        return stays or self.start_time is None or self.start_time <= when + _AFTER


@dataclass(frozen=True, slots=True, repr=False)
class Placed:
    """A person of the same caller, and where that person is or is to be."""

    person_ref: str  #: the caller's own
    provider_ids: frozenset[str] = frozenset()  #: empty: nobody knows yet


@dataclass(frozen=True, slots=True, repr=False)
class Kin:
    """Some providers, and all that share places or a location with one of them."""

    provider_ids: frozenset[str] = frozenset()
    pool_ids: frozenset[str] = frozenset()
    location_ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, provider_ids: Iterable[str], providers: Iterable[Provider]) -> "Kin":
        """Gather providers by their ids, and as far as they are known what they share."""
        known = tuple(providers)
        return cls(
            frozenset(provider_ids),
            frozenset(each.pool_id for each in known if each.pool_id),
            frozenset(each.location_id for each in known if each.location_id),
        )

    def has(self, provider: Provider) -> bool:
        """Say whether a provider is one of them or shares something with one."""
        return (
            provider.provider_id in self.provider_ids
            or provider.pool_id in self.pool_ids
            or provider.location_id in self.location_ids
        )

    def __bool__(self) -> bool:
        return bool(self.provider_ids)

    def meets(self, other: "Kin") -> bool:
        """Say whether two of them have anything in common."""
        return bool(
            self.provider_ids & other.provider_ids
            or self.pool_ids & other.pool_ids
            or self.location_ids & other.location_ids
        )


NO_KIN: Final = Kin()


@dataclass(frozen=True, slots=True, repr=False)
class Keepout:
    """Zones in force, seen from a start: what of the earth they leave."""

    ground: Ground
    _overlaps: dict[str, tuple[bool, float]] = field(default_factory=dict)

    def forbids(self, place: Point) -> bool:
        """Say whether a point is in a zone, or the straight way there enters one."""
        return self.ground.forbids(place)

    def overlap(self, cell: AreaCell) -> tuple[bool, float]:
        """Say whether zones touch a cell, and which share of it they hold, in [0, 1]."""
        known = self._overlaps.get(cell.h3_cell)
        if known is None:
            outline = turned_to(outline_of_cell(cell.h3_cell), self.ground.start.longitude_deg)
            known = self._overlaps[cell.h3_cell] = self.ground.overlap(outline)
        return known


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Envelope:
    """What a match must keep out of and stay with, besides providers that are excluded by their ids."""

    zones: tuple[Zone, ...] = ()
    start: Point | None = None  #: where ways start; given with zones
    is_escorted: bool = False  #: escorted transport is in the request
    apart: Kin = NO_KIN  #: where those are from whom the person is kept apart
    together: tuple[Kin, ...] = ()  #: where each of those is with whom the person stays
    #: not for `replace` to hand on: what one sees of other zones is something else
    _seen: dict[tuple[bool, ...], Keepout] = field(default_factory=dict, compare=False, init=False)

    def keepout(self, *, now: datetime, when: datetime, stays: bool) -> Keepout | None:
        """Look at the zones that count; None if none does. Worked out once for an answer."""
        if self.start is None or not self.zones:
            return None
        counting = tuple(each.counts(now=now, when=when, stays=stays) for each in self.zones)
        if not any(counting):
            return None
        found = self._seen.get(counting)
        if found is None:
            areas = [each.area for each, counts in zip(self.zones, counting, strict=True) if counts]
            found = self._seen[counting] = Keepout(Ground(areas, self.start, is_escorted=self.is_escorted))
        return found


NO_ENVELOPE: Final = Envelope()
