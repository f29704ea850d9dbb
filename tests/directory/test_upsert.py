"""A file brings records up to date in batches: equal ones take no revision, and what we know better stays."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1 import record_life_pb2 as life_pb
from services.directory.model import (
    Claim,
    Disclosure,
    ImportRecord,
    LocalizedText,
    Location,
    Organization,
    Outcome,
    PlaceReport,
    Provider,
    Service,
    ServiceClaim,
    Source,
    Status,
    Upserted,
)
from services.directory.store.upsert import upsert_rows
from services.geo import AreaCell, Point
from services.runtime import feed
from services.runtime.postgres import Act, Process, read, transaction
from tests.directory.canary import Canary
from tests.directory.house import NOON, House, a_request_id
from tests.directory.test_confidential import everything_kept

DATASET = "list"
HERE = Point(32.8874, 13.1873)
CELL = AreaCell("863f54c6fffffff")


def a_record(key: str = "1", *, location: Location | None = None, owner: str = "Dar", **fields: Any) -> ImportRecord:
    name = (LocalizedText("ar", f"بيت {key}"),)
    return ImportRecord(
        source_key=key,
        organization=Organization(names=(LocalizedText("en", owner),)),
        service=Service(organization_id="", names=name),
        location=location or a_location(),
        provider=Provider(
            **{
                "service_id": "",
                "location_id": "",
                "status": Status.ACTIVE,
                "names": name,
                "claims": (ServiceClaim("HEA-EMG", Claim.YES),),
                "source": Source(dataset=DATASET, source_key=key, licence="ODbL-1.0"),
                **fields,
            }
        ),
    )


def a_location(**fields: Any) -> Location:
    return Location(**{"disclosure": Disclosure.PUBLIC, "country_code": "LY", "place": HERE, **fields})


async def bring(house: House, *records: ImportRecord) -> list[Upserted]:
    act = Act(action="import.commit", object_kind="import")
    async with transaction(house.pool, Process(client_id="test"), act) as connection:
        return await upsert_rows(connection, DATASET, records, actor="importer", now=NOON, new_id=uuid4)


def outcomes(results: Sequence[Upserted]) -> list[Outcome]:
    return [result.outcome for result in results]


async def revision(house: House) -> int:
    async with read(house.pool) as connection:
        return (await feed.state(connection, "providers")).revision


async def stored(house: House, result: Upserted) -> pb.Provider:
    provider: pb.Provider = (
        await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=result.provider_id))
    ).provider
    return provider


async def test_the_same_rows_again_change_nothing_and_take_no_revision(house: House) -> None:
    records = [a_record(str(number), owner=f"Owner {number % 3}") for number in range(50)]

    first = await bring(house, *records)
    before = await revision(house)
    again = await bring(house, *records)

    assert outcomes(first) == [Outcome.CREATED] * 50
    assert outcomes(again) == [Outcome.UNCHANGED] * 50
    assert [result.provider_id for result in again] == [result.provider_id for result in first]
    assert await revision(house) == before == 50
    assert len((await house.editor.ListOrganizations(rpc_pb.ListOrganizationsRequest())).organizations) == 3


async def test_a_row_that_differs_changes_its_provider_alone(house: House) -> None:
    first = await bring(house, a_record("1"), a_record("2"))

    again = await bring(house, a_record("1"), a_record("2", status=Status.CLOSED))

    assert outcomes(again) == [Outcome.UNCHANGED, Outcome.UPDATED]
    assert (await stored(house, first[1])).status == pb.STATUS_CLOSED
    assert (await stored(house, first[1])).revision == 3


async def test_an_archived_provider_comes_back_with_its_row(house: House) -> None:
    (made,) = await bring(house, a_record())
    provider = await stored(house, made)
    await house.editor.ArchiveProvider(
        rpc_pb.ArchiveProviderRequest(
            request_id=a_request_id(), provider_id=provider.provider_id, expected_revision=provider.revision
        )
    )

    again = await bring(house, a_record())

    assert again == [Upserted(Outcome.UPDATED, made.provider_id, changed=("archived",))]
    assert await house.search() == [made.provider_id]


async def test_receiver_pool_and_safeguarding_flag_stay(house: House) -> None:
    (made,) = await bring(house, a_record())
    receiver = await house.receiver()
    provider = await stored(house, made)
    changed = pb.Provider(
        provider_id=made.provider_id,
        receiver_id=receiver.receiver_id,
        pool_id="beds-1",
        vetting=pb.Vetting(state=pb.VETTING_STATE_SUSPENDED),
    )
    await house.editor.UpdateProvider(
        rpc_pb.UpdateProviderRequest(
            request_id=a_request_id(),
            provider=changed,
            update_mask=FieldMask(paths=["receiver_id", "pool_id", "vetting"]),
            expected_revision=provider.revision,
        )
    )

    again = await bring(house, a_record())

    now = await stored(house, made)
    assert outcomes(again) == [Outcome.UNCHANGED]
    assert now.receiver_id == receiver.receiver_id
    assert now.pool_id == "beds-1"
    assert now.vetting.state == pb.VETTING_STATE_SUSPENDED


async def test_a_place_report_counts_if_it_is_newer_and_reaches_the_whole_pool(house: House) -> None:
    def with_places(occupied: int, hours: int) -> ImportRecord:
        report_time = NOON + timedelta(hours=hours)
        report = PlaceReport(population="girls", total=5, occupied=occupied, report_time=report_time)
        return a_record("1", pool_id="beds", place_reports=(report,))

    first = await bring(house, with_places(1, -5), a_record("2", pool_id="beds"))
    older = await bring(house, with_places(2, -9))
    newer = await bring(house, with_places(3, -1))
    same = await bring(house, with_places(3, -1))

    assert outcomes(older) == [Outcome.UNCHANGED]
    assert outcomes(newer) == [Outcome.UPDATED]
    assert outcomes(same) == [Outcome.UNCHANGED]
    for result in first:
        assert [report.occupied for report in (await stored(house, result)).place_reports] == [3]


async def test_a_location_of_its_own_key_is_shared_and_moves_all_its_providers(house: House) -> None:
    place = Source(dataset=DATASET, source_key="hospital")
    first = await bring(
        house, a_record("1", location=a_location(source=place)), a_record("2", location=a_location(source=place))
    )

    moved = a_location(source=place, time_zone="Africa/Tripoli")
    again = await bring(house, a_record("1", location=moved))

    assert outcomes(again) == [Outcome.UPDATED]
    providers = [await stored(house, result) for result in first]
    assert len({provider.location_id for provider in providers}) == 1
    assert [provider.time_zone for provider in providers] == ["Africa/Tripoli"] * 2


async def test_rows_that_are_refused_leave_nothing_and_the_others_go_on(house: House) -> None:
    hidden = a_location(disclosure=Disclosure.AREA, place=CELL)
    await bring(house, a_record("secret", location=hidden))
    description = (LocalizedText("en", "Behind the mosque"),)

    results = await bring(
        house,
        a_record("secret"),
        a_record("talkative", location=hidden, descriptions=description),
        a_record("stranger", receiver_id="00000000-0000-0000-0000-000000000000"),
        replace(
            a_record("foreign"),
            organization=Organization(
                names=(LocalizedText("en", "Dar"),), source=Source(dataset="other", source_key="1")
            ),
        ),
        a_record("good"),
    )

    assert outcomes(results) == [Outcome.REFUSED] * 4 + [Outcome.CREATED]
    assert [result.fault.field for result in results if result.fault] == [
        "location.disclosure",
        "provider.descriptions",
        "provider.receiver_id",
        "organization.source.dataset",
    ]
    assert len((await house.editor.ListLocations(rpc_pb.ListLocationsRequest())).locations) == 2


async def test_a_file_that_hides_a_site_hides_its_past_r16(house: House) -> None:
    canary = Canary(32.577215664901, 13.915965594177)
    exact = Point(canary.point.latitude_deg, canary.point.longitude_deg)
    await bring(house, a_record(location=a_location(place=exact)))
    assert canary.found_in(await everything_kept(house))

    hidden = a_location(disclosure=Disclosure.AREA, place=CELL)
    again = await bring(house, a_record(location=hidden))

    assert outcomes(again) == [Outcome.UPDATED]
    assert canary.found_in(await everything_kept(house)) == []
    assert await house.search() == []


async def test_a_batch_of_a_thousand_is_a_few_statements(house: House) -> None:
    records = [a_record(str(number), owner=f"Owner {number}") for number in range(1000)]
    act = Act(action="import.commit", object_kind="import")
    counted = 0
    async with transaction(house.pool, Process(client_id="test"), act) as connection:
        execute = connection.execute

        async def counting(*args: Any, **options: Any) -> Any:
            nonlocal counted
            counted += 1
            return await execute(*args, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connection, "execute", counting)
            await upsert_rows(connection, DATASET, records, actor="importer", now=NOON, new_id=uuid4)

    assert counted < 20


async def test_a_file_does_not_make_a_record_staler_than_it_was_verified_here(house: House) -> None:
    (made,) = await bring(house, a_record())
    provider = (await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=made.provider_id))).provider
    await house.coordinator.VerifyProvider(
        life_pb.VerifyProviderRequest(
            request_id=a_request_id(), provider_id=made.provider_id, expected_revision=provider.revision
        )
    )

    (again,) = await bring(house, a_record())

    assert again.outcome is Outcome.UNCHANGED
