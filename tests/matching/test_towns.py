"""The town that the compiled walk finds is nearest of all, anywhere on earth."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from services.geo import Gauge, Point, ecef_m
from services.matching.index.towns import Towns

LATITUDES = st.floats(-90, 90) | st.sampled_from([-90.0, -1e-9, 0.0, 1.0, 89.0, 90.0])
LONGITUDES = st.floats(-180, 180) | st.sampled_from([-180.0, -179.9, 0.0, 90.0, 179.9, 180.0])
POINTS = st.builds(Point, LATITUDES, LONGITUDES)
_A_MICROMETRE = 1e-6


@given(st.lists(POINTS, min_size=1, max_size=30), POINTS)
@example([Point(0, -179), Point(0, 170)], Point(0, 180))
@example([Point(89.5, 0), Point(80, 180)], Point(89.9, 180))
def test_nobody_is_nearer(towns: list[Point], point: Point) -> None:
    positions_m = ecef_m([each.latitude_deg for each in towns], [each.longitude_deg for each in towns])
    away_m = np.linalg.norm(positions_m - ecef_m(point.latitude_deg, point.longitude_deg), axis=1)

    found = Towns(towns).nearest(Gauge(point))

    assert found is not None
    assert away_m[found] <= away_m.min() + _A_MICROMETRE


@given(st.lists(st.builds(Point, st.floats(30, 33), st.floats(10, 13)), min_size=50, max_size=200), st.data())
def test_nobody_is_nearer_among_many_that_are_close(towns: list[Point], data: st.DataObject) -> None:
    point = data.draw(st.builds(Point, st.floats(29, 34), st.floats(9, 14)))
    positions_m = ecef_m([each.latitude_deg for each in towns], [each.longitude_deg for each in towns])
    away_m = np.linalg.norm(positions_m - ecef_m(point.latitude_deg, point.longitude_deg), axis=1)

    found = Towns(towns).nearest(Gauge(point))

    assert found is not None
    assert away_m[found] <= away_m.min() + _A_MICROMETRE


@given(POINTS)
def test_where_there_is_no_town_none_is_nearest(point: Point) -> None:
    assert Towns([]).nearest(Gauge(point)) is None
