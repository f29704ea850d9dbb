"""What is measured by the compiled passes is what the definition says, to the millimetre, or is left to it."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services import geo
from services.geo import Gauge, Place, PlaceArray, Point
from services.matching.index import measuring
from services.matching.index.ground import Ground, arranged
from tests.matching.test_index import PLACES
from tests.matching.test_nearest import NEIGHBOURS

FAR_M = 9_900_000.0  #: beyond that a way may be left to the definition


def ground_of(places: PlaceArray) -> tuple[Ground, PlaceArray]:
    """Lay out places as a shelf does; with them in its order."""
    ecef_m = geo.ecef_m(places.latitude_deg, places.longitude_deg).reshape(-1, 3)
    order = arranged(ecef_m, places.resolution)
    return Ground(ecef_m[order], places.take(order)), places.take(order)


@settings(max_examples=400, deadline=None)
@given(st.tuples(PLACES, PLACES) | NEIGHBOURS)
def test_a_way_is_that_of_the_definition_within_a_tenth_of_a_micrometre(ends: tuple[Place, Place]) -> None:
    start, end = map(geo.position_of, ends)

    found_m = measuring.way_m(geo.ecef_of_m(start), np.array(geo.ecef_of_m(end)))

    expected_m = geo.distance_m(start, end)
    if found_m >= 0 or expected_m < FAR_M:
        assert abs(found_m - expected_m) < 1e-7


@settings(deadline=None)
@given(PLACES, st.lists(PLACES, min_size=1, max_size=80))
def test_whom_the_pass_settles_costs_what_the_definition_says(origin: Place, places: list[Place]) -> None:
    ground, columns = ground_of(PlaceArray.of(places))
    costs_mm = np.empty(len(places), dtype=np.int64)

    unsure_count = ground.settle(Gauge(origin), np.arange(len(places)), costs_mm)

    expected = geo.costs_mm(origin, columns)
    is_settled = costs_mm != measuring.UNSURE
    assert unsure_count == np.count_nonzero(~is_settled)
    assert costs_mm[is_settled].tolist() == expected[is_settled].tolist()


def test_only_who_a_micrometre_could_round_otherwise_is_left_to_the_definition() -> None:
    random = Random(50)
    origin = Point(32.9, 13.2)
    longitudes_deg = np.array([random.uniform(-30, 50) for _ in range(20_000)])
    latitudes_deg = np.array([random.uniform(-10, 60) for _ in longitudes_deg])
    ground, columns = ground_of(PlaceArray(latitudes_deg, longitudes_deg, np.zeros(20_000, dtype=np.int8)))
    costs_mm = np.empty(20_000, dtype=np.int64)

    unsure_count = ground.settle(Gauge(origin), np.arange(20_000), costs_mm)

    lengths_mm = geo.distances_m(origin, columns.latitude_deg, columns.longitude_deg) * 1000
    from_half_mm = np.abs(lengths_mm % 1 - 0.5)
    assert 0 < unsure_count < 100
    assert from_half_mm[costs_mm == measuring.UNSURE].max() < 0.0011
    assert from_half_mm[costs_mm != measuring.UNSURE].min() > 0.0009
