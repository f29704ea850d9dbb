"""Search is exact: equal to measuring everything, page by page, however the directory changes meanwhile."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.directory.model import (
    Claim,
    Disclosure,
    Location,
    Organization,
    Provider,
    Service,
    ServiceClaim,
    Site,
    Status,
)
from services.directory.model import LocalizedText as Text
from services.directory.search import Area, BoxArea, Circle, Conditions, Polygon, boxes_around
from services.directory.store.bodies import LOCATIONS, ORGANIZATIONS, SERVICES
from services.directory.store.providers import Change, write
from services.directory.store.search import find
from services.geo import Point, cost_mm
from services.runtime.postgres import Act, Process, read, transaction
from tests.directory.house import NOON, TRIPOLI, House, a_request_id, text

LATITUDES = st.one_of(st.sampled_from([-90.0, 0.0, 90.0, 32.8874]), st.floats(-90, 90))
LONGITUDES = st.one_of(st.sampled_from([-180.0, 0.0, 180.0, 179.9999, -179.9999]), st.floats(-180, 180))
POINTS = st.builds(Point, LATITUDES, LONGITUDES)
COSTS = st.integers(0, 20_003_932_000)
NEARBY = [(0.0, 0.0), (0.0, 180.0), (0.0, -180.0), (90.0, 12.0), (-90.0, 0.0), (32.8874, 13.1873), (24.1997, 23.2905)]


def is_in(boxes: Any, point: Point) -> bool:
    return any(
        box.south_deg <= point.latitude_deg <= box.north_deg and box.west_deg <= point.longitude_deg <= box.east_deg
        for box in boxes
    )


@given(centre=POINTS, point=POINTS, spare_mm=st.integers(0, 1000))
def test_boxes_hold_everything_within_their_distance(centre: Point, point: Point, spare_mm: int) -> None:
    assert is_in(boxes_around(centre, cost_mm(centre, point) + spare_mm), point)


@given(centre=POINTS, bearing=st.floats(-1, 1), other=st.floats(-1, 1), scale=st.sampled_from([1e-6, 1e-3, 0.1, 1.0]))
@example(centre=Point(17.0, -180.0), bearing=0.0, other=6.103515625e-05, scale=0.001)  # 6.5 mm, rounded to 6
def test_boxes_hold_what_is_close(centre: Point, bearing: float, other: float, scale: float) -> None:
    point = Point(
        min(90.0, max(-90.0, centre.latitude_deg + bearing * scale)),
        (centre.longitude_deg + other * scale + 540) % 360 - 180,
    )

    assert is_in(boxes_around(centre, cost_mm(centre, point)), point)


@given(centre=POINTS, radius_m=st.floats(1, 20_003_000), point=POINTS)
def test_a_circle_is_what_is_within_its_radius(centre: Point, radius_m: float, point: Point) -> None:
    circle = Circle(centre, radius_m)
    inside = bool(circle.has(np.array([point.latitude_deg]), np.array([point.longitude_deg]))[0])

    assert inside == (cost_mm(centre, point) <= radius_m * 1000) or abs(cost_mm(centre, point) - radius_m * 1000) < 1
    assert not inside or is_in(circle.boxes(), point)


@pytest.mark.parametrize(
    ("area", "inside", "outside"),
    [
        (
            BoxArea(south_deg=-1, west_deg=179, north_deg=1, east_deg=-179),
            [(0, 180), (0, -180), (1, 179), (-1, -179)],
            [(0, 178), (0, -178), (0, 0), (2, 180)],
        ),
        (
            BoxArea(south_deg=-1, west_deg=-10, north_deg=1, east_deg=10),
            [(0, 0), (1, 10)],
            [(0, 11), (0, 180), (-1.1, 0)],
        ),
        (
            Polygon((Point(-1, 179), Point(-1, -179), Point(1, -179), Point(1, 179), Point(-1, 179))),
            [(0, 180), (0, -180), (0.5, 179.5), (0.5, -179.5)],
            [(0, 178), (0, -178), (0, 0)],
        ),
        (
            Polygon(
                (Point(0, 0), Point(0, 10), Point(10, 10), Point(10, 0), Point(0, 0)),
                ((Point(4, 4), Point(4, 6), Point(6, 6), Point(6, 4), Point(4, 4)),),
            ),
            [(1, 1), (0, 0), (4, 4)],
            [(5, 5), (11, 5), (-1, -1)],
        ),
    ],
    ids=["box over the antimeridian", "box", "polygon over the antimeridian", "polygon with a hole"],
)
def test_areas_have_what_lies_in_them(
    area: Any, inside: Sequence[tuple[float, float]], outside: Sequence[tuple[float, float]]
) -> None:
    points = np.array([*inside, *outside], dtype=np.float64)

    has = area.has(points[:, 0], points[:, 1])

    assert list(has) == [True] * len(inside) + [False] * len(outside)
    assert all(is_in(area.boxes(), Point(*point)) for point in inside)


@asynccontextmanager
async def filled(house: House, points: Sequence[Point | None]) -> AsyncIterator[dict[str, Point | None]]:
    """Put a provider at each point, many at once, and tell their ids."""
    chance = random.Random(7)
    organization_id, service_id = str(uuid4()), str(uuid4())
    act = Act(action="test.fill", object_kind="provider")
    by_id: dict[str, Point | None] = {}
    async with transaction(house.pool, Process(client_id="test"), act) as connection:
        await ORGANIZATIONS.insert(connection, organization_id, Organization(names=(Text("en", "O"),)))
        await SERVICES.insert(
            connection, service_id, Service(organization_id=organization_id, names=(Text("en", "S"),))
        )
        changes = []
        for point in points:
            location_id, provider_id = str(uuid4()), str(UUID(int=chance.getrandbits(128), version=4))
            location = Location(disclosure=Disclosure.PUBLIC, country_code="LY", place=point)
            await LOCATIONS.insert(connection, location_id, location)
            provider = Provider(
                service_id=service_id,
                location_id=location_id,
                pool_id=provider_id,
                status=Status.ACTIVE,
                claims=(ServiceClaim(chance.choice(["HEA-EMG", "ACC-EMG"]), Claim.YES),),
                site=Site.of(location, organization_id),
            )
            changes.append(Change(provider_id=provider_id, provider=provider))
            by_id[provider_id] = point
        await write(connection, changes, actor="test", now=NOON)
    yield by_id


def some_points(count: int, seed: int) -> list[Point | None]:
    """Points all over the earth, crowds at few, poles, the antimeridian, 0/0, and some that nobody knows."""
    chance = random.Random(seed)
    points: list[Point | None] = [None] * (count // 20)
    for _ in range(count):
        match chance.randrange(4):
            case 0:
                points.append(Point(*chance.choice(NEARBY)))
            case 1:
                latitude_deg, longitude_deg = chance.choice(NEARBY)
                points.append(
                    Point(
                        max(-90, min(90, latitude_deg + chance.uniform(-0.3, 0.3))),
                        (longitude_deg + chance.uniform(-0.3, 0.3) + 540) % 360 - 180,
                    )
                )
            case _:
                points.append(Point(chance.uniform(-90, 90), chance.uniform(-180, 180)))
    return points


async def test_nearest_first_equals_measuring_everything(house: House) -> None:
    chance = random.Random(11)
    async with filled(house, some_points(400, seed=3)) as by_id:
        origins = [Point(*each) for each in NEARBY]
        origins += [Point(chance.uniform(-90, 90), chance.uniform(-180, 180)) for _ in range(30)]
        for origin in origins:
            everything = sorted(
                (cost_mm(origin, point), provider_id) for provider_id, point in by_id.items() if point is not None
            )
            limit = chance.choice([1, 2, 10, 60])
            start = chance.randrange(len(everything))
            farthest_mm = chance.choice([None, everything[min(start + 5, len(everything) - 1)][0]])
            within = [row for row in everything if farthest_mm is None or row[0] <= farthest_mm]
            conditions = Conditions(origin=origin, max_cost_mm=farthest_mm)
            async with read(house.pool, snapshot=True) as connection:
                first = await find(connection, conditions, after=None, limit=limit, now=NOON)
                later = await find(connection, conditions, after=everything[start], limit=limit, now=NOON)

            assert [(each.cost_mm, each.stored.record_id) for each in first] == within[:limit]
            assert [(each.cost_mm, each.stored.record_id) for each in later] == [
                row for row in within if row > everything[start]
            ][:limit]


async def test_areas_narrow_what_is_found_with_an_origin_and_without(house: House) -> None:
    areas: list[Area] = [
        Circle(Point(0, 180), 40_000),
        Circle(Point(90, 0), 2_000_000),
        BoxArea(south_deg=-5, west_deg=170, north_deg=5, east_deg=-170),
        BoxArea(south_deg=20, west_deg=10, north_deg=35, east_deg=25),
        Polygon((Point(20, 10), Point(20, 25), Point(35, 25), Point(20, 10))),
    ]
    async with filled(house, some_points(300, seed=5)) as by_id:
        points = {provider_id: point for provider_id, point in by_id.items() if point is not None}
        for area in areas:
            has = area.has(
                np.array([point.latitude_deg for point in points.values()]),
                np.array([point.longitude_deg for point in points.values()]),
            )
            inside = {provider_id for provider_id, is_inside in zip(points, has, strict=True) if is_inside}
            assert inside
            origin = Point(32.8874, 13.1873)
            async with read(house.pool, snapshot=True) as connection:
                by_name = await find(connection, Conditions(area=area), after=None, limit=500, now=NOON)
                near = await find(connection, Conditions(area=area, origin=origin), after=None, limit=7, now=NOON)

            assert [each.stored.record_id for each in by_name] == sorted(inside)
            assert [(each.cost_mm, each.stored.record_id) for each in near] == sorted(
                (cost_mm(origin, points[provider_id]), provider_id) for provider_id in inside
            )[:7]


async def test_pages_have_every_row_once_while_others_come_and_go(house: House) -> None:
    origin = geo_pb2.Origin(point=TRIPOLI)
    service = await house.its_service()
    stay = [
        await house.provider(
            service, await house.location(geo_pb2.Point(latitude_deg=33 + step / 50, longitude_deg=13))
        )
        for step in range(12)
    ]
    seen, token = [], ""
    for number in range(100):
        request = rpc_pb.SearchProvidersRequest(origin=origin, page_size=3, page_token=token)
        page = await house.coordinator.SearchProviders(request)
        seen += [each.provider.provider_id for each in page.found]
        token = page.next_page_token
        if not token:
            break
        # one comes that is nearer than all, and leaves again two pages later
        await house.provider(service, await house.location(TRIPOLI), names=[text(f"Passing {number}")])

    assert [each for each in seen if each in {provider.provider_id for provider in stay}] == [
        provider.provider_id for provider in stay
    ]
    assert len(seen) == len(set(seen))


async def test_a_provider_without_a_position_is_listed_and_never_near(house: House) -> None:
    nowhere = await house.provider(location=await house.location(None))
    somewhere = await house.provider()

    assert await house.search(origin=geo_pb2.Origin(point=TRIPOLI)) == [somewhere.provider_id]
    assert await house.search() == sorted([nowhere.provider_id, somewhere.provider_id])


async def test_an_origin_may_be_a_point_a_cell_or_a_town(house: House) -> None:
    await house.provider()
    town = (await house.coordinator.ResolvePlace(rpc_pb.ResolvePlaceRequest(text="طرابلس", country_code="LY"))).towns[0]

    for origin in (
        geo_pb2.Origin(point=TRIPOLI),
        geo_pb2.Origin(h3_cell="863f54c6fffffff"),
        geo_pb2.Origin(place_id=town.place_id),
    ):
        found = (await house.coordinator.SearchProviders(rpc_pb.SearchProvidersRequest(origin=origin))).found
        assert found[0].reach.HasField("distance_m")
        if origin.WhichOneof("origin") == "place_id":
            exact = Point(town.point.latitude_deg, town.point.longitude_deg)
            here = Point(TRIPOLI.latitude_deg, TRIPOLI.longitude_deg)
            assert found[0].reach.distance_m == cost_mm(exact, here) / 1000


async def test_conditions_are_all_held(house: House) -> None:
    service = await house.its_service()
    location = await house.location()

    async def made(**fields: Any) -> str:
        return (await house.provider(service, location, **fields)).provider_id

    health = await made(claims=[pb.ServiceClaim(code="HEA-EMG", claim=pb.CLAIM_YES)])
    maybe = await made(claims=[pb.ServiceClaim(code="HEA-PRI", claim=pb.CLAIM_UNKNOWN)])
    refusing = await made(claims=[pb.ServiceClaim(code="HEA-EMG", claim=pb.CLAIM_NO)])
    darija = await made(languages=[pb.LanguageOffer(language="ary-MA")])
    arabic_name = await made(names=[text("مَرْكَز الإِيواء", "ar"), text("Centre d’hébergement", "fr")])
    paused = await made(status=pb.STATUS_PAUSED)
    listed = await made(source=pb.Source(dataset="list", source_key="1"))
    past, future = Timestamp(), Timestamp()
    past.FromDatetime(NOON - timedelta(days=1))
    future.FromDatetime(NOON + timedelta(days=1))
    ended = await made(valid=pb.Period(end_time=past))
    coming = await made(valid=pb.Period(start_time=future))

    assert await house.search(codes=["HEA"]) == sorted([health, maybe])
    assert await house.search(codes=["HEA-EMG"]) == [health]
    assert await house.search(codes=["HEA-EMG", "HEA-PRI"]) == []
    assert refusing in await house.search()
    assert await house.search(language="ar") == [darija]
    assert await house.search(language="ary") == [darija]
    assert await house.search(language="fr") == []
    for words in ("مركز", "إيواء", "الايوا", "HEBERG", "centre héber", "d'hébergement"):
        assert await house.search(text=words) == [arabic_name], words
    assert await house.search(text="bergement") == []
    assert await house.search(statuses=[pb.STATUS_PAUSED]) == [paused]
    assert await house.search(dataset="list") == [listed]
    assert await house.search(country_code="MA") == []
    everything = await house.search()
    assert not {paused, ended, coming} & set(everything)
    assert {ended, coming} <= set(await house.search(statuses=[pb.STATUS_ACTIVE]))


async def test_words_follow_a_change_of_names(house: House) -> None:
    provider = await house.provider(names=[text("Old")])
    await house.editor.UpdateProvider(
        rpc_pb.UpdateProviderRequest(
            request_id=a_request_id(),
            provider=pb.Provider(provider_id=provider.provider_id, names=[text("New")]),
            update_mask=FieldMask(paths=["names"]),
            expected_revision=provider.revision,
        )
    )

    assert await house.search(text="old") == []
    assert await house.search(text="new") == [provider.provider_id]
