"""Choose how a plan is found, and say what is proven of it."""

import math

from services.matching.planning.alike import gathered, scattered
from services.matching.planning.assignment import place_one_by_one
from services.matching.planning.greedy import place_greedily
from services.matching.planning.mixed import place_jointly
from services.matching.planning.model import Placement, Problem, Solution, weight_of


def solve(problem: Problem, limit_s: float) -> tuple[Solution, tuple[Placement, ...]]:
    """
    Find the plan that places the most, the most urgent first, at least cost.

    Args:
        problem: What is to be placed.

        limit_s: How long a programme may take, in seconds; what does not need one takes no notice of it.

    Returns:
        The plan, and the greedy one beside it.
    """
    greedy = place_greedily(problem)
    return _better(problem, greedy, limit_s), greedy


def _better(problem: Problem, greedy: tuple[Placement, ...], limit_s: float) -> Solution:
    if _nobody_competes(problem, greedy):
        return Solution(greedy, "nearest", is_optimal=True, bound_mm=_cost_mm(greedy))
    if not problem.is_bound():
        found = place_one_by_one(problem)
        if found is not None:
            return Solution(found, "assignment", is_optimal=True, bound_mm=_cost_mm(found))
    fewer, owners = gathered(problem)
    bounded = place_jointly(fewer, weight_of(problem, greedy), limit_s)
    placements = () if bounded is None else scattered(problem, owners, bounded.placements)
    if bounded is None or _is_worse(problem, placements, greedy):
        return Solution(greedy, "greedy", is_optimal=False, bound_mm=_least_mm(problem, weight_of(problem, greedy)))
    is_optimal = bounded.is_most and bounded.bound_mm == _cost_mm(placements)
    return Solution(placements, "mixed_integer", is_optimal=is_optimal, bound_mm=bounded.bound_mm)


def _cost_mm(placements: tuple[Placement, ...]) -> int:
    return sum(each.spot.cost_mm * each.unit_count for each in placements)


def _nobody_competes(problem: Problem, placements: tuple[Placement, ...]) -> bool:
    """Whether everybody who has a spot at all is at one that costs him no more than any other."""
    placed = [0] * len(problem.parties)
    for each in placements:
        party = problem.parties[each.party_no]
        if each.spot.cost_mm > party.spots[0].cost_mm:
            return False
        placed[each.party_no] += each.unit_count
    return all(
        count == party.unit_count or not party.spots for count, party in zip(placed, problem.parties, strict=True)
    )


def _is_worse(problem: Problem, one: tuple[Placement, ...], other: tuple[Placement, ...]) -> bool:
    mine, yours = weight_of(problem, one), weight_of(problem, other)
    return mine < yours or (mine == yours and _cost_mm(one) > _cost_mm(other))


def _least_mm(problem: Problem, weight: int) -> int:
    """
    Bound from below what any plan costs that places so much.

    Every unit is at its cheapest spot, as if there were room for all, those that cost least for what they weigh first,
    and of the last one a part.
    """
    units = [
        (party.spots[0].cost_mm, each, party.unit_count)
        for party, each in zip(problem.parties, problem.weights(), strict=True)
        if party.spots
    ]
    least_mm = 0.0
    for cost_mm, each, count in sorted(units, key=lambda unit: unit[0] / unit[1]):
        taken = count if cost_mm < 0 else min(count, max(weight, 0) / each)
        least_mm += cost_mm * taken
        weight -= math.floor(each * taken)
    return math.floor(least_mm)
