"""Zones, persons to keep apart from, lines and service areas, drawn around the few places that tests use."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from services.geo import Place, Point, cell_at, position_of
from services.geo.outlines import laid_out, laid_out_box, laid_out_cells, laid_out_disc
from services.geo.shadows import Enclosure
from services.matching.model.areas import ServedArea
from services.matching.model.lines import Line
from services.matching.model.safety import Envelope, Kin, Zone
from tests.matching.samples import NOON

MIDDLES = st.sampled_from([Point(32.9, 13.2), Point(32.5, 13.0), Point(0, 0), Point(52.1, 179.99), Point(33, 15)])
TIMES = st.none() | st.integers(-30, 30).map(lambda hours: NOON + timedelta(hours=hours))
IDS = st.frozensets(st.sampled_from(["p-000", "p-001", "p-002", "p-010", "gone"]), max_size=2)


def a_box(middle: Point, width_deg: float, height_deg: float) -> Any:
    west = middle.longitude_deg - width_deg
    return laid_out_box(
        south_deg=max(middle.latitude_deg - height_deg, -90.0),
        west_deg=west + 360 if west < -180 else west,
        north_deg=min(middle.latitude_deg + height_deg, 90.0),
        east_deg=min(middle.longitude_deg + width_deg, 180.0),
    )


def a_horseshoe(middle: Point, size_deg: float) -> Any:
    """Draw an outline that a way can leave and enter again."""
    corners = [(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3), (0, 0)]
    return laid_out(tuple(moved(middle, (x - 1) * size_deg / 3, (y - 1) * size_deg / 3) for x, y in corners))


def moved(middle: Point, east_deg: float, north_deg: float) -> Point:
    return Point(middle.latitude_deg + north_deg, (middle.longitude_deg + east_deg + 180) % 360 - 180)


SHAPES: st.SearchStrategy[Any] = st.one_of(
    st.builds(laid_out_disc, MIDDLES, st.sampled_from([500.0, 20_000.0, 100_000.0, 900_000.0])),
    st.builds(a_box, MIDDLES, st.sampled_from([0.05, 1.0, 4.0]), st.sampled_from([0.05, 1.0])),
    st.builds(a_horseshoe, MIDDLES, st.sampled_from([0.2, 2.0, 9.0])),
    st.builds(lambda middle, size: laid_out_cells([cell_at(middle, size).h3_cell]), MIDDLES, st.integers(3, 6)),
)
ZONES = st.builds(Zone, SHAPES.map(Enclosure.of), TIMES, TIMES)
KINS = st.builds(
    Kin,
    IDS,
    st.frozensets(st.sampled_from(["pool-1", "pool-2"]), max_size=1),
    st.frozensets(st.sampled_from(["l-1", "l-2"]), max_size=1),
)


@st.composite
def envelopes(draw: st.DrawFn, origin: Place) -> Envelope:
    """Draw an envelope that is seen from an origin; often an empty one."""
    if draw(st.booleans()):
        return Envelope()
    return Envelope(
        zones=tuple(draw(st.lists(ZONES, max_size=2))),
        start=position_of(origin),
        is_escorted=draw(st.booleans()),
        apart=draw(KINS),
        together=tuple(draw(st.lists(KINS, max_size=2))) if draw(st.booleans()) else (),
    )


LINES = st.builds(
    lambda middle, way, times, hours: Line(
        line_id=f"{middle}{way}",
        points=(middle, *(moved(middle, x, y) for x, y in way)),
        start_time=times[0],
        end_time=times[1],
        starts_at=hours[0],
        ends_at=hours[1],
        time_zone="Africa/Tripoli" if hours[0] else "",
    ),
    MIDDLES,
    st.lists(st.sampled_from([(0.01, 0.3), (-0.4, 0.2), (8.0, -3.0), (-20.0, 30.0)]), min_size=1, max_size=3),
    st.tuples(TIMES, TIMES),
    st.sampled_from([("", ""), ("", ""), ("22:00", "05:00"), ("13:30", "16:00")]),
)
SERVED = st.lists(
    st.one_of(
        st.builds(lambda shape: ServedArea(outline=shape.wkb), SHAPES),
        st.sampled_from(["LY", "TN", "LY-TB"]).map(lambda code: ServedArea(region_code=code)),
    ),
    max_size=2,
).map(tuple)
