"""What is wrong is refused with its status, its reason and its field, and changes nothing."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from psycopg import sql

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.errors import Exhausted, InvalidInput, NotFound, Reason
from tests.directory.house import TRIPOLI, House, a_request_id, text

NOBODY = "00000000-0000-0000-0000-000000000000"


def a_location(**fields: Any) -> rpc_pb.CreateLocationRequest:
    location = pb.Location(**{"disclosure": pb.DISCLOSURE_PUBLIC, "country_code": "LY", **fields})
    return rpc_pb.CreateLocationRequest(request_id=a_request_id(), location=location)


def a_provider(**fields: Any) -> rpc_pb.CreateProviderRequest:
    provider = pb.Provider(**{"status": pb.STATUS_ACTIVE, "service_id": NOBODY, "location_id": NOBODY, **fields})
    return rpc_pb.CreateProviderRequest(request_id=a_request_id(), provider=provider)


def at(latitude_deg: float | None, longitude_deg: float | None) -> geo_pb2.Place:
    return geo_pb2.Place(point=geo_pb2.Point(latitude_deg=latitude_deg, longitude_deg=longitude_deg))


def searching(**fields: Any) -> rpc_pb.SearchProvidersRequest:
    return rpc_pb.SearchProvidersRequest(**fields)


def an_origin(latitude_deg: float = 0, longitude_deg: float = 0) -> geo_pb2.Origin:
    return geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=latitude_deg, longitude_deg=longitude_deg))


def in_area(**fields: Any) -> rpc_pb.SearchProvidersRequest:
    return rpc_pb.SearchProvidersRequest(area=geo_pb2.Area(**fields))


def a_ring(*corners: tuple[float, float]) -> geo_pb2.Ring:
    return geo_pb2.Ring(points=[geo_pb2.Point(latitude_deg=y, longitude_deg=x) for x, y in corners])


BAD = {
    "latitude 91": (a_location(place=at(91, 13)), "location.place.point.latitude_deg"),
    "longitude -181": (a_location(place=at(32, -181)), "location.place.point.longitude_deg"),
    "latitude not a number": (a_location(place=at(float("nan"), 13)), "location.place.point.latitude_deg"),
    "no latitude": (a_location(place=at(None, 13)), "location.place.point.latitude_deg"),
    "no disclosure": (a_location(disclosure=0), "location.disclosure"),
    "a disclosure of the future": (a_location(disclosure=77), "location.disclosure"),
    "no country": (a_location(country_code=""), "location.country_code"),
    "no such zone": (a_location(time_zone="Mars/Base"), "location.time_zone"),
    "no such gate": (a_location(front_gate_place_id="geonames:1"), "location.front_gate_place_id"),
    "an id of the caller's": (a_location(location_id="mine"), "location.location_id"),
    "no location": (rpc_pb.CreateLocationRequest(request_id="x"), "location"),
    "no request id": (
        rpc_pb.CreateLocationRequest(location=pb.Location(disclosure=pb.DISCLOSURE_PUBLIC, country_code="LY")),
        "request_id",
    ),
    "unknown service": (a_provider(), "provider.service_id"),
    "no status": (a_provider(status=0), "provider.status"),
    "unknown code": (a_provider(claims=[pb.ServiceClaim(code="HEA-NOPE")]), "provider.claims[0].code"),
    "unknown gender": (
        a_provider(rules=[pb.Rule(kind=pb.RULE_KIND_GENDER, codes=["dragon"])]),
        "provider.rules[0].codes[0]",
    ),
    "rule of no kind": (a_provider(rules=[pb.Rule()]), "provider.rules[0].kind"),
    "detention that shelters": (
        a_provider(detention=True, claims=[pb.ServiceClaim(code="ACC-EMG", claim=pb.CLAIM_YES)]),
        "provider.claims[0].code",
    ),
    "no language tag": (a_provider(languages=[pb.LanguageOffer(language="?")]), "provider.languages[0].language"),
    "year 99999": (
        a_provider(valid=pb.Period(start_time=Timestamp(seconds=10**12))),
        "provider.valid.start_time",
    ),
    "reports come by ReportPlaces": (
        a_provider(place_reports=[pb.PlaceReport(population="girls")]),
        "provider.place_reports",
    ),
    "page of 501": (searching(page_size=501), "page_size"),
    "unknown code in a search": (searching(codes=["HEA", "NOPE"]), "codes[1]"),
    "a search without letters": (searching(text="!?"), "text"),
    "distance without origin": (searching(max_distance_m=1000.0), "max_distance_m"),
    "distance 0": (searching(origin=an_origin(), max_distance_m=0.0), "max_distance_m"),
    "empty origin": (searching(origin=geo_pb2.Origin()), "origin.origin"),
    "origin out of range": (searching(origin=an_origin(-90.1)), "origin.point.latitude_deg"),
    "origin in no cell": (searching(origin=geo_pb2.Origin(h3_cell="zzz")), "origin.h3_cell"),
    "origin in a cell beyond all numbers": (searching(origin=geo_pb2.Origin(h3_cell="a" * 64)), "origin.h3_cell"),
    "origin in no town": (searching(origin=geo_pb2.Origin(place_id="geonames:1")), "origin.place_id"),
    "country in small letters": (searching(country_code="ly"), "country_code"),
    "status of the future": (searching(statuses=[99]), "statuses[0]"),
    "empty area": (in_area(), "area.area"),
    "circle without radius": (in_area(circle=geo_pb2.Circle(center=TRIPOLI)), "area.circle.radius_m"),
    "circle without centre": (in_area(circle=geo_pb2.Circle(radius_m=1)), "area.circle.center.latitude_deg"),
    "box upside down": (in_area(box=geo_pb2.Box(south_deg=2, north_deg=1)), "area.box.north_deg"),
    "ring that is open": (
        in_area(polygon=geo_pb2.Polygon(exterior=a_ring((0, 0), (1, 0), (1, 1), (0, 1)))),
        "area.polygon.exterior",
    ),
    "ring that crosses itself": (
        in_area(polygon=geo_pb2.Polygon(exterior=a_ring((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)))),
        "area.polygon.exterior",
    ),
    "town without a name": (rpc_pb.ResolvePlaceRequest(), "text"),
    "51 towns": (rpc_pb.ResolvePlaceRequest(text="x", limit=51), "limit"),
    "no such vocabulary": (rpc_pb.ListVocabularyRequest(kind="colours"), "kind"),
}
CODES = {"unknown code", "unknown gender", "unknown code in a search", "no such vocabulary"}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_names_its_field_and_changes_nothing(house: House, name: str) -> None:
    request, field = BAD[name]
    method = type(request).__name__.removesuffix("Request")

    with pytest.raises(InvalidInput) as caught:
        await getattr(house.editor, method)(request)

    assert caught.value.fields[0].field == field
    assert caught.value.reason is (Reason.UNKNOWN_CODE if name in CODES else Reason.INVALID_FIELD)
    assert await kept(house) == 0


async def test_a_field_that_the_server_does_not_know_is_refused(house: House) -> None:
    stranger = pb.Organization.FromString(pb.Organization(names=[text("Dar")]).SerializeToString() + b"\xfa\x3f\x01x")
    nested = pb.LocalizedText.FromString(text("Dar").SerializeToString() + b"\xfa\x3f\x01x")

    for organization in (stranger, pb.Organization(names=[nested])):
        with pytest.raises(InvalidInput) as caught:
            await house.editor.CreateOrganization(
                rpc_pb.CreateOrganizationRequest(request_id=a_request_id(), organization=organization)
            )
        assert caught.value.reason is Reason.UNKNOWN_FIELD
    with pytest.raises(InvalidInput) as caught:
        await house.editor.SearchProviders(rpc_pb.SearchProvidersRequest.FromString(b"\xfa\x3f\x01x"))
    assert caught.value.reason is Reason.UNKNOWN_FIELD
    assert await kept(house) == 0


async def test_a_message_that_is_too_large_is_refused(house: House) -> None:
    names = [text("ب" * 3900) for _ in range(40)]

    with pytest.raises(Exhausted) as caught:
        await house.editor.CreateOrganization(
            rpc_pb.CreateOrganizationRequest(request_id=a_request_id(), organization=pb.Organization(names=names))
        )

    assert caught.value.reason is Reason.TOO_LARGE
    assert await kept(house) == 0


async def test_an_unknown_provider_is_not_found(house: House) -> None:
    for call in (
        house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=NOBODY)),
        house.editor.UpdateProvider(
            rpc_pb.UpdateProviderRequest(
                request_id=a_request_id(),
                provider=pb.Provider(provider_id=NOBODY),
                update_mask=FieldMask(paths=["names"]),
                expected_revision=1,
            )
        ),
        house.editor.ArchiveProvider(
            rpc_pb.ArchiveProviderRequest(request_id=a_request_id(), provider_id=NOBODY, expected_revision=1)
        ),
        house.editor.ReportPlaces(
            rpc_pb.ReportPlacesRequest(
                request_id=a_request_id(),
                provider_id=NOBODY,
                reports=[pb.PlaceReport(population="girls", report_time=Timestamp(seconds=1))],
            )
        ),
    ):
        with pytest.raises(NotFound):
            await call
    assert await kept(house) == 0


async def kept(house: House) -> int:
    """Count what commands leave behind."""
    tables = ("organization", "service", "location", "receiver", "provider", "request_key", "audit")
    counted = 0
    async with house.pool.connection() as connection:
        for table in tables:
            cursor = await connection.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
            counted += len(await cursor.fetchall())
    return counted
