"""The safety envelope through the door that callers come in by: sealed, and never silently resolved."""

import logging
from datetime import datetime, timedelta
from typing import Any

import h3
import pytest

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.geo import Point, cell_at
from services.matching.model.provider import Provider
from tests.matching.envelopes import moved
from tests.matching.houses import Open, a_request, ids
from tests.matching.samples import NOON, TRIPOLI, a_provider

SOUTH = Point(32.5, 13.1873)  #: 43 km to the south
BEHIND = Point(32.3, 13.1873)  #: behind it, seen from Tripoli
ASIDE = Point(32.5, 13.8)


def a_circle(middle: Point, radius_m: float = 5_000.0, **times: datetime) -> pb.DangerZone:
    circle = geo_pb2.Circle(center=a_point(middle), radius_m=radius_m)
    return a_zone(area=geo_pb2.Area(circle=circle), **times)


def a_zone(*, start: datetime | None = None, end: datetime | None = None, **facts: Any) -> pb.DangerZone:
    zone = pb.DangerZone(**facts)
    for field, time in (("start_time", start), ("end_time", end)):
        if time is not None:
            getattr(zone, field).FromDatetime(time)
    return zone


def a_point(point: Point) -> geo_pb2.Point:
    return geo_pb2.Point(latitude_deg=point.latitude_deg, longitude_deg=point.longitude_deg)


def a_ring(*points: Point) -> geo_pb2.Ring:
    return geo_pb2.Ring(points=map(a_point, (*points, points[0])))


def around(middle: Point, size_deg: float = 0.05) -> list[Point]:
    return [moved(middle, x * size_deg, y * size_deg) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def a_house(name: str, place: Any, code: str = "ACC-EMG") -> Provider:
    return a_provider(name, code=code, place=place, is_confidential=not isinstance(place, Point))


HOUSES = [a_house("aside", ASIDE), a_house("behind", BEHIND), a_house("near", TRIPOLI), a_house("south", SOUTH)]
ZONES = {
    "circle": a_circle(SOUTH),
    "polygon": a_zone(area=geo_pb2.Area(polygon=geo_pb2.Polygon(exterior=a_ring(*around(SOUTH))))),
    "box": a_zone(area=geo_pb2.Area(box=geo_pb2.Box(south_deg=32.45, west_deg=13.1, north_deg=32.55, east_deg=13.3))),
    "cells": a_zone(h3_cells=h3.grid_disk(h3.latlng_to_cell(32.5, 13.1873, 7), 3)),
}


@pytest.mark.parametrize("kind", ZONES)
async def test_r22_r23_who_is_in_a_zone_or_behind_it_is_excluded_for_a_safety_reason(house: Open, kind: str) -> None:
    async with house(*HOUSES) as here:
        sealed = (await here.find("ACC-EMG", safety=pb.Safety(danger_zones=[ZONES[kind]]))).needs[0]
        escorted = pb.Safety(danger_zones=[ZONES[kind]], escorted_transport=True)
        driven = (await here.find("ACC-EMG", safety=escorted)).needs[0]

    assert ids(sealed.matches) == ["near", "aside"]
    assert [(each.constraint, each.provider_count) for each in sealed.excluded] == [("safety", 2)]
    assert ids(driven.matches) == ["near", "behind", "aside"] or ids(driven.matches) == ["near", "aside", "behind"]
    assert (sealed.confidential_safety_count, [*sealed.ask_first]) == (0, [])


async def test_r23_a_way_may_leave_the_zone_in_which_it_starts(house: Open) -> None:
    zones = [a_circle(TRIPOLI, 10_000.0)]
    async with house(*HOUSES) as here:
        need = (await here.find("ACC-EMG", safety=pb.Safety(danger_zones=zones))).needs[0]

    assert set(ids(need.matches)) == {"south", "behind", "aside"}


@pytest.mark.parametrize(
    ("start", "end", "code", "counts"),
    [
        (None, NOON, "ACC-EMG", False),
        (None, NOON + timedelta(minutes=1), "ACC-EMG", True),
        (NOON + timedelta(days=3), None, "ACC-EMG", True),  # she sleeps there when it begins
        (NOON + timedelta(days=3), None, "LEG-ADV", False),
        (NOON + timedelta(hours=3), None, "LEG-ADV", True),
    ],
)
async def test_r22_a_zone_counts_on_the_way_there_and_for_the_stay(
    house: Open,
    start: datetime | None,
    end: datetime | None,
    code: str,
    counts: bool,  # noqa: FBT001 -- a verdict
) -> None:
    zones = [a_zone(area=ZONES["circle"].area, start=start, end=end)]
    async with house(a_house("south", SOUTH, code)) as here:
        need = (await here.find(code, safety=pb.Safety(danger_zones=zones))).needs[0]

    assert ids(need.matches) == ([] if counts else ["south"])


class TestConfidentialSites:
    """Of a confidential site only the cell is known (R16, R22)."""

    CELL = cell_at(SOUTH, 5)

    async def need(self, house: Open, zone: pb.DangerZone, code: str = "ACC-EMG") -> pb.NeedMatches:
        async with house(a_house("house", self.CELL, code), a_house("near", TRIPOLI, code)) as here:
            answer = await here.find(code, safety=pb.Safety(danger_zones=[zone]))
        found: pb.NeedMatches = answer.needs[0]
        return found

    async def test_a_zone_that_holds_the_centre_of_its_cell_excludes_it_and_tells_how_many_fell_so(
        self, house: Open
    ) -> None:
        need = await self.need(house, a_circle(self.CELL.centre, 100.0))

        assert (ids(need.matches), ids(need.ask_first)) == (["near"], [])
        assert [(each.constraint, each.provider_count) for each in need.excluded] == [("safety", 1)]
        assert need.confidential_safety_count == 1

    async def test_a_zone_that_holds_half_of_its_cell_excludes_it(self, house: Open) -> None:
        centre = self.CELL.centre
        corners = [(-0.2, -0.2), (0.2, -0.2), (0.2, 0.2), (0.001, 0.2), (0.001, -0.001), (-0.2, -0.001)]
        ring = [moved(centre, x, y) for x, y in corners]
        zone = a_zone(area=geo_pb2.Area(polygon=geo_pb2.Polygon(exterior=a_ring(*ring))))
        need = await self.need(house, zone)

        assert (ids(need.matches), need.confidential_safety_count) == (["near"], 1)

    async def test_of_less_the_front_gate_is_asked_for_before_an_offer(self, house: Open) -> None:
        zone = a_circle(moved(self.CELL.centre, 0.09, 0.0), 3_000.0)
        need = await self.need(house, zone)

        (row,) = need.ask_first
        assert (row.provider_id, ids(need.matches), list(need.excluded)) == ("house", ["near"], [])
        assert [(each.constraint, each.question, each.ask) for each in row.unknowns] == [
            ("safety", "front_gate", "provider")
        ]

    async def test_where_life_comes_first_that_is_a_caution(self, house: Open) -> None:
        zone = a_circle(moved(self.CELL.centre, 0.09, 0.0), 3_000.0)
        need = await self.need(house, zone, "HEA-EMG")

        row = next(each for each in need.matches if each.provider_id == "house")
        assert ("safety", "unknown") in {(each.constraint, each.code) for each in row.cautions}


class TestCompany:
    """Keep-apart and keep-together (R25)."""

    HOME = a_provider("home", code="ACC-EMG", pool_id="beds", location_id="street-1")
    ANNEX = a_provider("annex", code="ACC-EMG", pool_id="beds")
    CLINIC = a_provider("clinic", code="ACC-EMG", location_id="street-1")
    OTHER = a_provider("other", code="ACC-EMG")

    async def answer(self, house: Open, code: str = "ACC-EMG", **safety: Any) -> pb.FindMatchesResponse:
        async with house(self.HOME, self.ANNEX, self.CLINIC, self.OTHER) as here:
            answer: pb.FindMatchesResponse = await here.find(code, safety=pb.Safety(**safety))
        return answer

    async def test_where_one_to_keep_from_is_and_whatever_shares_with_it_is_excluded(self, house: Open) -> None:
        answer = await self.answer(house, keep_apart=[pb.PlacedPerson(person_ref="x", provider_ids=["home"])])

        assert ids(answer.needs[0].matches) == ["other"]
        assert [(each.constraint, each.provider_count) for each in answer.needs[0].excluded] == [("safety", 3)]
        assert list(answer.safety_conflicts) == []

    async def test_a_roof_is_looked_for_only_where_those_to_stay_with_are(self, house: Open) -> None:
        answer = await self.answer(house, keep_together=[pb.PlacedPerson(person_ref="x", provider_ids=["annex"])])

        assert ids(answer.needs[0].matches) == ["annex", "home"]
        assert [(each.constraint, each.provider_count) for each in answer.needs[0].excluded] == [("together", 2)]

    async def test_of_whom_nobody_knows_where_they_are_nothing_follows(self, house: Open) -> None:
        answer = await self.answer(house, keep_apart_person_refs=["x"], keep_together_person_refs=["y"])

        assert len(answer.needs[0].matches) == 4

    @pytest.mark.parametrize(
        ("apart", "together", "expected"),
        [
            ([("x", [])], [("x", [])], [("apart_and_together", ["x"])]),
            ([("x", ["home"])], [("y", ["annex"])], [("same_place", ["y", "x"])]),
            ([], [("y", ["annex"]), ("z", ["other"])], [("different_places", ["y", "z"])]),
            ([("x", ["other"])], [("y", ["annex"]), ("z", ["home"])], []),
        ],
    )
    async def test_wishes_that_cannot_both_hold_are_told_and_who_is_kept_apart_stays_excluded(
        self, house: Open, apart: Any, together: Any, expected: Any
    ) -> None:
        answer = await self.answer(
            house,
            keep_apart=[pb.PlacedPerson(person_ref=ref, provider_ids=places) for ref, places in apart],
            keep_together=[pb.PlacedPerson(person_ref=ref, provider_ids=places) for ref, places in together],
        )

        assert [(each.code, list(each.person_refs)) for each in answer.safety_conflicts] == expected
        kept_out = {place for _, places in apart for place in places}
        assert kept_out.isdisjoint(ids(answer.needs[0].matches))


@pytest.mark.parametrize(
    ("safety", "field"),
    [
        (pb.Safety(danger_zones=[pb.DangerZone()]), "safety.danger_zones[0].area"),
        (pb.Safety(danger_zones=[pb.DangerZone(area=geo_pb2.Area())]), "safety.danger_zones[0].area"),
        (pb.Safety(danger_zones=[a_circle(SOUTH, 0)]), "safety.danger_zones[0].radius_m"),
        (pb.Safety(danger_zones=[a_circle(SOUTH, 3e6)]), "safety.danger_zones[0].radius_m"),
        (
            pb.Safety(danger_zones=[pb.DangerZone(area=geo_pb2.Area(circle=geo_pb2.Circle(radius_m=1)))]),
            "safety.danger_zones[0].area.circle.center",
        ),
        (
            pb.Safety(danger_zones=[ZONES["circle"], a_circle(SOUTH, start=NOON, end=NOON)]),
            "safety.danger_zones[1].end_time",
        ),
        (
            pb.Safety(danger_zones=[pb.DangerZone(h3_cells=["872830828ffffff", "no"])]),
            "safety.danger_zones[0].h3_cells",
        ),
        (pb.Safety(danger_zones=[ZONES["circle"]] * 33), "safety.danger_zones"),
        (pb.Safety(danger_zones=[pb.DangerZone(h3_cells=["872830828ffffff"] * 101)] * 2), "safety.danger_zones"),
        (pb.Safety(keep_apart=[pb.PlacedPerson()]), "safety.keep_apart"),
        (pb.Safety(keep_together_person_refs=["x" * 65]), "safety.keep_together"),
        (
            pb.Safety(keep_apart=[pb.PlacedPerson(person_ref="x", provider_ids=[""])]),
            "safety.keep_apart[0].provider_ids",
        ),
    ],
)
async def test_an_envelope_that_breaks_a_rule_is_refused_by_its_field(
    house: Open, safety: pb.Safety, field: str
) -> None:
    async with house() as here:
        with pytest.raises(InvalidInput) as caught:
            await here.find(safety=safety)

    assert [each.field for each in caught.value.fields] == [field]


async def test_r24_nothing_of_the_envelope_is_in_the_answer_or_the_log(
    house: Open, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two canaries: a latitude that nobody else has, and the names of the persons."""
    caplog.set_level(logging.DEBUG)
    zone = a_circle(Point(32.4987654, 13.1234567), 7_321.0)
    safety = pb.Safety(
        danger_zones=[zone],
        excluded_provider_ids=["canary-excluded"],
        keep_apart=[pb.PlacedPerson(person_ref="canary-person", provider_ids=["canary-house"])],
    )
    async with house(*HOUSES) as here:
        answer = await here.find("ACC-EMG", safety=safety)
        checked = await here.stub.CheckMatch(
            pb.CheckMatchRequest(
                match_token=answer.match_token,
                request=a_request("ACC-EMG", safety=safety),
                choices=[pb.MatchChoice(need_no=0, provider_id="south")],
            )
        )
        with pytest.raises(InvalidInput):
            await here.find(safety=pb.Safety(danger_zones=[a_circle(Point(32.4987654, 13.1234567), 9e9)]))

    told = f"{answer}{checked}{caplog.text}{''.join(capfd.readouterr())}"
    assert "safety" in checked.choices[0].turned
    for canary in ("32.498", "13.1234", "7321", "canary"):
        assert canary not in told
    for row in (*answer.needs[0].matches, *answer.needs[0].ask_first):
        assert "safety" not in str(row)


async def test_the_token_is_of_the_envelope_too(house: Open) -> None:
    request = a_request("ACC-EMG", safety=pb.Safety(danger_zones=[ZONES["circle"]]))
    async with house(*HOUSES) as here:
        token = (await here.stub.FindMatches(request)).match_token
        other = a_request("ACC-EMG", safety=pb.Safety(danger_zones=[ZONES["box"]]))
        with pytest.raises(Exception, match="match_token"):
            await here.stub.CheckMatch(pb.CheckMatchRequest(match_token=token, request=other))
