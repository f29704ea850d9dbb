"""R52: the plan places the most at least cost; what is proven is compared with every plan there is."""

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.planning.assignment import place_one_by_one
from services.matching.planning.greedy import place_greedily, used
from services.matching.planning.mixed import place_jointly
from services.matching.planning.model import Member, Party, Placement, Pool, Problem, Spot, weight_of
from services.matching.planning.optimum import solve

POOLS: list[Pool] = [("a", "women"), ("a", "anyone"), ("b", "women"), ("c", "anyone")]
SITES = {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "open": "open"}
LIMIT_S = 30.0


@st.composite
def spots(draw: st.DrawFn, members: int) -> tuple[Spot, ...]:
    chosen = draw(st.lists(st.sampled_from(sorted(SITES)), unique=True, max_size=4))
    found = []
    for provider_id in chosen:
        pools = [pool for pool in POOLS if pool[0] == SITES[provider_id]]
        ways = tuple(
            ((),)
            if not pools
            else tuple(
                ((pool, draw(st.sampled_from([1, 1, 1, 2]))),)
                for pool in draw(st.lists(st.sampled_from(pools), unique=True, min_size=1))
            )
            for _ in range(members)
        )
        found.append(Spot(provider_id, SITES[provider_id], draw(st.integers(-3, 9)) * 1000, ways))
    return tuple(sorted(found, key=lambda each: (each.cost_mm, each.provider_id)))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    parties = []
    shared = draw(spots(1))  # people alike have the very same
    for number in range(draw(st.integers(1, 4))):
        is_whole = draw(st.booleans())
        counts = draw(st.lists(st.integers(1, 2), min_size=1, max_size=2 if is_whole else 1))
        parties.append(
            Party(
                number=number,
                members=tuple(Member(number * 10 + each, count) for each, count in enumerate(counts)),
                is_whole=is_whole,
                apart=frozenset(draw(st.lists(st.sampled_from("xy"), max_size=2))),
                urgency=draw(st.integers(0, 2)),
                spots=shared if not is_whole and draw(st.booleans()) else draw(spots(len(counts))),
            )
        )
    return Problem(tuple(parties), {pool: draw(st.integers(0, 4)) for pool in POOLS})


def every_plan(problem: Problem) -> Iterator[tuple[int, int]]:
    """Walk through all plans, and give the weight and the cost of each."""
    weights = problem.weights()
    choices: list[list[list[tuple[Spot, Counter[Pool]]]]] = []
    for party in problem.parties:
        unit: list[list[tuple[Spot, Counter[Pool]]]] = [[]]
        for spot in party.spots:
            people = [ways for ways, count in zip(spot.ways, party.counts(), strict=True) for _ in range(count)]
            for ways in product(*people):
                taken: Counter[Pool] = Counter()
                for way in ways:
                    taken.update(dict(way))
                unit.append([(spot, taken)])
        choices += [unit] * party.unit_count
    owners = [number for number, party in enumerate(problem.parties) for _ in range(party.unit_count)]
    for plan in product(*choices):
        taken = Counter()
        there: dict[tuple[str, str], set[int]] = {}
        weight = cost = 0
        for owner, chosen in zip(owners, plan, strict=True):
            for spot, uses in chosen:
                taken.update(uses)
                weight += weights[owner]
                cost += spot.cost_mm
                for label in problem.parties[owner].apart:
                    there.setdefault((label, spot.site), set()).add(owner)
        if all(count <= problem.free[pool] for pool, count in taken.items()) and all(
            len(each) == 1 for each in there.values()
        ):
            yield weight, cost


def assert_safe(problem: Problem, placements: tuple[Placement, ...]) -> None:
    """Hold a plan to what must be true of any: room for all, whole parties whole, nobody beside whom to avoid."""
    assert all(count <= problem.free[pool] for pool, count in used(placements).items())
    placed: Counter[int] = Counter()
    there: dict[tuple[str, str], set[int]] = {}
    for each in placements:
        party = problem.parties[each.party_no]
        placed[each.party_no] += each.unit_count
        assert each.spot in party.spots
        people: Counter[int] = Counter()
        for member, way, count in each.draws:
            assert way in each.spot.ways[member]
            people[member] += count
        assert [people[member] for member in range(len(each.spot.ways))] == [
            count * each.unit_count for count in party.counts()
        ]
        for label in party.apart:
            there.setdefault((label, each.spot.site), set()).add(each.party_no)
    assert all(count <= problem.parties[number].unit_count for number, count in placed.items())
    assert all(len(each) == 1 for each in there.values())


@settings(max_examples=150, deadline=None)
@given(problems())
def test_r52_a_plan_is_safe_and_no_plan_places_more_or_costs_less(problem: Problem) -> None:
    best_weight, negative_cost = max((weight, -cost) for weight, cost in every_plan(problem))

    solution, greedy = solve(problem, LIMIT_S)

    assert_safe(problem, solution.placements)
    assert_safe(problem, greedy)
    assert solution.is_optimal
    assert (weight_of(problem, solution.placements), solution.cost_mm) == (best_weight, -negative_cost)
    assert solution.bound_mm == solution.cost_mm
    assert weight_of(problem, greedy) <= best_weight


@settings(max_examples=60, deadline=None)
@given(problems().filter(lambda problem: not problem.is_bound()))
def test_both_ways_to_the_optimum_agree(problem: Problem) -> None:
    one_by_one = place_one_by_one(problem)
    jointly = place_jointly(problem, weight_of(problem, place_greedily(problem)), LIMIT_S)

    if one_by_one is not None and jointly is not None:
        assert jointly.bound_mm == sum(each.spot.cost_mm * each.unit_count for each in one_by_one)


def a_party(number: int, count: int, *spots: Spot, urgency: int = 0, is_whole: bool = False) -> Party:
    return Party(number, (Member(number, count),), is_whole, frozenset(), urgency, spots)


def a_spot(provider_id: str, cost_mm: int, pool: Pool = ("a", "anyone")) -> Spot:
    return Spot(provider_id, provider_id, cost_mm, ((((pool, 1),),),))


def test_the_most_urgent_go_first_where_places_are_short() -> None:
    near, far = a_spot("near", 1), a_spot("near", 1000)
    problem = Problem((a_party(0, 3, near, urgency=1), a_party(1, 2, far, urgency=4)), {("a", "anyone"): 2})

    solution, _ = solve(problem, LIMIT_S)

    assert [(each.party_no, each.unit_count) for each in solution.placements] == [(1, 2)]


def test_a_family_is_never_split_for_the_last_places() -> None:
    family = a_party(0, 4, a_spot("house", 5), is_whole=True)
    problem = Problem((family,), {("a", "anyone"): 3})

    solution, greedy = solve(problem, LIMIT_S)

    assert (solution.placements, greedy) == ((), ())
    assert solution.is_optimal


def test_without_time_the_greedy_plan_stands_with_a_bound_below_it() -> None:
    parties = tuple(
        a_party(number, 3, a_spot("p", 1 + number), a_spot("q", 9, ("b", "women")), is_whole=True)
        for number in range(4)
    )
    problem = Problem(parties, {("a", "anyone"): 6, ("b", "women"): 6})

    solution, greedy = solve(problem, 0.0)

    assert_safe(problem, solution.placements)
    assert solution.bound_mm <= solution.cost_mm
    assert weight_of(problem, solution.placements) >= weight_of(problem, greedy)


@pytest.mark.parametrize("count", [1, 40])
def test_nobody_waits_for_a_place_where_nothing_is_counted(count: int) -> None:
    clinic = Spot("clinic", "clinic", 7, (((),),))

    solution, _ = solve(Problem((a_party(0, count, clinic),), {}), LIMIT_S)

    assert (solution.method, [each.unit_count for each in solution.placements]) == ("nearest", [count])
