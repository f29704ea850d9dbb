"""The compiled list of the nearest is that of measuring everybody by the definition and putting all in order."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.geo import Gauge, Place, Point, cell_at, cost_mm
from services.matching.index.bits import of_rows
from services.matching.index.nearest import Ranked, put, put_in_order
from services.matching.index.shelf import Shelf
from services.matching.index.snapshot import Snapshot
from tests.matching.samples import a_provider
from tests.matching.test_index import ODD, PLACES

LIMITS = st.integers(0, 12) | st.integers(0, 100)
CROWDED = st.lists(PLACES, min_size=1, max_size=80) | st.lists(st.sampled_from(ODD), min_size=1, max_size=200)


def shelf_of(places: list[Place]) -> Shelf:
    """Lay out providers of one service; a row of the block for each place, in their order."""
    providers = [a_provider(f"p-{number:05}", place=place) for number, place in enumerate(places)]
    return Snapshot.of("epoch", 1, providers).base.standing("LEG-ADV").shelf


def measured(shelf: Shelf, places: list[Place], origin: Place, rows: list[int], limit: int) -> list[list[int]]:
    numbers = [(row, int(shelf.rows[row])) for row in rows]
    costs = sorted((cost_mm(origin, places[number]), number, row) for row, number in numbers)
    return [[row, number, cost] for cost, number, row in costs[:limit]]


def chosen(random: Random, size: int) -> list[int]:
    """Choose some rows, everybody or nobody."""
    share = random.choice([0.0, 0.1, 0.5, 1.0])
    return [row for row in range(size) if random.random() < share]


@settings(max_examples=150, deadline=None)
@given(CROWDED, PLACES, LIMITS, LIMITS, st.randoms(use_true_random=False))
def test_the_nearest_of_two_sets_are_those_of_measuring_everybody(
    places: list[Place], origin: Place, sure_limit: int, ask_limit: int, random: Random
) -> None:
    shelf = shelf_of(places)
    sure, ask_first = chosen(random, len(places)), chosen(random, len(places))
    sets = np.array([of_rows(np.array(rows, dtype=np.intp), len(places)) for rows in (ask_first, sure)])
    wanted = min(sure_limit, len(sure)), min(ask_limit, len(ask_first))

    found = shelf.ranked(Gauge(origin), sets, wanted)

    expected = measured(shelf, places, origin, sure, wanted[0]) + measured(shelf, places, origin, ask_first, wanted[1])
    assert found.tolist() == expected


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 100))
def test_who_is_left_to_the_definition_has_its_place_among_the_others(seed: int, limit: int) -> None:
    random = Random(seed)
    points = [Point(random.uniform(30, 34), random.uniform(10, 16)) for _ in range(1500)]
    places: list[Place] = [point if random.random() < 0.7 else cell_at(point, random.randint(3, 6)) for point in points]
    shelf = shelf_of(places)

    for _ in range(30):  # one row in 500 is left to it
        origin = Point(random.uniform(30, 34), random.uniform(10, 16))

        found = shelf.ranked(Gauge(origin), shelf.everybody.reshape(1, -1), (limit, 0))

        assert found.tolist() == measured(shelf, places, origin, list(range(len(places))), limit)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_who_costs_the_same_to_the_millimetre_is_put_by_id_even_if_a_hair_farther(seed: int, limit: int) -> None:
    random = Random(seed)
    hair_deg = 3e-9  # a third of a millimetre
    places: list[Place] = [
        Point(32.9 + random.uniform(0, hair_deg), 13.2 + random.uniform(0, hair_deg)) for _ in range(40)
    ]
    shelf, origin = shelf_of(places), Point(random.uniform(20, 45), random.uniform(0, 30))

    found = shelf.ranked(Gauge(origin), shelf.everybody.reshape(1, -1), (limit, 0))

    assert found.tolist() == measured(shelf, places, origin, list(range(len(places))), limit)


@pytest.mark.parametrize("resolution", [None, 4])
def test_beyond_a_quarter_of_the_earth_all_are_left_to_the_definition(resolution: int | None) -> None:
    random = Random(9)
    points = [Point(random.uniform(30, 34), random.uniform(10, 16)) for _ in range(300)]
    places: list[Place] = [point if resolution is None else cell_at(point, resolution) for point in points]
    shelf, origin = shelf_of(places), Point(-33.0, -170.0)

    found = shelf.ranked(Gauge(origin), shelf.everybody.reshape(1, -1), (7, 0))

    assert found.tolist() == measured(shelf, places, origin, list(range(len(places))), 7)


ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2**31 - 1)), max_size=60, unique_by=lambda each: each[1])


@settings(deadline=None)
@given(ROWS, st.integers(1, 70))
def test_the_best_that_come_are_kept_and_put_in_order_by_cost_and_then_by_number(
    listed: list[tuple[int, int]], room: int
) -> None:
    ranked: Ranked = np.empty((room, 3), dtype=np.int64)
    size = 0
    for row, (cost, number) in enumerate(listed):
        size = put(ranked, size, row, number, cost)
    put_in_order(ranked, size)

    assert [(cost, number) for _, number, cost in ranked[:size].tolist()] == sorted(listed)[:room]
    assert [listed[row] for row in ranked[:size, 0].tolist()] == sorted(listed)[:room]
