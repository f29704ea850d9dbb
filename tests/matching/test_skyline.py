"""What is seen from a start decides for tiles and rows as looking at each way does, anywhere (R22, R23, R60)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.geo import CELL_RADIUS_M, Place, PlaceArray, Point, cell_at, ecef_m, position_of
from services.geo.lines import Edges, Stretches, crosses, meets
from services.geo.outlines import laid_out_box, laid_out_cells, laid_out_disc, outline_of_cell, turned_to
from services.geo.shadows import Enclosure, Ground
from services.matching.index import bits, plane, sectors, skyline, tiles
from services.matching.index.ground import arranged
from tests.matching.envelopes import a_box, a_horseshoe, moved

ODD = [Point(90, 0), Point(-90, 13), Point(0, 180), Point(0, -180), Point(0, 0), Point(52.1, 179.99), Point(32.9, 13.2)]
ANYWHERE = st.builds(
    Point, st.floats(-90, 90).map(lambda each: round(each, 1)), st.floats(-180, 180).map(lambda each: round(each, 1))
)
STARTS = st.sampled_from(ODD) | ANYWHERE
TENTHS = st.integers(-40, 40).map(lambda each: each / 10)


def beside(middle: Point, east_deg: float, north_deg: float) -> Point:
    return moved(middle, east_deg, min(max(north_deg, -90 - middle.latitude_deg), 90 - middle.latitude_deg))


@st.composite
def clusters(draw: st.DrawFn, start: Point) -> list[Point]:
    """Draw places in heaps, on a grid, so that tiles are small and ways touch corners: near the start and afar."""
    found = []
    for _ in range(draw(st.integers(1, 5))):
        middle = beside(start, draw(TENTHS), draw(TENTHS)) if draw(st.booleans()) else draw(STARTS)
        size = draw(st.integers(1, 90))
        step = draw(st.sampled_from([0.0, 0.01, 0.1, 1.0]))
        found += [beside(middle, step * (number % 9), step * (number // 9)) for number in range(size)]
    return found


def laid(places: list[Place]) -> tuple[plane.Plane, list[Place]]:
    """Lay places out as a shelf does."""
    columns = PlaceArray.of(places)
    order = arranged(ecef_m(columns.latitude_deg, columns.longitude_deg).reshape(-1, 3), columns.resolution)
    return plane.plane_of(columns.take(order)), [places[row] for row in order.tolist()]


def everybody(places: list[Place]) -> bits.Words:
    return bits.pack(np.ones(len(places), dtype=np.bool_))


def behind(edges: Edges, start: Point, among: bits.Words, flat: plane.Plane, *, is_entered: bool = False) -> bits.Words:
    """Say who of a set is behind edges, nobody left aside."""
    found, met_count, aside_count = skyline.behind(sectors.sight_of(edges, start, is_entered=is_entered), among, flat)

    assert not found[1].any()
    assert (bits.count(found[0]), 0) == (met_count, aside_count)
    met: bits.Words = found[0]
    return met


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_r60_who_is_behind_a_line_is_said_of_many_exactly_as_of_each(data: st.DataObject) -> None:
    start = data.draw(STARTS)
    steps = data.draw(st.lists(st.tuples(TENTHS, TENTHS), min_size=2, max_size=30))
    line = [beside(start, *each) for each in steps]
    flat, places = laid([*data.draw(clusters(start))])
    edges = Stretches.of(line).seen_from(start)

    found = behind(edges, start, everybody(places), flat)

    expected = [row for row, place in enumerate(places) if meets(start, position_of(place), edges)]
    assert bits.rows_of(found).tolist() == expected
    assert expected == [row for row, place in enumerate(places) if crosses(start, position_of(place), line)]


SHAPES: list[Callable[[Point], Any]] = [
    lambda middle: laid_out_disc(middle, 20_000.0),
    lambda middle: laid_out_disc(middle, 2_000_000.0),
    lambda middle: a_horseshoe(beside(middle, 0.0, -9.0 if middle.latitude_deg > 0 else 9.0), 6.0),
    lambda middle: a_box(middle, 1.0, 1.0),
    lambda middle: laid_out_box(
        south_deg=-90, west_deg=-180, north_deg=89, east_deg=180
    ),  # more than half of the earth
    lambda middle: laid_out_cells([cell_at(middle, 4).h3_cell]),
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_r22_r23_who_is_in_a_zone_or_behind_it_is_said_of_many_exactly_as_of_each(data: st.DataObject) -> None:
    start = data.draw(STARTS)
    middle = data.draw(st.just(start) | st.builds(beside, st.just(start), TENTHS, TENTHS) | STARTS)
    zones = [draw(middle) for draw in data.draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2))]
    ground = Ground(map(Enclosure.of, zones), start, is_escorted=data.draw(st.booleans()))
    flat, places = laid([*data.draw(clusters(start)), *data.draw(clusters(middle))])

    found = behind(ground.edges, start, everybody(places), flat, is_entered=True)
    rest = flat.near(everybody(places) & ~found, start, ground.boxes).tolist()
    held = [row for row in rest if ground.holds(position_of(places[row]))]

    expected = [row for row, place in enumerate(places) if ground.forbids(position_of(place))]
    assert sorted([*bits.rows_of(found).tolist(), *held]) == expected


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_r22_an_area_that_touches_a_zone_is_among_those_that_are_looked_at(data: st.DataObject) -> None:
    start = data.draw(STARTS)
    middle = data.draw(st.builds(beside, st.just(start), TENTHS, TENTHS) | STARTS)
    ground = Ground([Enclosure.of(data.draw(st.sampled_from(SHAPES))(middle))], start)
    some = data.draw(clusters(middle))[:: data.draw(st.integers(1, 9))]
    cells: list[Place] = [cell_at(each, data.draw(st.integers(3, 6))) for each in some]
    flat, places = laid([*cells, *data.draw(clusters(start))])  # points too, so that a tile is mixed

    near = set(flat.near(everybody(places), start, ground.boxes).tolist())

    for row, place in enumerate(places):
        if row not in near and not isinstance(place, Point):
            outline = turned_to(outline_of_cell(place.h3_cell), start.longitude_deg)
            assert ground.overlap(outline) == (False, 0.0)


def test_nobody_is_behind_no_edge_and_an_empty_tile_is_passed_over() -> None:
    flat, places = laid([Point(32.9, 13.2)] * 130)
    wall = Stretches.of([Point(30, 10), Point(34, 10)]).seen_from(Point(32, 0))
    among = everybody(places)
    among[1] = 0

    assert not behind(np.empty((0, 4)), Point(0, 0), among, flat).any()
    assert bits.count(behind(wall, Point(32, 0), among, flat)) == 64 + 2


@given(st.data())
def test_who_is_aside_is_not_looked_at_and_said_for_himself(data: st.DataObject) -> None:
    start = data.draw(STARTS)
    flat, places = laid([*data.draw(clusters(start))])
    edges = Stretches.of([beside(start, 1, -2), beside(start, 1, 2)]).seen_from(start)
    among, aside = (
        bits.pack(np.array(data.draw(st.lists(st.booleans(), min_size=len(places), max_size=len(places)))))
        for _ in range(2)
    )

    found, met_count, aside_count = skyline.behind(sectors.sight_of(edges, start), among, flat, aside)

    assert np.array_equal(found[0], behind(edges, start, among & ~aside, flat))
    assert np.array_equal(found[1], among & aside)
    assert (bits.count(found[0]), bits.count(found[1])) == (met_count, aside_count)


def test_one_sees_no_farther_than_a_long_line() -> None:
    """The point of it all: neither before nor behind a border of many points is any way laid beside it."""
    start = Point(30.03, 0.0)
    border = [Point(20.0 + number / 10, 5.0 + (number % 3) / 50) for number in range(200)]
    for line in (border, border[::-1]):
        near_deg, far_deg = sectors.sight_of(Stretches.of(line).seen_from(start), start).limits_deg

        seen = np.flatnonzero(np.isfinite(near_deg))
        assert set(seen.tolist()) == {*range(43), *range(213, 256)}
        assert np.isfinite(far_deg[seen]).sum() == len(seen) - 2  # in the first and the last it begins or ends
        assert np.all(near_deg >= 4.9)
        assert np.all((far_deg[:30] > near_deg[:30]) & (far_deg[:30] < near_deg[:30] + 0.5))


@given(st.sampled_from([3, 4, 5, 6]), st.floats(-79, 79), st.floats(-180, 180))
@example(3, 78.9, 0.0)
def test_no_cell_reaches_farther_from_its_centre_than_its_radius_on_the_plane(
    resolution: int, latitude: float, longitude: float
) -> None:
    cell = cell_at(Point(latitude, longitude), resolution)
    outline = turned_to(outline_of_cell(cell.h3_cell), cell.centre.longitude_deg)
    west, south, east, north = outline.bounds
    reach = plane._REACH_DEG[resolution]
    wide = reach / np.cos(np.radians(abs(cell.centre.latitude_deg) + reach))

    assert CELL_RADIUS_M[resolution] / 111_700 < reach
    assert max(north - cell.centre.latitude_deg, cell.centre.latitude_deg - south) <= reach
    assert max(east - cell.centre.longitude_deg, cell.centre.longitude_deg - west) <= wide


@given(st.lists(STARTS, min_size=1, max_size=200))
def test_a_box_holds_the_rows_of_its_tile(places: list[Point]) -> None:
    longitude = np.array([float(each.longitude_deg) for each in places])
    latitude = np.array([float(each.latitude_deg) for each in places])
    boxes = tiles.boxes_around(longitude, latitude)

    assert len(boxes) == -(-len(places) // tiles.TILE)
    for row, (east, north) in enumerate(zip(longitude, latitude, strict=True)):
        assert shapely.box(*boxes[row // tiles.TILE]).intersects(shapely.Point(east, north))


@given(st.integers(-60, 60), st.integers(0, 3), st.sampled_from([1, -1]))
def test_a_line_that_points_at_the_start_hides_who_is_on_it_and_beyond(away: int, aside: int, way: int) -> None:
    start, ends = Point(0.0, 0.0), [Point(0.0, 1.0), Point(0.0, 5.0)]
    edges = Stretches.of(ends[::way]).seen_from(start)
    flat, places = laid([Point(aside / 1e8, away / 10)])

    found = behind(edges, start, everybody(places), flat)

    assert bits.count(found) == int(aside == 0 and away >= 10)
    assert bits.count(found) == int(meets(start, position_of(places[0]), edges))


def test_edges_that_are_each_seen_in_many_directions_are_all_listed() -> None:
    start = Point(0.0, 0.0)
    edges = Stretches.of([Point(0.3 + number / 100, (-1.0) ** number) for number in range(30)]).seen_from(start)
    flat, places = laid([beside(start, number % 20 / 10 - 1, number / 100 - 0.5) for number in range(130)])

    found = behind(edges, start, everybody(places), flat)

    expected = [row for row, place in enumerate(places) if meets(start, position_of(place), edges)]
    assert bits.rows_of(found).tolist() == expected
    assert 0 < len(expected) < len(places)


@given(st.integers(1, 400), st.integers(-3, 3))
def test_one_sees_through_a_gap_as_far_as_there_is_anybody(width: int, aside: int) -> None:
    """Two ends of a line that do not touch, in one sector: a tile behind the gap is not behind them."""
    start, gap = Point(30.0, 0.0), width / 200_000
    ends = [(Point(29.0, 1.0), Point(30.01, 1.0)), (Point(30.01 + gap, 1.0), Point(31.0, 1.0))]
    edges = np.concatenate([Stretches.of(each).seen_from(start) for each in ends])
    flat, places = laid([Point(30 + 50 * (0.01 + gap * (8 + aside * number / 32) / 16), 50.0) for number in range(64)])

    found = behind(edges, start, everybody(places), flat)

    assert bits.rows_of(found).tolist() == [
        row for row, each in enumerate(places) if meets(start, position_of(each), edges)
    ]


@pytest.mark.parametrize("east_deg", [179.9, -179.9, 180.0, -180.0])
def test_r22_a_zone_across_the_antimeridian_holds_tiles_on_the_other_turn(east_deg: float) -> None:
    start = Point(10.0, east_deg)
    zone = laid_out_box(south_deg=9, west_deg=179, north_deg=11, east_deg=-179)
    ground = Ground([Enclosure.of(zone)], start, is_escorted=True)
    for side in (179.5, -179.5):
        flat, places = laid([Point(10 + number / 100, side) for number in range(64)])

        assert len(flat.near(everybody(places), start, ground.boxes)) == 64
        assert all(ground.holds(position_of(each)) for each in places)


def test_r22_a_tile_half_a_turn_away_has_rows_on_both_sides() -> None:
    start = Point(10.0, 10.0)
    zone = laid_out_box(south_deg=9, west_deg=-166, north_deg=11, east_deg=-164)
    ground = Ground([Enclosure.of(zone)], start)
    flat, places = laid([Point(10.0, -175 + number / 6) for number in range(64)])

    near = set(flat.near(everybody(places), start, ground.boxes).tolist())

    assert near >= {row for row, place in enumerate(places) if ground.holds(position_of(place))} != set()


@pytest.mark.parametrize(("east_deg", "line_deg", "goals_deg"), [(179.9, -179.5, -178.0), (-179.9, 179.5, 178.0)])
def test_r60_a_line_across_the_antimeridian_hides_tiles_on_the_other_turn(
    east_deg: float, line_deg: float, goals_deg: float
) -> None:
    start, line = Point(10.0, east_deg), [Point(0.0, line_deg), Point(20.0, line_deg)]
    edges, everyone = Stretches.of(line).seen_from(start), everybody([start] * 64)
    after, _ = laid([Point(10 + number / 100, goals_deg) for number in range(64)])
    before, _ = laid([Point(10 + number / 100, east_deg) for number in range(64)])

    assert [bits.count(behind(edges, start, everyone, each)) for each in (after, before)] == [64, 0]
