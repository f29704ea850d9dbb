"""
What a plan is made of: parties of people, the spots that could take them, and the places that they share.

Pure values: nothing here knows the directory, the wire or a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: pool id and population: a number of free places that several providers may share
Pool = tuple[str, str]
#: what one person takes at a spot: places by pool; empty where nothing is counted
Way = tuple[tuple[Pool, int], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """So many people of one group."""

    group_no: int
    count: int


@dataclass(frozen=True, slots=True)
class Spot:
    """One provider that could take one unit of a party for the night."""

    provider_id: str
    site: str  #: those who are kept apart never share it
    cost_mm: int  #: of the unit, less what its errands would cost without this roof; may be negative
    ways: tuple[tuple[Way, ...], ...]  #: for each member the ways in which one person takes places, preferred first


@dataclass(frozen=True, slots=True)
class Party:
    """
    People who look for a roof under the same conditions.

    A whole party is one unit that one provider takes, or none; of another, each
    person is a unit.
    """

    number: int
    members: tuple[Member, ...]
    is_whole: bool = False
    apart: frozenset[str] = frozenset()  #: labels; parties with one in common never share a site
    urgency: int = 0  #: the higher, the sooner
    #: by cost, then id; whoever is left out cannot better a plan (`spots.py` says why)
    spots: tuple[Spot, ...] = field(default=(), repr=False)

    @property
    def person_count(self) -> int:
        """How many people."""
        return sum(each.count for each in self.members)

    @property
    def unit_count(self) -> int:
        """How many can go to different providers."""
        return 1 if self.is_whole else self.person_count

    @property
    def persons_a_unit(self) -> int:
        """How many people one unit is."""
        return self.person_count if self.is_whole else 1

    def counts(self) -> tuple[int, ...]:
        """List how many people of each member one unit has."""
        return tuple(each.count for each in self.members) if self.is_whole else (1,)


@dataclass(frozen=True, slots=True)
class Problem:
    """All parties that look for a roof, and what is free."""

    parties: tuple[Party, ...]
    free: Mapping[Pool, int]  #: places, of every pool that a spot names

    @property
    def person_count(self) -> int:
        """How many people look for a roof."""
        return sum(each.person_count for each in self.parties)

    def is_bound(self) -> bool:
        """Whether some are to stay together or apart, so that people cannot be placed one by one."""
        labels = [label for each in self.parties for label in each.apart]
        return len(labels) != len(set(labels)) or any(each.persons_a_unit > 1 for each in self.parties)

    def weights(self) -> list[int]:
        """
        Weigh one placed unit of each party: first the number of people counts, then the urgency.

        Returns:
            Whole numbers in the order of the parties; the sum over a plan is what a better plan has more of.
        """
        ranks = {urgency: rank for rank, urgency in enumerate(sorted({each.urgency for each in self.parties}))}
        person = 1 if len(ranks) == 1 else self.person_count * len(ranks)
        return [(person + ranks[each.urgency]) * each.persons_a_unit for each in self.parties]


@dataclass(frozen=True, slots=True)
class Placement:
    """Some units of a party at one spot."""

    party_no: int  #: its place in the problem
    spot: Spot
    unit_count: int
    draws: tuple[tuple[int, Way, int], ...]  #: number of the member, way, and how many people take it


@dataclass(frozen=True, slots=True)
class Solution:
    """Who sleeps where, and what is proven of it."""

    placements: tuple[Placement, ...]
    method: str  #: "nearest", "assignment", "mixed_integer" or "greedy"
    is_optimal: bool  #: proven: no plan places more, or as many at less cost
    bound_mm: int  #: proven: no plan that places as many costs less; equal to the cost if optimal

    @property
    def cost_mm(self) -> int:
        """What all placements cost, as their spots say."""
        return sum(each.spot.cost_mm * each.unit_count for each in self.placements)


def weight_of(problem: Problem, placements: tuple[Placement, ...]) -> int:
    """Weigh what is placed."""
    weights = problem.weights()
    return sum(weights[each.party_no] * each.unit_count for each in placements)
