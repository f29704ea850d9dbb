"""
The plan that a person would make by hand: the most urgent first, families before single people, each to the nearest.

The optimum is compared with it, and it is the answer where nothing better is found in time.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.matching.planning.model import Party, Placement, Pool, Problem, Spot, Way

Draws = tuple[tuple[int, Way, int], ...]


def place_greedily(problem: Problem) -> tuple[Placement, ...]:
    """Place party after party, each unit at its cheapest spot that still has room and keeps it apart."""
    board = Board(problem.free)
    placements: list[Placement] = []
    order = sorted(
        range(len(problem.parties)),
        key=lambda number: (
            -problem.parties[number].urgency,
            -problem.parties[number].persons_a_unit,
            len(problem.parties[number].spots),
            number,
        ),
    )
    for party_no in order:
        party = problem.parties[party_no]
        left = party.unit_count
        for spot in party.spots:
            if not left:
                break
            if not board.is_apart(party_no, party, spot):
                continue
            taken, draws = board.take(party, spot, left)
            if taken:
                board.settle(party_no, party, spot)
                placements.append(Placement(party_no, spot, taken, draws))
                left -= taken
    return tuple(sorted(placements, key=lambda each: (each.party_no, each.spot.provider_id)))


class Board:
    """
    What is still free while people are placed, and who is where.

    Args:
        free: Free places by pool.
    """

    def __init__(self, free: Mapping[Pool, int]) -> None:
        self._free = dict(free)
        self._there: dict[tuple[str, str], int] = {}  # label and site -> the one party with that label there

    def is_apart(self, party_no: int, party: Party, spot: Spot) -> bool:
        """Say whether nobody is at the site from whom the party is kept apart."""
        return all(self._there.get((label, spot.site), party_no) == party_no for label in party.apart)

    def settle(self, party_no: int, party: Party, spot: Spot) -> None:
        """Note that some of a party are at a site."""
        for label in party.apart:
            self._there[label, spot.site] = party_no

    def take(self, party: Party, spot: Spot, most: int) -> tuple[int, Draws]:
        """
        Take places for at most so many units.

        Returns:
            How many units found room, and how; nothing is taken where it is none.
        """
        if not party.is_whole:
            draws = self._draw(0, spot.ways[0], most)
            return sum(count for _, _, count in draws), draws
        before = dict(self._free)
        listed: list[tuple[int, Way, int]] = []
        for member, count in enumerate(party.counts()):
            drawn = self._draw(member, spot.ways[member], count)
            listed += drawn
            if sum(each for _, _, each in drawn) < count:
                self._free = before
                return 0, ()
        return 1, tuple(listed)

    def has_room(self, party: Party, spot: Spot) -> bool:
        """Say whether one more unit would find room; nothing is taken."""
        before = dict(self._free)
        taken, _ = self.take(party, spot, 1)
        self._free = before
        return taken == 1

    def _draw(self, member: int, ways: Sequence[Way], most: int) -> Draws:
        drawn: list[tuple[int, Way, int]] = []
        for way in ways:
            room = min((self._free[pool] // count for pool, count in way), default=most)
            taken = min(most, room)
            if taken > 0:
                for pool, count in way:
                    self._free[pool] -= taken * count
                drawn.append((member, way, taken))
                most -= taken
        return tuple(drawn)


def used(placements: Sequence[Placement]) -> Mapping[Pool, int]:
    """Count the places that a plan takes."""
    taken: dict[Pool, int] = defaultdict(int)
    for each in placements:
        for _, way, people in each.draws:
            for pool, count in way:
                taken[pool] += count * people
    return taken
