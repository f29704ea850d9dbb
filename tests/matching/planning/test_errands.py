"""The way round the stops is the cheapest of all ways, from a roof and without one."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from services.geo import Point
from services.matching.model.provider import Provider
from services.matching.planning.errands import Errands, stop_of

STOPS = [Provider(provider_id=f"p-{number}", place=Point(number, 0)) for number in range(4)]
COSTS = [7, 5, 5, 11]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 15), st.integers(1, 3)), min_size=1, max_size=3),
    st.none() | st.integers(0, 3),
)
def test_no_other_way_costs_less(who: list[set[int]], heads: list[tuple[int, int]], roof: int | None) -> None:
    listed = [sorted(((COSTS[each], STOPS[each]) for each in those), key=lambda row: row[0]) for those in who]
    heads = [(errands & (1 << len(who)) - 1, count) for errands, count in heads]
    everywhere = (
        sum(
            count * sum(COSTS[stop] for stop in {way[at] for at in range(len(way)) if mask >> at & 1} - {roof})
            for mask, count in heads
        )
        for way in product(*who)
    )
    errands = Errands(listed, heads)
    at = None if roof is None else stop_of(STOPS[roof])

    assert errands.cost_mm(at) == min(everywhere)

    visits = errands.visits(at)
    assert sorted(number for visit in visits for number in visit.providers) == list(range(len(who)))
    assert errands.cost_mm(at) == sum(
        visit.cost_mm * sum(count for mask, count in heads if any(mask >> each & 1 for each in visit.providers))
        for visit in visits
    )
