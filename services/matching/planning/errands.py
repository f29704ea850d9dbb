"""
The needs besides a roof: to which stops people go at least cost, all sets of stops tried.

A stop that meets several needs is gone to once, and one at the roof costs nothing more.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from services.geo import Point
from services.matching.model.provider import Provider

#: cost in whole millimetres, and who: nearest first, ties by id
Listed = Sequence[tuple[int, Provider]]


def stop_of(provider: Provider) -> Hashable:
    """Say where one stops: all at one point are one stop, and so is what a confidential house offers."""
    return provider.place if isinstance(provider.place, Point) else (provider.place, provider.pool_id)


@dataclass(frozen=True, slots=True)
class Visit:
    """One stop, and the needs that are met there."""

    providers: Mapping[int, Provider]  #: by number of the errand
    cost_mm: int  #: for one person; 0 at the roof
    distance_mm: int  #: from the start, as the cost of a match


class Errands:
    """
    The errands of some people who go together, or of each one of a number alike.

    Args:
        listed: For each errand those who can, at least one.

        heads: How many people have which errands, as bits.
    """

    def __init__(self, listed: Sequence[Listed], heads: Sequence[tuple[int, int]]) -> None:
        self._everything = (1 << len(listed)) - 1
        self._at: dict[Hashable, dict[int, Provider]] = {}  # stop -> errand -> who
        costs: dict[Hashable, int] = {}
        for number, each in enumerate(listed):
            for cost_mm, provider in each:
                stop = stop_of(provider)
                self._at.setdefault(stop, {}).setdefault(number, provider)
                costs[stop] = max(cost_mm, costs.get(stop, 0))
        self._masks = {stop: sum(1 << number for number in at) for stop, at in self._at.items()}
        self._cost_mm = costs
        nearest = self._nearest()
        #: for each set of errands the least cost of all, and the stop and set that are gone to first
        self._best: list[tuple[int, int, Hashable]] = [(0, 0, None)]
        for left in range(1, self._everything + 1):
            self._best.append(self._cheapest(left, nearest, heads))

    def cost_mm(self, roof: Hashable | None = None) -> int:
        """Say what all errands cost, for all these people together, from a roof at a stop or without one."""
        return self._best[self._everything & ~self._masks.get(roof, 0)][0]

    def visits(self, roof: Hashable | None = None) -> list[Visit]:
        """List where they go."""
        at_roof = self._masks.get(roof, 0)
        visits = [Visit(dict(self._at[roof]), 0, self._cost_mm[roof])] if at_roof else []
        left = self._everything & ~at_roof
        while left:
            _, met, stop = self._best[left]
            who = {number: provider for number, provider in self._at[stop].items() if met >> number & 1}
            visits.append(Visit(who, self._cost_mm[stop], self._cost_mm[stop]))
            left &= ~met
        return visits

    def _nearest(self) -> list[tuple[int, Hashable] | None]:
        """Find for each set of errands the nearest stop that meets all of it."""
        nearest: list[tuple[int, Hashable] | None] = [None] * (self._everything + 1)
        for stop, mask in self._masks.items():
            known = nearest[mask]
            if known is None or self._cost_mm[stop] < known[0]:
                nearest[mask] = self._cost_mm[stop], stop
        for bit in range(self._everything.bit_length()):
            for errands in range(self._everything + 1):
                more = nearest[errands | 1 << bit]
                known = nearest[errands]
                if more is not None and (known is None or more[0] < known[0]):
                    nearest[errands] = more
        return nearest

    def _cheapest(
        self, left: int, nearest: Sequence[tuple[int, Hashable] | None], heads: Sequence[tuple[int, int]]
    ) -> tuple[int, int, Hashable]:
        lowest = left & -left
        options = []
        met = left
        while met:
            found = nearest[met]
            if met & lowest and found is not None:
                people = sum(count for errands, count in heads if errands & met)
                options.append((found[0] * people + self._best[left & ~met][0], met, found[1]))
            met = (met - 1) & left
        return min(options, key=lambda option: option[0])
