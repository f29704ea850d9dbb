"""Confidential sites stay where nobody finds them: at the door, in answers, logs, files and the past (R16-R21)."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.errors import FailedPrecondition, IhalaError, InvalidInput, NotFound, Reason
from services.geo import Point, snap_to_area
from services.runtime import log
from services.runtime.auth import Role
from services.runtime.embedded.postgres import SUPERUSER, PostgresServer
from services.runtime.feed import state
from services.runtime.statuses import status_of
from tests.directory.canary import ADDRESS, Canary
from tests.directory.house import House, a_request_id, text, towns

CANARY = Canary(32.718281828459, 13.241592653589)
PUBLIC_CANARY = Canary(31.618033988749, 20.114142135623)
FINE_CELL = "8838684acdfffff"
ROLES = (Role.COORDINATOR, Role.CASE_SYSTEM, Role.DUTY_COORDINATOR, Role.DIRECTORY_EDITOR, Role.OPERATOR, Role.SERVICE)


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Hear everything that the process would log."""
    lines = io.StringIO()
    log.configure("directory", "debug", stream=lines)
    yield lines
    structlog.reset_defaults()


def a_confidential_location(**fields: Any) -> pb.Location:
    return pb.Location(
        **{
            "disclosure": pb.DISCLOSURE_AREA,
            "country_code": "LY",
            "place": geo_pb2.Place(point=CANARY.point),
            "names": [text("Jasmine")],
            **fields,
        }
    )


async def create_location(house: House, location: pb.Location, request_id: str = "") -> pb.Location:
    request = rpc_pb.CreateLocationRequest(request_id=request_id or a_request_id(), location=location)
    made: pb.Location = (await house.editor.CreateLocation(request)).location
    return made


async def update_location(house: House, location: pb.Location, changes: pb.Location, *paths: str) -> pb.Location:
    changes.location_id = location.location_id
    answer: pb.Location = (
        await house.editor.UpdateLocation(
            rpc_pb.UpdateLocationRequest(
                request_id=a_request_id(),
                location=changes,
                update_mask=FieldMask(paths=paths),
                expected_revision=location.revision,
            )
        )
    ).location
    return answer


async def everything_told(house: House, provider: pb.Provider, receiver_id: str = "") -> bytes:
    """Ask everything as everybody, and put the answers together."""
    answers: list[Any] = []
    for role in ROLES:
        stub = house.stub(role)
        answers += [
            await stub.ListOrganizations(rpc_pb.ListOrganizationsRequest(page_size=1)),
            await stub.ListServices(rpc_pb.ListServicesRequest(page_size=1)),
            await stub.ListLocations(rpc_pb.ListLocationsRequest()),
            await stub.ListProviders(rpc_pb.ListProvidersRequest()),
            await stub.SearchProviders(
                rpc_pb.SearchProvidersRequest(
                    origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=1, longitude_deg=1))
                )
            ),
            await stub.SearchProviders(rpc_pb.SearchProvidersRequest(statuses=[pb.STATUS_ACTIVE, pb.STATUS_PAUSED])),
            await stub.CountAreas(rpc_pb.CountAreasRequest()),
            await _or_error(stub.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))),
            await _or_error(stub.GetLocation(rpc_pb.GetLocationRequest(location_id=provider.location_id))),
        ]
    async with aclosing(house.service.WatchProviders(rpc_pb.WatchProvidersRequest())) as pages:
        async for page in pages:
            answers.append(page)
            break
    return b"".join(told(answer) for answer in answers)


async def _or_error(call: Any) -> Any:
    try:
        return await call
    except NotFound as error:
        return error


def told(answer: Any) -> bytes:
    """Write what a caller sees, on the wire and in print."""
    if isinstance(answer, IhalaError):
        return repr(status_of(answer)).encode() + answer.message.encode()
    return bytes(answer.SerializeToString()) + str(answer).encode()


async def everything_kept(house: House) -> bytes:
    """Read every row of every table."""
    kept = []
    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'directory'")
        for (table,) in await cursor.fetchall():
            rows = await (await connection.execute(f"SELECT * FROM {table}".encode())).fetchall()  # noqa: S608
            kept += [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    return b"\n".join(kept)


def files_of(server: PostgresServer) -> Path:
    with psycopg.connect(server.url(SUPERUSER, SUPERUSER), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0])


async def refused(call: Any, reason: Reason) -> bytes:
    with pytest.raises(InvalidInput) as caught:
        await call
    assert caught.value.reason is reason
    return told(caught.value)


async def test_the_scan_finds_what_is_public(house: House, postgres_server: PostgresServer) -> None:
    provider = await house.provider(location=await house.location(PUBLIC_CANARY.point))

    assert PUBLIC_CANARY.found_in(await everything_told(house, provider))
    assert "double, little end first" in PUBLIC_CANARY.found_in(await everything_kept(house))
    assert PUBLIC_CANARY.found_under(files_of(postgres_server))


async def test_an_exact_point_is_found_nowhere_after_the_door_r16(
    house: House, postgres_server: PostgresServer, log_lines: io.StringIO
) -> None:
    service = await house.its_service()
    location = await create_location(house, a_confidential_location(), "canary")
    again = await create_location(house, a_confidential_location(), "canary")
    moved = await update_location(house, location, a_confidential_location(), "place", "disclosure")
    provider = await house.provider(service, location, names=[text("Jasmine")])
    errors = [
        await refused(
            create_location(house, a_confidential_location(addresses=[text(ADDRESS)])), Reason.FINER_THAN_ALLOWED
        ),
        await refused(
            create_location(
                house, a_confidential_location(place=geo_pb2.Place(cell=geo_pb2.AreaCell(h3_cell=FINE_CELL)))
            ),
            Reason.FINER_THAN_ALLOWED,
        ),
        await refused(
            create_location(house, a_confidential_location(disclosure=pb.DISCLOSURE_UNSPECIFIED)), Reason.INVALID_FIELD
        ),
        await refused(create_location(house, a_confidential_location(country_code="XX")), Reason.INVALID_FIELD),
        await refused(create_location(house, a_confidential_location(), "bad id"), Reason.INVALID_FIELD),
        await refused(
            create_location(house, a_confidential_location(time_zone=ADDRESS), "canary"), Reason.INVALID_FIELD
        ),
        await refused(update_location(house, moved, a_confidential_location(), "place"), Reason.INVALID_FIELD),
        await refused(house.provider(service, location, descriptions=[text(ADDRESS)]), Reason.FINER_THAN_ALLOWED),
        await refused(
            house.provider(service, location, contacts=[pb.Contact(kind=pb.CONTACT_KIND_PHONE, value=ADDRESS)]),
            Reason.FINER_THAN_ALLOWED,
        ),
        await refused(house.provider(service, location, place=geo_pb2.Place(point=CANARY.point)), Reason.INVALID_FIELD),
    ]

    answers = b"".join(map(told, (location, again, moved, provider))) + b"".join(errors)
    assert location.place.WhichOneof("place") == "cell"
    assert CANARY.found_in(answers) == []
    assert CANARY.found_in(await everything_told(house, provider)) == []
    assert CANARY.found_in(await everything_kept(house)) == []
    assert CANARY.found_in(log_lines.getvalue().encode()) == []
    assert CANARY.found_under(files_of(postgres_server)) == []


async def test_the_area_is_the_one_that_hides_a_site_among_enough_people_r16(house: House) -> None:
    location = await create_location(house, a_confidential_location())

    exact = Point(CANARY.point.latitude_deg, CANARY.point.longitude_deg)
    assert location.place.cell.h3_cell == snap_to_area(exact, towns().population_in).h3_cell


async def test_where_inside_its_area_a_site_stands_changes_nothing_r17(house: House) -> None:
    one = await create_location(house, a_confidential_location(), "same")
    nearby = Canary(CANARY.point.latitude_deg + 0.001, CANARY.point.longitude_deg - 0.001)

    other = await house.editor.CreateLocation(
        rpc_pb.CreateLocationRequest(
            request_id="same", location=a_confidential_location(place=geo_pb2.Place(point=nearby.point))
        )
    )

    assert other.replayed
    assert other.location == one


async def test_a_confidential_site_is_seen_by_editors_services_and_its_desk_alone_r19_r21(house: House) -> None:
    receiver = await house.receiver()
    organization = await house.organization("Hidden")
    service = await house.its_service(organization, "Hidden")
    location = await create_location(house, a_confidential_location())
    provider = await house.provider(service, location, receiver_id=receiver.receiver_id)
    ids = {
        "organization": organization.organization_id,
        "service": service.service_id,
        "location": location.location_id,
        "provider": provider.provider_id,
        "receiver": receiver.receiver_id,
    }
    strangers = [house.stub(role) for role in (Role.COORDINATOR, Role.CASE_SYSTEM, Role.DUTY_COORDINATOR, Role.AUDITOR)]
    strangers.append(house.stub(Role.RECEIVER, receiver_ids=("00000000-0000-0000-0000-000000000000",)))
    desk = house.stub(Role.RECEIVER, receiver_ids=(receiver.receiver_id,))

    for noun, record_id in ids.items():
        request = getattr(rpc_pb, f"Get{noun.title()}Request")(**{f"{noun}_id": record_id})
        for stub in (house.editor, house.service, desk):
            await getattr(stub, f"Get{noun.title()}")(request)
        for stub in strangers:
            with pytest.raises(NotFound):
                await getattr(stub, f"Get{noun.title()}")(request)
        listing = getattr(rpc_pb, f"List{noun.title()}sRequest")()
        for stub in strangers[:-1]:
            answer = await getattr(stub, f"List{noun.title()}s")(listing)
            assert not list(getattr(answer, f"{noun}s"))
    listed = await desk.ListProviders(rpc_pb.ListProvidersRequest(receiver_id=receiver.receiver_id))
    assert [each.provider_id for each in listed.providers] == [provider.provider_id]


async def test_a_desk_lists_its_own_providers_alone(house: House) -> None:
    receiver = await house.receiver()
    desk = house.stub(Role.RECEIVER, receiver_ids=(receiver.receiver_id,))

    with pytest.raises(InvalidInput):
        await desk.ListProviders(rpc_pb.ListProvidersRequest())
    with pytest.raises(NotFound):
        await desk.ListProviders(rpc_pb.ListProvidersRequest(receiver_id="00000000-0000-0000-0000-000000000000"))


async def test_search_never_finds_a_confidential_site_for_anybody_r16(house: House) -> None:
    location = await create_location(house, a_confidential_location())
    await house.provider(location=location, names=[text("Jasmine")])
    public = await house.provider(names=[text("Jasmine")])
    near = geo_pb2.Origin(point=CANARY.point)

    for role in ROLES:
        stub = house.stub(role)
        assert await house.search(stub, origin=near) == [public.provider_id]
        assert await house.search(stub, text="jas", codes=["ACC"]) == [public.provider_id]


async def test_a_site_that_becomes_confidential_takes_its_past_along_r16(house: House) -> None:
    location = await house.location(CANARY.point, names=[text("Shelter")], addresses=[text(ADDRESS)])
    provider = await house.provider(
        location=location,
        names=[text("Shelter at ZQX-7")],
        descriptions=[text(ADDRESS)],
        contacts=[pb.Contact(kind=pb.CONTACT_KIND_PHONE, value="ZQX-7")],
    )
    assert CANARY.found_in(await everything_kept(house))
    changes = pb.Location(disclosure=pb.DISCLOSURE_AREA, names=[text("Jasmine")])

    after = await update_location(house, location, changes, "disclosure", "names", "addresses")

    hidden = (await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))).provider
    assert after.place.WhichOneof("place") == "cell"
    assert hidden.place == after.place
    assert [name.text for name in hidden.names] == ["Jasmine"]
    assert CANARY.found_in(await everything_kept(house)) == []
    assert CANARY.found_in(await everything_told(house, hidden)) == []
    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM provider_history")
        assert await cursor.fetchone() == (2,)
        cursor = await connection.execute("SELECT count(*) FROM request_key WHERE digest IS NULL")
        assert await cursor.fetchone() == (2,)


async def test_an_answer_about_a_site_that_became_confidential_is_not_given_again(house: House) -> None:
    public = pb.Location(disclosure=pb.DISCLOSURE_PUBLIC, country_code="LY", place=geo_pb2.Place(point=CANARY.point))
    location = await create_location(house, public, "first")
    await update_location(house, location, pb.Location(disclosure=pb.DISCLOSURE_AREA), "disclosure")

    with pytest.raises(FailedPrecondition) as caught:
        await create_location(house, public, "first")

    assert caught.value.reason is Reason.ERASED


async def test_hiding_a_site_that_still_tells_its_address_is_refused(house: House) -> None:
    location = await house.location(addresses=[text(ADDRESS)])

    with pytest.raises(InvalidInput) as caught:
        await update_location(house, location, pb.Location(disclosure=pb.DISCLOSURE_AREA), "disclosure")

    assert caught.value.reason is Reason.FINER_THAN_ALLOWED
    assert caught.value.fields[0].field == "location.addresses"


async def test_watchers_hear_of_a_site_that_became_confidential(house: House) -> None:
    location = await house.location()
    provider = await house.provider(location=location)
    async with house.pool.connection() as connection:
        before = await state(connection, "providers")

    await update_location(house, location, pb.Location(disclosure=pb.DISCLOSURE_AREA), "disclosure")

    request = rpc_pb.WatchProvidersRequest(epoch=before.epoch, after_revision=before.revision)
    async with asyncio.timeout(5), aclosing(house.service.WatchProviders(request)) as pages:
        page = await anext(aiter(pages))
    assert [change.provider.provider_id for change in page.changes] == [provider.provider_id]
    assert page.changes[0].provider.disclosure == pb.DISCLOSURE_AREA
