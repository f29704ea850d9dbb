"""Where people are served: outlines that are valid, found by a point, and never of a confidential site (R16)."""

from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.directory.model import Disclosure, Location, Outline, ServiceArea, Source
from services.errors import InvalidInput, Reason
from services.geo import Point
from tests.directory.house import House, a_request_id, text
from tests.directory.test_feed import Follower
from tests.directory.test_upsert import CELL, DATASET, a_location, a_record, bring

HOLE = [(32.4, 13.4), (32.4, 13.6), (32.6, 13.6), (32.6, 13.4)]


def a_ring(corners: list[tuple[float, float]]) -> geo_pb2.Ring:
    points = [geo_pb2.Point(latitude_deg=latitude, longitude_deg=longitude) for latitude, longitude in corners]
    return geo_pb2.Ring(points=[*points, points[0]])


def a_square(south: float, west: float, side: float = 1.0) -> pb.ServiceArea:
    corners = [(south, west), (south, west + side), (south + side, west + side), (south + side, west)]
    return pb.ServiceArea(polygon=geo_pb2.Polygon(exterior=a_ring(corners)))


def at(latitude: float, longitude: float) -> geo_pb2.Point:
    return geo_pb2.Point(latitude_deg=latitude, longitude_deg=longitude)


async def service_with(house: House, *areas: pb.ServiceArea) -> pb.Service:
    service = await house.its_service()
    answer = await update_service(house, service, areas)
    updated: pb.Service = answer.service
    return updated


async def update_service(house: House, service: pb.Service, areas: Any) -> Any:
    return await house.editor.UpdateService(
        rpc_pb.UpdateServiceRequest(
            request_id=a_request_id(),
            service=pb.Service(service_id=service.service_id, service_areas=areas),
            update_mask=FieldMask(paths=["service_areas"]),
            expected_revision=service.revision,
        )
    )


async def test_an_area_of_the_provider_or_else_of_its_service_holds_a_point(house: House) -> None:
    service = await service_with(house, a_square(32, 13))
    follows = await house.provider(service=service)
    own = await house.provider(service=service, service_areas=[a_square(20, 5)])
    await house.provider()

    assert await house.search(covers=at(32.5, 13.5)) == [follows.provider_id]
    assert await house.search(covers=at(32, 13)) == [follows.provider_id]  # an edge is inside
    assert await house.search(covers=at(20.5, 5.5)) == [own.provider_id]
    assert await house.search(covers=at(0, 0)) == []


async def test_a_hole_is_outside_and_an_area_may_cross_the_antimeridian(house: House) -> None:
    holed = a_square(32, 13)
    holed.polygon.interiors.append(a_ring(HOLE))
    across = pb.ServiceArea(polygon=geo_pb2.Polygon(exterior=a_ring([(-1, 179), (-1, -179), (1, -179), (1, 179)])))
    provider = await house.provider(service_areas=[holed, across])

    found = [provider.provider_id]
    assert await house.search(covers=at(32.5, 13.5)) == []
    assert await house.search(covers=at(32.1, 13.1)) == found
    assert await house.search(covers=at(0, 179.9)) == found
    assert await house.search(covers=at(0, -179.9)) == found
    assert await house.search(covers=at(0, 178)) == []


async def test_an_area_that_changes_is_found_as_it_is_now(house: House) -> None:
    service = await service_with(house, a_square(32, 13))
    provider = await house.provider(service=service)

    await update_service(house, service, [a_square(10, 10), pb.ServiceArea(region_code="LY-TB")])

    assert await house.search(covers=at(32.5, 13.5)) == []
    assert await house.search(covers=at(10.5, 10.5)) == [provider.provider_id]


@pytest.mark.parametrize(
    ("area", "field"),
    [
        (a_square(32, 13, 0), "polygon.exterior"),
        (
            pb.ServiceArea(polygon=geo_pb2.Polygon(exterior=a_ring([(0, 0), (1, 1), (0, 1), (1, 0)]))),
            "polygon.exterior",
        ),
        (pb.ServiceArea(polygon=geo_pb2.Polygon()), "polygon.exterior"),
        (pb.ServiceArea(), "polygon"),
        (pb.ServiceArea(region_code="Tripoli"), "region_code"),
        (a_square(90, 13), "polygon.exterior.points[2].latitude_deg"),
        (a_square(float("nan"), 13), "polygon.exterior.points[0].latitude_deg"),
    ],
)
async def test_an_outline_that_is_none_is_refused_by_its_field(house: House, area: pb.ServiceArea, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.provider(service_areas=[area])

    assert caught.value.fields[0].field == f"provider.service_areas[0].{field}"


async def test_areas_are_of_bounded_size(house: House) -> None:
    many = [a_square(number, 10) for number in range(21)]
    fine = pb.ServiceArea(polygon=geo_pb2.Polygon(exterior=a_ring([(n / 600, (n / 600) ** 2) for n in range(600)])))

    for areas in (many, [fine]):
        with pytest.raises(InvalidInput) as caught:
            await house.provider(service_areas=areas)
        assert caught.value.fields[0].field == "provider.service_areas"


async def test_a_mobile_team_is_found_by_how_it_comes(house: House) -> None:
    mobile = await house.provider(deliveries=[pb.DELIVERY_MOBILE, pb.DELIVERY_REMOTE])
    silent = await house.provider()

    assert await house.search(deliveries=[pb.DELIVERY_MOBILE]) == [mobile.provider_id]
    assert await house.search(deliveries=[pb.DELIVERY_VIRTUAL]) == []
    assert await house.search(deliveries=[pb.DELIVERY_AT_LOCATION]) == [silent.provider_id]


async def test_no_outline_tells_where_a_confidential_site_is_r16(house: House) -> None:
    hidden = await house.location(disclosure=pb.DISCLOSURE_AREA)
    public = await house.location()
    outlined = await service_with(house, a_square(32, 13))
    plain = await house.its_service()
    await house.provider(service=plain, location=hidden, service_areas=[pb.ServiceArea(region_code="LY-TB")])
    shown = await house.provider(service=outlined, location=public)

    async def hide() -> Any:
        return await house.editor.UpdateLocation(
            rpc_pb.UpdateLocationRequest(
                request_id=a_request_id(),
                location=pb.Location(location_id=public.location_id, disclosure=pb.DISCLOSURE_AREA),
                update_mask=FieldMask(paths=["disclosure"]),
                expected_revision=public.revision,
            )
        )

    for attempt in (
        house.provider(service=plain, location=hidden, service_areas=[a_square(32, 13)]),
        house.provider(service=outlined, location=hidden),
        update_service(house, plain, [a_square(32, 13)]),
        hide(),
    ):
        with pytest.raises(InvalidInput) as caught:
            await attempt
        assert caught.value.reason is Reason.FINER_THAN_ALLOWED
    await update_service(house, outlined, [])
    await hide()
    assert await house.search(covers=at(32.5, 13.5)) == []
    assert shown.disclosure == pb.DISCLOSURE_PUBLIC


async def test_a_site_that_becomes_confidential_loses_its_outlines_and_keeps_regions_r16(house: House) -> None:
    location = await house.location()
    areas = [a_square(32, 13), pb.ServiceArea(region_code="LY")]
    provider = await house.provider(location=location, service_areas=areas)

    await house.editor.UpdateLocation(
        rpc_pb.UpdateLocationRequest(
            request_id=a_request_id(),
            location=pb.Location(location_id=location.location_id, disclosure=pb.DISCLOSURE_AREA),
            update_mask=FieldMask(paths=["disclosure"]),
            expected_revision=location.revision,
        )
    )

    after = (await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))).provider
    assert [area.region_code for area in after.service_areas] == ["LY"]
    async with house.pool.connection() as connection:
        assert await (await connection.execute("SELECT count(*) FROM service_area")).fetchone() == (0,)


async def test_a_confidential_point_where_no_town_is_read_is_refused_not_guessed_r16(house: House) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.location(
            geo_pb2.Point(latitude_deg=-1.29, longitude_deg=36.82), disclosure=pb.DISCLOSURE_AREA, country_code="KE"
        )

    assert caught.value.fields[0].field == "location.country_code"
    cell = geo_pb2.Place(cell=geo_pb2.AreaCell(h3_cell="847a6e3ffffffff"))
    request = rpc_pb.CreateLocationRequest(
        request_id=a_request_id(),
        location=pb.Location(disclosure=pb.DISCLOSURE_AREA, country_code="KE", place=cell),
    )
    assert (await house.editor.CreateLocation(request)).location.place == cell


async def test_a_service_that_a_file_brings_to_a_confidential_site_loses_its_outlines_r16(house: House) -> None:
    corners = (Point(32, 13), Point(32, 14), Point(33, 14), Point(32, 13))
    area = ServiceArea(outline=Outline(corners))
    plain = a_record("1", location=a_location())
    shared = replace(plain.service, source=Source(dataset=DATASET, source_key="night"), service_areas=(area,))
    hidden = Location(disclosure=Disclosure.AREA, place=CELL, country_code="LY")

    await bring(house, replace(plain, service=shared))
    assert len(await house.search(covers=at(32.1, 13.5))) == 1
    await bring(house, replace(a_record("2", location=hidden), service=shared))

    assert await house.search(covers=at(32.1, 13.5)) == []
    services = (await house.editor.ListServices(rpc_pb.ListServicesRequest())).services
    assert [len(each.service_areas) for each in services] == [0]


async def told(follower: Follower, house: House) -> dict[str, list[pb.ServiceArea]]:
    """Follow the feed until it has caught up; return the areas of its service that came with each provider."""
    areas: dict[str, list[pb.ServiceArea]] = {}
    request = rpc_pb.WatchProvidersRequest(epoch=follower.epoch, after_revision=follower.revision)
    async with aclosing(house.service.WatchProviders(request)) as pages:
        async for page in pages:
            follower.apply(page)
            areas |= {each.provider.provider_id: list(each.service_areas) for each in page.changes}
            if page.caught_up:
                break
    return areas


async def test_the_feed_tells_where_a_service_serves_for_providers_that_say_nothing(house: House) -> None:
    service = await service_with(house, a_square(32, 13))
    follows = await house.provider(service=service)
    own = await house.provider(service=service, service_areas=[a_square(20, 5)])
    follower = Follower()
    first = await told(follower, house)

    moved = (await update_service(house, service, [pb.ServiceArea(region_code="TN")])).service
    second = await told(follower, house)
    await house.editor.UpdateService(
        rpc_pb.UpdateServiceRequest(
            request_id=a_request_id(),
            service=pb.Service(service_id=service.service_id, names=[text("Other name")]),
            update_mask=FieldMask(paths=["names"]),
            expected_revision=moved.revision,
        )
    )
    third = await told(follower, house)

    assert first == {follows.provider_id: [a_square(32, 13)], own.provider_id: []}
    assert second == {follows.provider_id: [pb.ServiceArea(region_code="TN")], own.provider_id: []}
    assert third == {}  # nothing of it is told with a provider


async def test_who_has_read_a_provider_may_change_it_after_its_service_was_told_again(house: House) -> None:
    service = await service_with(house, a_square(32, 13))
    read = await house.provider(service=service)
    await update_service(house, service, [a_square(33, 13)])

    answer = await house.editor.UpdateProvider(
        rpc_pb.UpdateProviderRequest(
            request_id=a_request_id(),
            provider=pb.Provider(provider_id=read.provider_id, names=[text("New name")]),
            update_mask=FieldMask(paths=["names"]),
            expected_revision=read.revision,
        )
    )

    assert answer.provider.names[0].text == "New name"


async def test_a_file_that_moves_the_areas_of_a_service_brings_all_its_providers_into_the_feed(house: House) -> None:
    def there(south: int) -> ServiceArea:
        corners = (Point(south, 13), Point(south, 14), Point(south + 1, 14), Point(south, 13))
        return ServiceArea(outline=Outline(corners))

    one, two = a_record("1", location=a_location()), a_record("2", location=a_location())
    source = Source(dataset=DATASET, source_key="night")
    before, after = (replace(one.service, source=source, service_areas=(there(south),)) for south in (32, 20))
    await bring(house, replace(one, service=before), replace(two, service=before))
    follower = Follower()
    first = await told(follower, house)

    await bring(house, replace(one, service=after))
    second = await told(follower, house)

    assert set(second) == set(first)
    assert {each.polygon.exterior.points[0].latitude_deg for areas in second.values() for each in areas} == {20}
