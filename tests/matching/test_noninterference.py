"""
R17: two directories that differ only in where inside its cell a confidential site was when it was entered answer alike.

The points go in where a directory takes them (`snap_to_area`), and what is compared
are the bytes of the answers of a running house, to requests of all kinds.
"""

from random import Random
from typing import Any

import h3
import pytest

from ihala.directory.v1 import directory_pb2
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.geo import AreaCell, Point, snap_to_area
from services.matching.index.snapshot import Snapshot
from services.matching.model.lines import Line
from services.matching.model.provider import Provider
from services.matching.wire.provider_wire import provider_from_wire
from tests.matching.houses import Open
from tests.matching.peers import a_message

CODES = ["ACC-EMG", "HEA-EMG", "LEG-ADV", "HEA-SGV", "LNG-INT"]
SITES = 60
FRONT = Line(line_id="front", points=(Point(32.4, 12.0), Point(32.6, 15.0)))


def entered(points: list[Point]) -> list[Provider]:
    """Enter confidential sites by their points, and public providers beside them."""
    providers = []
    for number, point in enumerate(points):
        cell = snap_to_area(point, _people)
        message = a_message(
            f"site-{number:02}",
            code=CODES[number % len(CODES)],
            disclosure=directory_pb2.DISCLOSURE_AREA,
            place=geo_pb2.Place(cell=geo_pb2.AreaCell(h3_cell=cell.h3_cell)),
        )
        providers.append(provider_from_wire(message, number))
    random = Random(1)
    for number in range(SITES):
        spot = geo_pb2.Point(latitude_deg=random.uniform(31.8, 33.2), longitude_deg=random.uniform(12.2, 14.8))
        place = geo_pb2.Place(point=spot)
        message = a_message(f"public-{number:02}", code=CODES[number % len(CODES)], place=place)
        providers.append(provider_from_wire(message, SITES + number))
    return providers


def _people(cell: AreaCell) -> int:
    """Let towns be here and there, so that cells of several sizes are chosen."""
    return 30_000 if cell.resolution <= 3 + int(cell.h3_cell[5], 16) % 4 else 0


def twins(random: Random) -> tuple[list[Point], list[Point]]:
    """Draw points, and for each another in the same cell, as far from it as a few tries find."""
    ones: list[Point] = []
    others: list[Point] = []
    while len(ones) < SITES:
        one = Point(random.uniform(31.8, 33.2), random.uniform(12.2, 14.8))
        cell = snap_to_area(one, _people)
        corner = h3.cell_to_boundary(cell.h3_cell)[random.randrange(5)]
        centre = cell.centre
        other = Point(
            centre.latitude_deg + 0.9 * (corner[0] - centre.latitude_deg),
            centre.longitude_deg + 0.9 * (corner[1] - centre.longitude_deg),
        )
        if snap_to_area(other, _people) == cell:
            ones.append(one)
            others.append(other)
    return ones, others


def a_point(random: Random) -> geo_pb2.Point:
    return geo_pb2.Point(latitude_deg=random.uniform(31.5, 33.5), longitude_deg=random.uniform(12.0, 15.0))


def any_request(random: Random) -> pb.FindMatchesRequest:
    """Draw a request of any kind."""
    circle = geo_pb2.Circle(center=a_point(random), radius_m=random.choice([300.0, 5_000.0, 40_000.0]))
    safety = pb.Safety(
        danger_zones=[pb.DangerZone(area=geo_pb2.Area(circle=circle))] * random.randrange(2),
        excluded_provider_ids=[f"site-{random.randrange(SITES):02}"] * random.randrange(2),
        keep_apart=[pb.PlacedPerson(person_ref="x", provider_ids=[f"site-{random.randrange(SITES):02}"])]
        * random.randrange(2),
        escorted_transport=random.random() < 0.2,
    )
    facts: dict[str, Any] = {}
    if random.random() < 0.6:
        facts["person"] = pb.Person(
            no_reason_to_believe_child=random.random() < 0.7,
            languages=pb.LanguageList(languages=[random.choice(["ar", "ti"])]),
            unaccompanied=random.random() < 0.3,
        )
    if random.random() < 0.3:
        facts["max_distance_m"] = random.uniform(1_000.0, 200_000.0)
    needs = [
        pb.Need(code=code, urgency=random.choice(list(pb.Urgency.values())), hours_since_event=random.uniform(0, 100))
        for code in random.sample(CODES, random.choice([1, 1, 2]))
    ]
    return pb.FindMatchesRequest(
        needs=needs,
        origin=geo_pb2.Origin(point=a_point(random)),
        safety=safety,
        travel_mode=random.choice(list(pb.TravelMode.values())),
        limit=random.choice([1, 10, 100]),
        **facts,
    )


async def same(house: Open, seed: int, count: int) -> int:
    """Compare answers, and count the confidential rows in them."""
    random = Random(seed)
    ones, others = twins(random)
    assert sum(one != other for one, other in zip(ones, others, strict=True)) == SITES
    requests = [any_request(random) for _ in range(count)]
    told: list[list[bytes]] = []
    rows = 0
    async with house() as here:
        here.directory.lines = (FRONT,)
        for points in (ones, others):
            here.directory.swap(Snapshot.of("epoch-1", 7, entered(points)))
            answers = [await here.stub.FindMatches(each) for each in requests]
            told.append([each.SerializeToString(deterministic=True) for each in answers])
            rows += sum(row.reach.HasField("band") for each in answers for need in each.needs for row in need.matches)
    assert told[0] == told[1]
    return rows


async def test_r17_200_requests_are_answered_alike_to_the_byte(house: Open) -> None:
    assert await same(house, 20261122, 200) > 200


async def test_r17_explanations_are_alike_to_the_byte(house: Open) -> None:
    random = Random(20261123)
    requests = []
    for number in range(40):
        search = any_request(random)
        del search.needs[1:]
        named = f"site-{random.randrange(SITES):02}" if number % 2 else ""
        requests.append(pb.ExplainMatchRequest(request=search, provider_id=named))
    told: list[list[bytes]] = []
    async with house() as here:
        here.directory.lines = (FRONT,)
        for points in twins(random):
            here.directory.swap(Snapshot.of("epoch-1", 7, entered(points)))
            answers = [await here.stub.ExplainMatch(each) for each in requests]
            told.append([each.SerializeToString(deterministic=True) for each in answers])

    assert told[0] == told[1]


async def test_r17_plans_are_alike_to_the_byte(house: Open) -> None:
    random = Random(20261124)
    plans = []
    for _ in range(20):
        search = any_request(random)
        person = search.person if search.HasField("person") else pb.Person(no_reason_to_believe_child=True)
        groups = [
            pb.Group(label=f"group {number}", count=random.randrange(1, 5), person=person, needs=[pb.Need(code=code)])
            for number, code in enumerate(random.sample(CODES, 2))
        ]
        plans.append(pb.PlanMatchesRequest(groups=groups, origin=search.origin, safety=search.safety))
    told: list[list[bytes]] = []
    bands = 0
    async with house() as here:
        here.directory.lines = (FRONT,)
        for points in twins(random):
            here.directory.swap(Snapshot.of("epoch-1", 7, entered(points)))
            answers = [await here.stub.PlanMatches(each) for each in plans]
            told.append([each.SerializeToString(deterministic=True) for each in answers])
            bands += sum(part.reach.HasField("band") for each in answers for part in each.assignments)

    assert told[0] == told[1]
    assert bands > 10


@pytest.mark.long
async def test_r17_5000_requests_are_answered_alike_to_the_byte(house: Open) -> None:
    assert sum([await same(house, seed, 500) for seed in range(10)]) > 5_000
