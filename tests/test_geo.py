"""Hold nearness to its contract: exact, the same for one and for many, blind inside a cell."""

import math
from itertools import pairwise

import h3
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pyproj import Geod

from services import geo
from services.errors import InvalidInput, Reason
from services.geo import AreaCell, DistanceBand, Place, PlaceArray, Point

TRIPOLI = Point(32.8874, 13.1873)
NULL_ISLAND = Point(0.0, 0.0)
RESOLUTIONS = range(geo.COARSEST_RESOLUTION, geo.FINEST_RESOLUTION + 1)

latitudes = st.floats(-90, 90) | st.sampled_from([-90.0, -0.0, 0.0, 90.0])
longitudes = st.floats(-180, 180) | st.sampled_from([-180.0, -179.9999, 0.0, 179.9999, 180.0])
points = st.builds(Point, latitudes, longitudes)
resolutions = st.sampled_from(RESOLUTIONS)
cells = st.builds(geo.cell_at, points, resolutions)
places = points | cells
fractions = st.floats(0, 0.99)


def farthest_m(h3_cell: str) -> float:
    """Measure from the centre of a cell to its farthest corner."""
    north_deg, east_deg = h3.cell_to_latlng(h3_cell)
    corners = np.array(h3.cell_to_boundary(h3_cell))
    return float(geo.distances_m(Point(north_deg, east_deg), corners[:, 0], corners[:, 1]).max())


def inside(cell: AreaCell, corner: int, fraction: float) -> Point:
    """Walk from a cell's centre towards one of its corners, over the ellipsoid."""
    outline = geo.outline_of(cell)
    start, end = cell.centre, outline[corner % len(outline)]
    wgs84 = Geod(ellps="WGS84")
    azimuth_deg, _, length_m = wgs84.inv(start.longitude_deg, start.latitude_deg, end.longitude_deg, end.latitude_deg)
    longitude_deg, latitude_deg, _ = wgs84.fwd(
        start.longitude_deg, start.latitude_deg, azimuth_deg, length_m * fraction
    )
    return Point(latitude_deg, longitude_deg)


class TestPlaces:
    @pytest.mark.parametrize("latitude_deg", [91.0, -90.0001, math.nan, math.inf, 100.0])
    def test_a_latitude_out_of_range_is_refused_by_name_and_never_repeated(self, latitude_deg: float) -> None:
        with pytest.raises(InvalidInput) as caught:
            Point(latitude_deg, 13.0)

        assert caught.value.message == "latitude_deg must be in [-90, 90]"
        assert [fault.field for fault in caught.value.fields] == ["latitude_deg"]

    def test_both_coordinates_are_named_if_both_are_wrong(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            Point(91.0, 181.0)

        assert [fault.field for fault in caught.value.fields] == ["latitude_deg", "longitude_deg"]

    @pytest.mark.parametrize(("latitude_deg", "longitude_deg"), [(0, 0), (90, 0), (-90, -180)])
    def test_zero_the_poles_and_the_date_line_are_places(self, latitude_deg: float, longitude_deg: float) -> None:
        assert Point(latitude_deg, longitude_deg).latitude_deg == latitude_deg

    def test_a_cell_finer_than_allowed_cannot_be_written_down_r16(self) -> None:
        too_fine = h3.latlng_to_cell(32.8874, 13.1873, 7)

        with pytest.raises(InvalidInput) as caught:
            AreaCell(too_fine)

        assert caught.value.reason is Reason.FINER_THAN_ALLOWED
        assert caught.value.fields[0].field == "h3_cell"
        assert too_fine not in caught.value.message

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Tripoli",
            "86384B287FFFFFF",
            "0x86384b287ffffff",
            " 86384b287ffffff",
            "86384b287ffffffff",
            "a" * 64,  # more than a number of 64 bits
            h3.latlng_to_cell(0, 0, 2),
        ],
    )
    def test_what_is_no_cell_or_spelt_otherwise_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            AreaCell(text)

        assert caught.value.reason is Reason.INVALID_FIELD

    @pytest.mark.parametrize("resolution", range(16))
    def test_an_origin_may_be_a_cell_of_any_resolution(self, resolution: int) -> None:
        cell = h3.latlng_to_cell(32.8874, 13.1873, resolution)

        assert geo.centre_of(cell) == Point(*h3.cell_to_latlng(cell))

    def test_an_origin_that_is_no_cell_is_refused(self) -> None:
        with pytest.raises(InvalidInput):
            geo.centre_of("Tripoli")

    @given(cells)
    def test_the_centre_of_a_cell_lies_in_it(self, cell: AreaCell) -> None:
        assert geo.cell_at(cell.centre, cell.resolution) == cell

    @pytest.mark.parametrize("resolution", [-1, 2, 7, 16])
    def test_an_area_of_a_resolution_that_is_not_allowed_is_refused(self, resolution: int) -> None:
        with pytest.raises(InvalidInput):
            geo.cell_at(TRIPOLI, resolution)


class TestCost:
    def test_a_known_distance_on_the_ellipsoid(self) -> None:
        # One degree of longitude on the equator is a 360th of its length.
        assert geo.distance_m(NULL_ISLAND, Point(0.0, 1.0)) == pytest.approx(2 * math.pi * 6_378_137 / 360, abs=1e-6)

    @given(points, points)
    def test_distance_is_symmetric(self, a: Point, b: Point) -> None:
        assert geo.distance_m(a, b) == pytest.approx(geo.distance_m(b, a), abs=1e-6)

    @given(points)
    def test_a_place_costs_nothing_where_it_stands(self, point: Point) -> None:
        assert geo.cost_mm(point, point) == 0

    @given(longitudes, longitudes)
    def test_a_pole_is_one_place_whatever_its_longitude(self, a: float, b: float) -> None:
        assert geo.cost_mm(Point(90, a), Point(90, b)) == 0

    @given(latitudes)
    def test_the_date_line_is_no_line(self, latitude_deg: float) -> None:
        assert geo.cost_mm(Point(latitude_deg, 180), Point(latitude_deg, -180)) == 0

    @given(places, st.lists(places, min_size=1, max_size=30))
    @example(NULL_ISLAND, [Point(90, 0), Point(-90, 0), Point(0, 180), Point(-0.0, -180)])
    def test_many_are_measured_exactly_as_one(self, origin: Place, many: list[Place]) -> None:
        assert geo.costs_mm(origin, PlaceArray.of(many)).tolist() == [geo.cost_mm(origin, place) for place in many]

    @given(points, st.lists(points, min_size=1, max_size=30))
    def test_many_distances_equal_single_ones(self, origin: Point, many: list[Point]) -> None:
        columns = PlaceArray.of(many)

        assert geo.distances_m(origin, columns.latitude_deg, columns.longitude_deg).tolist() == [
            geo.distance_m(origin, point) for point in many
        ]

    def test_no_places_cost_nothing_at_all(self) -> None:
        assert geo.costs_mm(TRIPOLI, PlaceArray.of([])).tolist() == []

    def test_rows_can_be_taken_in_any_order(self) -> None:
        columns = PlaceArray.of([TRIPOLI, geo.cell_at(TRIPOLI, 6), NULL_ISLAND])

        taken = columns.take(np.array([2, 1]))

        assert len(taken) == 2
        assert taken.resolution.tolist() == [0, 6]
        assert taken.latitude_deg[0] == 0.0

    @given(points, cells, st.integers(0, 9), st.integers(0, 9), fractions, fractions)
    def test_where_in_its_cell_a_site_stands_changes_nothing_r17_r18(
        self, origin: Point, cell: AreaCell, corner: int, other: int, near: float, far: float
    ) -> None:
        one = geo.cell_at(inside(cell, corner, near), cell.resolution)
        two = geo.cell_at(inside(cell, other, far), cell.resolution)
        assume(one == cell == two)  # corners are only nearly straight over the ellipsoid

        assert geo.cost_mm(origin, one) == geo.cost_mm(origin, two)

    @given(cells, cells, st.integers(0, 9), st.integers(0, 9), fractions, fractions)
    def test_where_in_its_cell_the_origin_is_changes_nothing_for_an_area_r17(
        self, here: AreaCell, site: AreaCell, corner: int, other: int, near: float, far: float
    ) -> None:
        one, two = inside(here, corner, near), inside(here, other, far)
        assume(geo.cell_at(one, site.resolution) == geo.cell_at(two, site.resolution))

        assert geo.cost_mm(one, site) == geo.cost_mm(two, site)

    @given(cells)
    def test_inside_one_cell_an_area_is_as_far_as_two_people_in_it_r17(self, cell: AreaCell) -> None:
        expected_mm = geo.MEAN_IN_CELL_M[cell.resolution] * 1000

        assert geo.cost_mm(cell.centre, cell) == expected_mm
        assert geo.cost_mm(cell, cell) == expected_mm

    def test_the_mean_inside_a_cell_follows_from_the_mean_area(self) -> None:
        root = math.sqrt(3)
        logarithms = 28 * math.log(2 * root + 3) + 29 * math.log(2 * root - 3)
        in_unit_hexagon = 7 * root / 30 - 7 / 90 + logarithms / 60

        for resolution in RESOLUTIONS:
            area_m2 = h3.average_hexagon_area(resolution, unit="m^2")
            side_m = math.sqrt(2 * area_m2 / (3 * root))
            assert geo.MEAN_IN_CELL_M[resolution] == round(in_unit_hexagon * side_m)

    @pytest.mark.parametrize("resolution", RESOLUTIONS)
    def test_the_mean_inside_a_cell_is_what_random_people_find(self, resolution: int) -> None:
        cell = geo.cell_at(TRIPOLI, resolution)
        random = np.random.default_rng(20)
        outline = geo.outline_of(cell)
        souths, wests = zip(*[(p.latitude_deg, p.longitude_deg) for p in outline], strict=True)
        tries = zip(
            random.uniform(min(souths), max(souths), 3000),
            random.uniform(min(wests), max(wests), 3000),
            strict=True,
        )
        people = [Point(*each) for each in tries if geo.cell_at(Point(*each), resolution) == cell]
        lengths_m = [geo.distance_m(a, b) for a, b in pairwise(people)]

        # cells differ in area by their place on the globe, up to a quarter from the mean
        assert np.mean(lengths_m) == pytest.approx(geo.MEAN_IN_CELL_M[resolution], rel=0.2)

    def test_nobody_is_farther_from_the_centre_of_a_cell_than_its_radius(self) -> None:
        largest = {cell: farthest_m(cell) for cell in h3.uncompact_cells(h3.get_res0_cells(), 3)}
        worst = sorted(largest, key=lambda each: -largest[each])[:5]

        assert max(largest.values()) <= geo.CELL_RADIUS_M[3]
        for resolution in (4, 5):  # cells of one resolution are alike up to their place on the globe
            finer = h3.uncompact_cells(worst, resolution)
            assert max(map(farthest_m, finer)) <= geo.CELL_RADIUS_M[resolution]

    @given(cells)
    def test_no_corner_is_farther_from_the_centre_of_a_cell_than_its_radius(self, cell: AreaCell) -> None:
        assert farthest_m(cell.h3_cell) <= geo.CELL_RADIUS_M[cell.resolution]

    @given(st.lists(st.integers(0, 20_100_000_000), min_size=2))
    def test_a_farther_place_is_never_in_a_nearer_band(self, costs: list[int]) -> None:
        order = list(DistanceBand)

        ranks = [order.index(geo.band_of(cost)) for cost in sorted(costs)]

        assert ranks == sorted(ranks)

    @pytest.mark.parametrize(
        ("cost_mm", "band"),
        [
            (0, DistanceBand.UNDER_25_KM),
            (24_999_999, DistanceBand.UNDER_25_KM),
            (25_000_000, DistanceBand.FROM_25_TO_75_KM),
            (74_999_999, DistanceBand.FROM_25_TO_75_KM),
            (75_000_000, DistanceBand.OVER_75_KM),
        ],
    )
    def test_bands_hold_their_lower_end(self, cost_mm: int, band: DistanceBand) -> None:
        assert geo.band_of(cost_mm) is band


class TestBounds:
    @given(points)
    def test_earth_centred_coordinates_lie_on_the_ellipsoid(self, point: Point) -> None:
        x, y, z = geo.ecef_m(point.latitude_deg, point.longitude_deg)

        a, b = 6_378_137.0, 6_356_752.314245179
        assert (x * x + y * y) / a**2 + z * z / b**2 == pytest.approx(1.0, abs=1e-12)

    @given(places, places)
    def test_a_ball_of_a_cost_misses_no_place_of_that_cost(self, origin: Place, place: Place) -> None:
        used = [place.resolution] if isinstance(place, AreaCell) else []
        start, end = geo.position_of(origin), geo.position_of(place)
        chord_m = math.dist(
            geo.ecef_m(start.latitude_deg, start.longitude_deg),
            geo.ecef_m(end.latitude_deg, end.longitude_deg),
        )

        assert chord_m <= geo.ball_radius_m(origin, geo.cost_mm(origin, place), used)

    @given(places, places)
    def test_a_band_of_latitude_misses_no_place_of_its_cost(self, origin: Place, place: Place) -> None:
        used = [place.resolution] if isinstance(place, AreaCell) else []

        south_deg, north_deg = geo.latitude_band_deg(origin, geo.cost_mm(origin, place), used)

        assert south_deg <= geo.position_of(place).latitude_deg <= north_deg

    def test_columns_become_rows_of_three(self) -> None:
        assert geo.ecef_m([0.0, 90.0], [0.0, 0.0]).shape == (2, 3)


class TestAreas:
    @pytest.mark.parametrize("enough_at", RESOLUTIONS)
    def test_a_site_is_kept_as_the_finest_area_with_enough_people_r16(self, enough_at: int) -> None:
        def population_of(cell: AreaCell) -> int:
            return 20_000 if cell.resolution <= enough_at else 19_999

        assert geo.snap_to_area(TRIPOLI, population_of) == geo.cell_at(TRIPOLI, enough_at)

    def test_where_no_people_are_known_the_finest_area_is_kept_r16(self) -> None:
        assert geo.snap_to_area(TRIPOLI, lambda _: 0).resolution == geo.FINEST_RESOLUTION

    @given(points, points)
    def test_only_the_area_tells_two_sites_apart_r17(self, one: Point, two: Point) -> None:
        kept_one, kept_two = (geo.snap_to_area(each, lambda _: 0) for each in (one, two))

        assert (kept_one == kept_two) == (geo.cell_at(one, 6) == geo.cell_at(two, 6))

    @given(places)
    def test_every_place_is_counted_in_an_area_of_the_coarsest_kind_r19(self, place: Place) -> None:
        assert geo.area_at(place).resolution == geo.COUNT_RESOLUTION

    def test_an_area_cannot_be_counted_finer_than_it_is(self) -> None:
        with pytest.raises(InvalidInput):
            geo.area_at(geo.cell_at(TRIPOLI, 4), 5)

    @given(cells)
    def test_an_outline_is_a_ring_of_corners(self, cell: AreaCell) -> None:
        outline = geo.outline_of(cell)

        assert len(outline) >= 5
        assert len(set(outline)) == len(outline)
