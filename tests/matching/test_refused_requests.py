"""Requests that break a rule are refused, and the field is named."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import (
    InvalidInput,
    NotFound,
    Reason,
)
from services.matching.model.person import AgeRange
from tests.matching.houses import Open, a_girl
from tests.matching.samples import a_provider

REFUSED: list[tuple[dict[str, Any], str, Reason]] = [
    ({"needs": []}, "needs", Reason.INVALID_FIELD),
    ({"needs": [pb.Need(code="LEG-ADV")] * 17}, "needs", Reason.INVALID_FIELD),
    ({"needs": [pb.Need(code="ACC-XXX")]}, "needs[0].code", Reason.UNKNOWN_CODE),
    ({"needs": [pb.Need(code="LEG-ADV", staff_gender="x")]}, "needs[0].staff_gender", Reason.UNKNOWN_CODE),
    (
        {"needs": [pb.Need(code="ACC-EMG", items=[pb.PlaceItem(population="girls")])]},
        "needs[0].items[0].count",
        Reason.INVALID_FIELD,
    ),
    ({"origin": geo_pb2.Origin()}, "origin", Reason.INVALID_FIELD),
    (
        {"origin": geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=91, longitude_deg=0))},
        "origin.point.latitude_deg",
        Reason.INVALID_FIELD,
    ),
    (
        {"origin": geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=1))},
        "origin.point.longitude_deg",
        Reason.INVALID_FIELD,
    ),
    ({"origin": geo_pb2.Origin(h3_cell="zz")}, "origin.h3_cell", Reason.INVALID_FIELD),
    ({"origin": geo_pb2.Origin(h3_cell="f" * 40)}, "origin.h3_cell", Reason.INVALID_FIELD),
    ({"when_time": Timestamp(seconds=-62_135_596_800)}, "when_time", Reason.INVALID_FIELD),
    ({"limit": -1}, "limit", Reason.INVALID_FIELD),
    ({"limit": 101}, "limit", Reason.INVALID_FIELD),
    ({"max_distance_m": 0.0}, "max_distance_m", Reason.INVALID_FIELD),
    ({"max_distance_m": float("nan")}, "max_distance_m", Reason.INVALID_FIELD),
    ({"person": a_girl(age=pb.AgeRange(min_years=131))}, "person.age.min_years", Reason.INVALID_FIELD),
    ({"person": a_girl(age=pb.AgeRange(min_years=5, max_years=4))}, "person.age.max_years", Reason.INVALID_FIELD),
    ({"person": a_girl(family=pb.CodeList(codes=["x"]))}, "person.family.codes", Reason.UNKNOWN_CODE),
    ({"person": a_girl(status_class="x")}, "person.status_class", Reason.UNKNOWN_CODE),
    (
        {"person": a_girl(languages=pb.LanguageList(languages=["!"]))},
        "person.languages.languages",
        Reason.INVALID_FIELD,
    ),
]


@pytest.mark.parametrize(("facts", "named", "reason"), REFUSED, ids=lambda each: each if isinstance(each, str) else "")
async def test_a_wrong_field_is_named(house: Open, facts: dict[str, Any], named: str, reason: Reason) -> None:
    async with house(a_provider()) as here:
        with pytest.raises(InvalidInput) as caught:
            await here.find(**facts)

    assert ([each.field for each in caught.value.fields], caught.value.reason) == ([named], reason)


async def test_an_unknown_place_is_not_found(house: Open) -> None:
    async with house(a_provider()) as here:
        with pytest.raises(NotFound):
            await here.find(origin=geo_pb2.Origin(place_id="geonames:0"))


def test_an_age_range_is_valid_or_is_not() -> None:
    with pytest.raises(InvalidInput):
        AgeRange(-1, 3)
