"""The tiles, the bits and the columns of the index, each forced to work where a scan would be quicker."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services import geo
from services.geo import Place, Point, cell_at
from services.matching.index import bits, free, kept, nearing, tiles, values
from services.matching.index.nearest import AWAY_MM, IN_BLOCK, ON_SHELF
from services.matching.index.question import Question
from services.matching.index.sieve import Sifted
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Claim, Provider
from services.matching.model.request import Asked
from services.matching.ranking import find
from tests.matching.samples import a_provider, asked
from tests.matching.scan import full_scan, lists_of
from tests.matching.test_index import PLACES, QUESTIONS, directories


@contextmanager
def narrowed_always() -> Iterator[None]:
    """Forget at once, and give no value a set of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "_MOST_KEPT", 1)
        patch.setattr(free, "_MOST_KEPT", 1)
        patch.setattr(values, "_FEW_VALUES", 0)
        yield


@settings(max_examples=40, deadline=None)
@given(directories(), QUESTIONS, st.integers(1, 12))
def test_tiles_answer_as_a_full_scan(providers: list[Provider], question: Asked, limit: int) -> None:
    with narrowed_always():
        answer = find(Snapshot.of("epoch", 1, providers), question, limit)

    assert lists_of(answer) == full_scan(providers, question, limit)


@settings(max_examples=40, deadline=None)
@given(st.lists(PLACES, min_size=50, max_size=300), PLACES, st.integers(1, 20), st.integers(0, 20_000_000_000))
def test_tiles_lose_nobody_among_ties_poles_and_areas(
    places: list[Place], origin: Place, limit: int, max_cost_mm: int
) -> None:
    providers = [a_provider(f"p-{number:03}", place=place) for number, place in enumerate(places)]
    question = asked(origin=origin, max_cost_mm=max_cost_mm)

    with narrowed_always():
        answer = find(Snapshot.of("epoch", 1, providers), question, limit)

    assert lists_of(answer) == full_scan(providers, question, limit)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32), PLACES, st.none() | st.integers(0, 3_000_000_000))
def test_many_tiles_lose_nobody(seed: int, origin: Place, max_cost_mm: int | None) -> None:
    random = Random(seed)
    points = [Point(random.uniform(-90, 90), random.uniform(-180, 180)) for _ in range(1500)]
    places: list[Place] = [point if random.random() < 0.8 else cell_at(point, random.randint(3, 6)) for point in points]
    claims = [random.choice(list(Claim)) for _ in places]
    providers = [
        a_provider(f"p-{number:04}", place=place, claim=claim)
        for number, (place, claim) in enumerate(zip(places, claims, strict=True))
    ]
    question = asked(origin=origin, max_cost_mm=max_cost_mm)

    assert lists_of(find(Snapshot.of("epoch", 1, providers), question, 10)) == full_scan(providers, question, 10)


@settings(max_examples=60, deadline=None)
@given(directories(), QUESTIONS, st.integers(1, 12))
def test_a_part_ranks_both_lists_as_a_full_scan(providers: list[Provider], question: Asked, limit: int) -> None:
    snapshot = Snapshot.of("epoch", 1, providers)
    sifted = Sifted(snapshot.base, Question(question))

    found, sure_count = sifted.nearest_of_both(limit)

    ids = [snapshot.base.block.providers[number].provider_id for number in found[:, IN_BLOCK].tolist()]
    listed = list(zip(found[:, AWAY_MM].tolist(), ids, strict=True))
    matches, ask_first, _ = full_scan(providers, question, limit)
    assert (listed[:sure_count], listed[sure_count:]) == (matches, ask_first)
    assert [sifted.shelf.provider(row).provider_id for row in found[:, ON_SHELF].tolist()] == ids


@given(st.lists(PLACES, min_size=1, max_size=300))
def test_a_ball_holds_the_rows_of_its_tile_and_every_row_has_one_place(places: list[Place]) -> None:
    ecef_m = np.array([geo.ecef_m(at.latitude_deg, at.longitude_deg) for at in map(geo.position_of, places)])
    order = tiles.order_of(ecef_m)
    balls = tiles.Tiles.around(ecef_m[order], np.empty(0, dtype=np.intp))

    assert sorted(order.tolist()) == list(range(len(places)))
    for row, at_m in enumerate(ecef_m[order]):
        tile = row // tiles.TILE
        assert np.linalg.norm(at_m - balls.centre_m[tile]) <= balls.radius_m[tile] + 1e-6


NEIGHBOURS = st.builds(
    lambda one, north, east: (one, Point(max(-90, min(90, one.latitude_deg + north)), one.longitude_deg * 0.99 + east)),
    st.builds(Point, st.sampled_from([0.0, 90.0, -90.0]) | st.floats(-90, 90), st.floats(-180, 180)),
    st.floats(-9, 9),
    st.floats(-1, 1),
)


@settings(deadline=None)
@given(st.tuples(PLACES, PLACES) | NEIGHBOURS)
def test_a_way_lies_between_the_straight_line_and_its_bound(ends: tuple[Place, Place]) -> None:
    one, other = ends
    start, end = geo.position_of(one), geo.position_of(other)
    chord_m = math.dist(geo.ecef_of_m(start), geo.ecef_of_m(end))
    way_m = geo.distance_m(start, end)

    assert np.allclose(geo.ecef_of_m(start), geo.ecef_m(start.latitude_deg, start.longitude_deg), rtol=0, atol=1e-6)
    assert chord_m - 1e-3 <= way_m <= nearing.longest_way_m(chord_m) + 1e-3
    assert nearing.longest_way_m(nearing.sure_chord_m(way_m)) <= way_m + 1e-3


@given(st.integers(0, 300).flatmap(lambda size: st.lists(st.booleans(), min_size=size, max_size=size)))
def test_bits_hold_what_booleans_hold(has: list[bool]) -> None:
    mask = np.array(has, dtype=np.bool_)
    words = bits.pack(mask)

    assert bits.count(words) == sum(has)
    assert bits.rows_of(words).tolist() == np.flatnonzero(mask).tolist()
    assert bits.of_rows(np.flatnonzero(mask), len(has)).tolist() == words.tolist()


def test_what_changed_during_a_rebuild_is_put_on_top() -> None:
    before = Snapshot.of("epoch", 1, [a_provider("p-1"), a_provider("p-2")]).with_changes(2, {"p-1": None})
    during = before.with_changes(3, {"p-2": None, "p-3": a_provider("p-3")})

    after = before.rebuilt().with_changes(3, during.changed_since(before))

    assert {each.provider_id for each in after.providers()} == {"p-3"}
    assert after.revision == during.revision
