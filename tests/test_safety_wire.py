"""The safety envelope between the library's values, the wire and JSON: nothing is lost, and nothing is told."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihala.case_wire import message_from_json, search_from_json
from ihala.matching.v1 import matching_pb2 as pb
from ihala.person import NamedPlace, PlaceId
from ihala.safety import Box, Cells, Circle, DangerZone, PlacedPerson, Polygon, Safety, around
from ihala.safety_wire import safety_from_json, safety_to_wire
from services.errors import InvalidInput, Reason
from services.geo import Point

CANARY = "canary-7731"

points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
rings = st.lists(points, min_size=4, max_size=6)
areas = st.one_of(
    st.builds(Circle, points, st.floats(1, 2_000_000)),
    st.builds(
        Box,
        south_deg=st.floats(-90, 0),
        west_deg=st.floats(-180, 180),
        north_deg=st.floats(0, 90),
        east_deg=st.floats(-180, 180),
    ),
    st.builds(Polygon, rings, st.lists(rings, max_size=2)),
    st.builds(Cells, st.lists(st.just("84384b3ffffffff"), min_size=1, max_size=3)),
)
times = st.none() | st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
persons = st.lists(st.builds(PlacedPerson, st.text("abc", min_size=1), st.lists(st.text("xyz", min_size=1))))
envelopes = st.builds(
    Safety,
    danger_zones=st.lists(st.builds(DangerZone, areas, times, times), max_size=4),
    excluded_provider_ids=st.lists(st.text("pq", min_size=1)),
    keep_apart=persons,
    keep_together=persons,
    escorted_transport=st.booleans(),
)


async def located(where: Point | NamedPlace | PlaceId) -> Point:
    return where if isinstance(where, Point) else Point(32.9, 13.2)


# a busy machine takes as long as it takes
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(envelopes)
async def test_an_envelope_comes_out_of_a_file_as_the_library_says_it(envelope: Safety) -> None:
    """R22, R23, R25."""
    message = await safety_to_wire(envelope, located)

    written = MessageToDict(message, preserving_proto_field_name=True)

    assert safety_from_json(written) == envelope


async def test_a_zone_around_a_town_is_one_around_its_middle() -> None:
    """R22."""
    message = await safety_to_wire(Safety(danger_zones=[around(NamedPlace("LY", "Janzur"), 5_000)]), located)

    circle = message.danger_zones[0].area.circle
    assert (circle.center.latitude_deg, circle.center.longitude_deg, circle.radius_m) == (32.9, 13.2, 5_000)


@UNHURRIED
@given(envelopes)
def test_nothing_of_an_envelope_is_in_what_a_log_would_write(envelope: Safety) -> None:
    """R24."""
    said = repr(
        Safety(
            danger_zones=[*envelope.danger_zones, DangerZone(Circle(Point(12.345678, 0), 77.123))],
            excluded_provider_ids=[CANARY],
            keep_apart=[PlacedPerson(CANARY, [CANARY])],
        )
    )

    assert CANARY not in said
    assert "12.345678" not in said
    assert CANARY not in repr(PlacedPerson(CANARY, [CANARY]))
    assert "77.123" not in repr(DangerZone(Circle(Point(12.345678, 0), 77.123)))


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        ({"danger_zone": CANARY}, "danger_zone", Reason.UNKNOWN_FIELD),
        ({"safety": {"danger_zones": [{}, {"lat": CANARY}]}}, "safety.danger_zones[1].lat", Reason.UNKNOWN_FIELD),
        ({"safety": {"keep_apart": [{"person": CANARY}]}}, "safety.keep_apart[0].person", Reason.UNKNOWN_FIELD),
        ({"safety": []}, "safety", Reason.MALFORMED),
        ({"needs": [{"urgency": CANARY}]}, "needs[0].urgency", Reason.MALFORMED),
        ({"limit": CANARY}, "limit", Reason.MALFORMED),
        ({"when_time": CANARY}, "when_time", Reason.MALFORMED),
        ({"origin": {"point": {"latitude_deg": CANARY}}}, "origin.point.latitude_deg", Reason.MALFORMED),
        ({"needs": CANARY}, "needs", Reason.MALFORMED),
        ({"safety": {"danger_zones": 7}}, "danger_zones", Reason.MALFORMED),
        ({"person": CANARY}, "person", Reason.MALFORMED),
    ],
)
def test_what_is_wrong_in_a_case_is_said_by_its_place_and_never_by_its_value(
    document: dict[str, Any], place: str, reason: Reason
) -> None:
    """R24."""
    with pytest.raises(InvalidInput) as caught:
        search_from_json(document)

    assert caught.value.reason is reason
    assert place in str(caught.value)
    assert CANARY not in str(caught.value)
    assert all(CANARY not in f"{each.field}{each.rule}" for each in caught.value.fields)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["needs", "safety", "danger_zones", "area", "origin", "point", "limit", "code"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@UNHURRIED
@given(st.dictionaries(st.sampled_from(["needs", "safety", "origin", "person", "when_time", "limit"]), json_values))
def test_any_json_is_a_search_or_is_refused(document: dict[str, Any]) -> None:
    try:
        message = message_from_json(document, pb.FindMatchesRequest(), "case")
    except InvalidInput:
        return
    assert search_from_json(MessageToDict(message)) == message
