"""No door of a record's life lets a confidential position or name out: lists, history, suggestions, areas, lines."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1 import lines_pb2 as line_pb
from ihala.directory.v1 import record_life_pb2 as life_pb
from ihala.geo.v1 import geo_pb2
from services.errors import IhalaError, InvalidInput, NotFound, Reason
from services.runtime import log
from services.runtime.auth import Role
from services.runtime.embedded.postgres import PostgresServer
from tests.directory.canary import ADDRESS, Canary
from tests.directory.house import House, a_request_id, text
from tests.directory.test_confidential import (
    a_confidential_location,
    create_location,
    everything_kept,
    everything_told,
    files_of,
    told,
)
from tests.directory.test_lines import a_line, draw
from tests.directory.test_record_life import change, verify
from tests.directory.test_service_areas import a_square
from tests.directory.test_suggestions import suggest

ROLES = (*Role,)
STRANGERS = (Role.COORDINATOR, Role.CASE_SYSTEM, Role.DUTY_COORDINATOR)
ALIAS = "Jasmine"
CANARY = Canary(32.644934066848, 13.082326913195)  #: in this test alone, for the files of the server are searched
ONCE_PUBLIC = Canary(32.202056903159, 13.577215664901)


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Hear everything that the process would log."""
    lines = io.StringIO()
    log.configure("directory", "debug", stream=lines)
    yield lines
    structlog.reset_defaults()


async def every_door(house: House, provider: pb.Provider, *roles: Role, desk_id: str = "") -> bytes:
    """Ask through every door of a record's life, as each of these roles, and put answers and refusals together."""
    answers: list[Any] = []
    for role in roles:
        stub = house.stub(role, receiver_ids=(desk_id or "00000000-0000-0000-0000-000000000000",))
        history = life_pb.GetProviderHistoryRequest(provider_id=provider.provider_id)
        here = ONCE_PUBLIC.point
        calls = [
            stub.ListStale(life_pb.ListStaleRequest()),
            stub.GetProviderHistory(history),
            stub.ListDuplicates(life_pb.ListDuplicatesRequest(max_distance_m=5000, least_similarity=0.01)),
            stub.ListLines(line_pb.ListLinesRequest()),
            stub.ListSuggestions(rpc_pb.ListSuggestionsRequest()),
            stub.SearchProviders(rpc_pb.SearchProvidersRequest(text=ALIAS)),
            stub.SearchProviders(rpc_pb.SearchProvidersRequest(covers=here)),
            stub.SearchProviders(
                rpc_pb.SearchProvidersRequest(
                    origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=1, longitude_deg=1)),
                    deliveries=[pb.DELIVERY_AT_LOCATION],
                )
            ),
        ]
        answers += [await _or_error(call) for call in calls]
    return b"".join(told(answer) for answer in answers)


async def _or_error(call: Any) -> Any:
    try:
        return await call
    except IhalaError as error:
        return error


async def a_desk(house: House, **fields: Any) -> tuple[str, Any]:
    receiver = await house.receiver()
    return receiver.receiver_id, house.stub(Role.RECEIVER, client_id="desk", receiver_ids=(receiver.receiver_id,))


async def test_a_confidential_site_has_a_life_and_no_door_tells_where_r16(
    house: House, postgres_server: PostgresServer, log_lines: io.StringIO
) -> None:
    desk_id, desk = await a_desk(house)
    location = await create_location(house, a_confidential_location(place=geo_pb2.Place(point=CANARY.point)))
    provider = await house.provider(location=location, names=[text(ALIAS)], receiver_id=desk_id)
    verified = await verify(house, provider, desk)
    changed = await change(house, verified, free_of_charge=pb.CLAIM_YES)
    await suggest(desk, changed, staff_genders=["woman"])
    await house.editor.SuspendProvider(
        life_pb.SuspendProviderRequest(request_id=a_request_id(), provider_id=provider.provider_id, reason="report")
    )
    await house.provider(names=[text(ALIAS)])
    await draw(house, a_line())
    refusals = []
    for fields in (
        {"descriptions": [text(ADDRESS)]},
        {"contacts": [pb.Contact(kind=pb.CONTACT_KIND_PHONE, value=ADDRESS)]},
        {"service_areas": [a_square(CANARY.point.latitude_deg, CANARY.point.longitude_deg)]},
    ):
        with pytest.raises(InvalidInput) as caught:
            await suggest(desk, changed, **fields)
        assert caught.value.reason is Reason.FINER_THAN_ALLOWED
        refusals.append(told(caught.value))

    answers = await every_door(house, provider, *ROLES, desk_id=desk_id) + b"".join(refusals)
    assert provider.provider_id.encode() in answers
    assert CANARY.found_in(answers) == []
    assert CANARY.found_in(await everything_told(house, provider)) == []
    assert CANARY.found_in(await everything_kept(house)) == []
    assert CANARY.found_in(log_lines.getvalue().encode()) == []
    # the address is every test's
    found = [each for each in CANARY.found_under(files_of(postgres_server)) if not each.endswith(": address")]
    assert found == []


async def test_no_stranger_hears_of_a_confidential_site_by_any_door_r19_r21(house: House) -> None:
    desk_id, desk = await a_desk(house)
    location = await create_location(house, a_confidential_location(names=[text("Zinnia")]))
    provider = await house.provider(location=location, names=[text("Zinnia")], receiver_id=desk_id)
    await suggest(desk, provider, staff_genders=["woman"])

    answers = await every_door(house, provider, *STRANGERS, Role.RECEIVER)

    assert provider.provider_id.encode() not in answers
    assert b"Zinnia" not in answers
    for command in (
        house.coordinator.SuspendProvider(
            life_pb.SuspendProviderRequest(request_id=a_request_id(), provider_id=provider.provider_id, reason="report")
        ),
        verify(house, provider),
    ):
        with pytest.raises(NotFound):
            await command


async def test_what_was_public_goes_from_every_door_when_a_site_becomes_confidential_r16(house: House) -> None:
    desk_id, desk = await a_desk(house)
    location = await house.location(ONCE_PUBLIC.point, names=[text("Shelter")])
    area = a_square(ONCE_PUBLIC.point.latitude_deg, ONCE_PUBLIC.point.longitude_deg)
    provider = await house.provider(
        location=location, names=[text("Shelter at ZQX-7")], receiver_id=desk_id, service_areas=[area]
    )
    await suggest(desk, provider, descriptions=[text(ADDRESS)])
    assert ONCE_PUBLIC.found_in(await every_door(house, provider, Role.DIRECTORY_EDITOR))

    await house.editor.UpdateLocation(
        rpc_pb.UpdateLocationRequest(
            request_id=a_request_id(),
            location=pb.Location(location_id=location.location_id, disclosure=pb.DISCLOSURE_AREA, names=[text(ALIAS)]),
            update_mask=FieldMask(paths=["disclosure", "names"]),
            expected_revision=location.revision,
        )
    )

    assert ONCE_PUBLIC.found_in(await every_door(house, provider, *ROLES, desk_id=desk_id)) == []
    assert ONCE_PUBLIC.found_in(await everything_kept(house)) == []
    listed = await house.editor.ListSuggestions(rpc_pb.ListSuggestionsRequest())
    assert not listed.suggestions


def test_the_scan_of_the_doors_would_find_a_canary() -> None:
    assert CANARY.found_in(told(pb.Location(place=geo_pb2.Place(point=CANARY.point))))
