"""What zones and lines hide from a start: equal to looking at each way by itself; nothing of a circle is left out."""

import h3
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from services.errors import InvalidInput
from services.geo import Point
from services.geo.lines import crosses
from services.geo.outlines import laid_out, laid_out_box, laid_out_cells, laid_out_disc, nearest_turn
from services.geo.shadows import Enclosure, Ground

WGS84 = Geod(ellps="WGS84")


def tenths(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low * 10, high * 10).map(lambda each: each / 10 + 0.0123)


LATITUDES = tenths(-70, 69)
LONGITUDES = tenths(-180, 179)
STARTS = st.builds(Point, LATITUDES, LONGITUDES)
#: corners around a middle that is near the start, by angle, so that a ring does not cross itself
STARS = st.lists(st.tuples(tenths(0, 6), tenths(1, 9)), min_size=4, max_size=12, unique_by=lambda each: each[0])
GOALS = st.lists(st.tuples(tenths(-85, 84), tenths(-170, 169)), min_size=1, max_size=40)


def a_star(start: Point, away: tuple[float, float], corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    east, north = start.longitude_deg + away[0], start.latitude_deg + away[1]
    drawn = [(east + far * np.cos(turn), north + far * np.sin(turn)) for turn, far in sorted(corners)]
    return [(float(x), float(y)) for x, y in drawn]


def on_earth(x: float, y: float) -> Point:
    return Point(min(max(y, -90.0), 90.0), float(nearest_turn(x, 0.0)))


@settings(max_examples=150, deadline=None)
@given(STARTS, st.tuples(tenths(-8, 8), tenths(-8, 8)), STARS, GOALS)
def test_r23_a_way_may_leave_the_zone_in_which_it_starts_and_enter_none(
    start: Point, away: tuple[float, float], corners: list[tuple[float, float]], goals: list[tuple[float, float]]
) -> None:
    zone = shapely.Polygon(a_star(start, away, corners))
    here = (start.longitude_deg, start.latitude_deg)
    if not zone.is_valid or zone.area < 1e-3 or zone.exterior.distance(shapely.Point(here)) < 1e-6:
        return
    ground = Ground([Enclosure.of(zone)], start)
    for latitude, east in goals:
        goal = (start.longitude_deg + east, latitude)
        way = shapely.LineString([here, goal])
        met = way.intersection(zone)
        if zone.exterior.distance(shapely.Point(goal)) < 1e-6 or way.crosses(zone) != way.crosses(zone.buffer(1e-7)):
            continue  # at the very rim either answer will do
        entered = [part for part in shapely.get_parts(met) if part.distance(shapely.Point(here)) > 1e-9]
        expected = bool(entered) or zone.contains(shapely.Point(goal))

        assert ground.forbids(on_earth(*goal)) == expected


@settings(max_examples=100, deadline=None)
@given(STARTS, st.tuples(tenths(-8, 8), tenths(-8, 8)), STARS, GOALS)
def test_r60_a_line_is_crossed_by_the_ways_that_meet_it_on_a_map(
    start: Point, away: tuple[float, float], corners: list[tuple[float, float]], goals: list[tuple[float, float]]
) -> None:
    drawn = a_star(start, away, corners)
    line = shapely.LineString(drawn)
    for latitude, east in goals:
        way = shapely.LineString([(start.longitude_deg, start.latitude_deg), (start.longitude_deg + east, latitude)])
        if way.intersects(line) != way.intersects(line.buffer(1e-7)):
            continue  # at the very rim either answer will do

        expected = way.intersects(line)
        goal = on_earth(start.longitude_deg + east, latitude)
        assert crosses(start, goal, [on_earth(*each) for each in drawn]) == expected


def test_a_line_round_the_earth_is_met_on_every_turn() -> None:
    line = [Point(10.0, 0.0), Point(11.0, 120.0), Point(12.0, -120.0), Point(13.0, 0.0), Point(14.0, 120.0)]

    assert [crosses(Point(0.0, east), Point(20.0, east), line) for east in (-150.0, 0.0, 60.0, 179.0)] == [True] * 4
    assert not crosses(Point(10.6, 60.0), Point(12.0, 60.0), line)


@settings(max_examples=200, deadline=None)
@given(st.floats(-90, 90), LONGITUDES, st.floats(1, 6.3), st.floats(0, 360), st.floats(0.9, 1))
def test_nothing_of_a_circle_is_outside_its_ring(
    latitude: float, longitude: float, magnitude: float, azimuth: float, share: float
) -> None:
    radius_m = min(10.0**magnitude, 2_000_000.0)
    ring = laid_out_disc(Point(latitude, longitude), radius_m)
    east, north, _ = WGS84.fwd(longitude, latitude, azimuth, radius_m * share)

    assert shapely.intersects_xy(ring, nearest_turn(east, longitude), north)


def test_a_ring_around_a_circle_is_hardly_wider() -> None:
    ring = laid_out_disc(Point(32.9, 13.2), 50_000.0)
    east, north, _ = WGS84.fwd([13.2] * 360, [32.9] * 360, list(range(360)), [50_200.0] * 360)

    assert not shapely.intersects_xy(ring, np.array(east), np.array(north)).any()


def test_cells_side_by_side_are_one_zone_that_can_be_left() -> None:
    cell = h3.latlng_to_cell(32.9, 13.2, 6)
    zone = laid_out_cells(h3.grid_disk(cell, 2))
    start = Point(*h3.cell_to_latlng(cell))

    assert (zone.geom_type, len(zone.interiors)) == ("Polygon", 0)
    ground = Ground([Enclosure.of(zone)], start)
    assert [ground.forbids(Point(32.9, 14.5)), ground.forbids(Point(32.91, 13.2))] == [False, True]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([90.0, -90.0]), st.floats(0, 2), LONGITUDES, st.integers(3, 6))
def test_a_cell_at_a_pole_is_laid_out_and_holds_its_centre(
    pole: float, away: float, longitude: float, resolution: int
) -> None:
    cell = h3.latlng_to_cell(pole - away if pole > 0 else pole + away, longitude, resolution)
    shape = laid_out_cells([cell])
    north, east = h3.cell_to_latlng(cell)

    assert shape.is_valid
    assert any(shapely.intersects_xy(shape, east + turn, north) for turn in (-360.0, 0.0, 360.0))


def test_an_outline_across_the_first_meridian_is_closed_to_the_bit() -> None:
    """Sums of differences of its longitudes end beside the first corner: it was refused, a cell taken for a cap."""
    for cell in ("833973fffffffff", "8309a0fffffffff", "83186efffffffff", "83194afffffffff"):
        _, south, _, north = laid_out_cells([cell]).bounds

        assert north - south < 2


def test_a_zone_across_the_antimeridian_hides_what_is_behind_it() -> None:
    zone = laid_out_box(south_deg=-1, west_deg=179, north_deg=1, east_deg=-179)
    ground = Ground([Enclosure.of(zone)], Point(0.0, 170.0))

    assert [ground.forbids(Point(0.0, east)) for east in (-170.0, 160.0, 179.5, 178.0)] == [True, False, True, False]
    assert not Ground([Enclosure.of(zone)], Point(0.0, 170.0), is_escorted=True).forbids(Point(0.0, -170.0))


@pytest.mark.parametrize("radius_m", [0.0, -1.0, 2_000_001.0, float("nan")])
def test_a_circle_without_a_good_radius_is_refused(radius_m: float) -> None:
    with pytest.raises(InvalidInput):
        laid_out_disc(Point(0.0, 0.0), radius_m)


def test_an_outline_that_crosses_itself_is_refused() -> None:
    bow = (Point(0.0, 0.0), Point(1.0, 1.0), Point(1.0, 0.0), Point(0.0, 1.0), Point(0.0, 0.0))
    with pytest.raises(InvalidInput):
        laid_out(bow)
