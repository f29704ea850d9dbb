"""
Which providers could take a party for the night, and how many of them need to be looked at.

Why few suffice: if so many people look for a roof in all, then of that many
places at the cheapest spots of a party one is free whoever has the others, and
a plan that sends somebody farther can be bettered. Where groups bind, the same
holds of that many sites: one of them is empty.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.matching.model.provider import Provider
from services.matching.planning.errands import Listed, stop_of
from services.matching.planning.greedy import Board
from services.matching.planning.model import Member, Party, Pool, Spot, Way

_FIRST_LOOK = 64  #: spots; then at twice as many, and so on

#: by number of the member: the ways in which one person takes places at a provider, and what is free there
WaysAt = Callable[[int, Provider], tuple[tuple[Way, ...], Mapping[Pool, int]]]


class Sites:
    """Which providers share a site: a pool of places, or a point."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def add(self, provider: Provider) -> None:
        """Take a provider in; all must be in before `of` is asked."""
        here, pool = self._root(("stop", stop_of(provider))), self._root(("pool", provider.pool_id))
        if here != pool:
            self._above[here] = pool

    def of(self, provider: Provider) -> str:
        """Name the site of a provider, the same for all who share it."""
        return str(self._root(("pool", provider.pool_id)))

    def _root(self, key: Hashable) -> Hashable:
        while key in self._above:
            key = self._above[key]
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a party's spots are chosen by."""

    listed: Listed  #: who can take every member, nearest first
    ways_at: WaysAt
    heads: int  #: people of one unit
    rest_mm: Callable[[Provider], int]  #: what a unit's errands cost from a roof there
    rest_without_mm: int  #: and without a roof
    people: int  #: who look for a roof in all
    is_bound: bool  #: groups of the plan stay together or apart
    site_of: Callable[[Provider], str]
    free: dict[Pool, int] = field(default_factory=dict)  #: is added to


class Spotted(NamedTuple):
    """The spots of a party, and what kept others from being one."""

    spots: tuple[Spot, ...]  #: by cost, then id
    without_way_count: int  #: providers that could take them if no child were alone among adults there


def spots_for(party: Party, search: Search) -> Spotted:
    """Find the spots of a party: the cheapest, as many as can matter."""
    spots: list[Spot] = []
    without_way = 0
    look = _FIRST_LOOK
    for cost_mm, provider in search.listed:
        spot = _spot(party.members, cost_mm, provider, search)
        if spot is None:
            without_way += 1
            continue
        if not _fits(party, spot, search.free):
            continue
        spots.append(spot)
        if len(spots) >= look:
            look *= 2
            # nobody farther costs less than this
            least_mm = cost_mm * search.heads - search.rest_without_mm
            if _suffice([each for each in spots if each.cost_mm <= least_mm], search):
                break
    spots.sort(key=lambda each: (each.cost_mm, each.provider_id))
    return Spotted(tuple(spots), without_way)


def _spot(members: Sequence[Member], cost_mm: int, provider: Provider, search: Search) -> Spot | None:
    ways = []
    for member in range(len(members)):
        found, free = search.ways_at(member, provider)
        if not found:
            return None
        ways.append(found)
        for pool, count in free.items():
            search.free[pool] = min(count, search.free.get(pool, count))
    unit_mm = cost_mm * search.heads + search.rest_mm(provider) - search.rest_without_mm
    return Spot(provider.provider_id, search.site_of(provider), unit_mm, tuple(ways))


def _fits(party: Party, spot: Spot, free: Mapping[Pool, int]) -> bool:
    """Whether a party finds room there if nobody else does; one person always does."""
    return not party.is_whole or Board(free).take(party, spot, 1)[0] == 1


def _suffice(spots: Sequence[Spot], search: Search) -> bool:
    if search.is_bound:
        return len({each.site for each in spots}) > search.people
    counted = {way[0][0] for each in spots for way in each.ways[0] if len(way) == 1 and way[0][1] == 1}
    is_open = any(not way for each in spots for way in each.ways[0])
    return is_open or sum(search.free[pool] for pool in counted) >= search.people
