"""Creating, reading, changing and archiving, through the door that callers come in by."""

from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.store.requests import forget_old
from services.errors import Conflict, FailedPrecondition, InvalidInput, NotFound, PermissionDenied, Reason
from services.runtime.auth import Role
from tests.directory.house import NOON, House, a_request_id, text


async def test_what_was_created_is_there_byte_for_byte(house: House) -> None:
    name = "بَيْت الأمل\u200f "  # vowel signs, a mark of direction, a blank at the end
    organization = await house.organization(name)

    answer = await house.editor.GetOrganization(
        rpc_pb.GetOrganizationRequest(organization_id=organization.organization_id)
    )

    assert answer.organization == organization
    assert answer.organization.names[0].text == name
    assert answer.organization.revision == 1


async def test_a_provider_copies_the_facts_of_its_location(house: House) -> None:
    location = await house.location(wheelchair=pb.CLAIM_YES, front_gate_place_id="geonames:2210247")
    provider = await house.provider(location=location)

    assert provider.place == location.place
    assert provider.country_code == "LY"
    assert provider.time_zone == "Africa/Tripoli"
    assert provider.wheelchair == pb.CLAIM_YES
    assert provider.front_gate_place_id == "geonames:2210247"
    assert provider.pool_id == provider.provider_id
    assert provider.create_time == provider.update_time
    assert (
        provider
        == (await house.coordinator.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))).provider
    )


async def test_a_change_of_the_location_gives_its_providers_new_revisions(house: House) -> None:
    location = await house.location()
    one, two = await house.provider(location=location), await house.provider(location=location)
    other = await house.provider()
    moved = pb.Location(location_id=location.location_id, time_zone="Africa/Tunis")

    await house.editor.UpdateLocation(
        rpc_pb.UpdateLocationRequest(
            request_id=a_request_id(),
            location=moved,
            update_mask=FieldMask(paths=["time_zone"]),
            expected_revision=location.revision,
        )
    )

    for before in (one, two):
        after = (await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=before.provider_id))).provider
        assert after.time_zone == "Africa/Tunis"
        assert after.revision > other.revision


async def test_the_same_request_again_changes_nothing_and_is_answered_the_same(house: House) -> None:
    request = rpc_pb.CreateOrganizationRequest(request_id="once", organization=pb.Organization(names=[text("Dar")]))

    first = await house.editor.CreateOrganization(request)
    again = await house.editor.CreateOrganization(request)
    elsewhere = await house.stub(Role.DIRECTORY_EDITOR, client_id="client-2").CreateOrganization(request)

    assert (first.replayed, again.replayed, elsewhere.replayed) == (False, True, False)
    assert again.organization == first.organization
    assert elsewhere.organization.organization_id != first.organization.organization_id


async def test_the_same_request_id_with_another_body_is_refused(house: House) -> None:
    await house.editor.CreateOrganization(
        rpc_pb.CreateOrganizationRequest(request_id="once", organization=pb.Organization(names=[text("Dar")]))
    )

    with pytest.raises(InvalidInput) as caught:
        await house.editor.CreateOrganization(
            rpc_pb.CreateOrganizationRequest(request_id="once", organization=pb.Organization(names=[text("Bayt")]))
        )

    assert caught.value.reason is Reason.REQUEST_ID_REUSED


async def test_a_change_of_what_somebody_else_changed_is_refused(house: House) -> None:
    provider = await house.provider()
    request = rpc_pb.UpdateProviderRequest(
        request_id=a_request_id(),
        provider=pb.Provider(provider_id=provider.provider_id, status=pb.STATUS_PAUSED),
        update_mask=FieldMask(paths=["status"]),
        expected_revision=provider.revision,
    )
    updated = (await house.editor.UpdateProvider(request)).provider
    request.request_id = a_request_id()

    with pytest.raises(Conflict) as caught:
        await house.editor.UpdateProvider(request)

    assert caught.value.reason is Reason.VERSION_CONFLICT
    assert updated.status == pb.STATUS_PAUSED
    assert updated.names == provider.names
    assert updated.revision > provider.revision


async def test_a_change_that_changes_nothing_takes_no_revision(house: House) -> None:
    provider = await house.provider()

    answer = await house.editor.UpdateProvider(
        rpc_pb.UpdateProviderRequest(
            request_id=a_request_id(),
            provider=provider,
            update_mask=FieldMask(paths=["status", "claims", "names"]),
            expected_revision=provider.revision,
        )
    )

    assert answer.provider == provider


@pytest.mark.parametrize("path", ["revision", "place", "nonsense", "names.text", "provider_id", "place_reports"])
async def test_a_mask_names_only_fields_that_an_editor_may_write(house: House, path: str) -> None:
    provider = await house.provider()

    with pytest.raises(InvalidInput) as caught:
        await house.editor.UpdateProvider(
            rpc_pb.UpdateProviderRequest(
                request_id=a_request_id(),
                provider=provider,
                update_mask=FieldMask(paths=["status", path]),
                expected_revision=provider.revision,
            )
        )

    assert caught.value.fields[0].field == "update_mask.paths[1]"


async def test_archived_records_stay_readable_and_are_listed_no_more(house: House) -> None:
    organization = await house.organization()
    service = await house.its_service(organization)
    provider = await house.provider(service)
    request = rpc_pb.ArchiveOrganizationRequest(
        request_id=a_request_id(), organization_id=organization.organization_id, expected_revision=1
    )

    archived = (await house.editor.ArchiveOrganization(request)).organization
    again = await house.editor.ArchiveOrganization(
        rpc_pb.ArchiveOrganizationRequest(
            request_id=a_request_id(),
            organization_id=organization.organization_id,
            expected_revision=archived.revision,
        )
    )

    assert archived.archived
    assert again.organization == archived
    assert not (await house.editor.ListOrganizations(rpc_pb.ListOrganizationsRequest())).organizations
    assert not (await house.editor.ListServices(rpc_pb.ListServicesRequest())).services
    assert not (await house.editor.ListProviders(rpc_pb.ListProvidersRequest())).providers
    assert await house.search() == []
    await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))


async def test_a_desk_that_providers_count_on_is_not_archived(house: House) -> None:
    receiver = await house.receiver()
    await house.provider(receiver_id=receiver.receiver_id, reach_out=pb.REACH_OUT_ENROLLED)

    with pytest.raises(FailedPrecondition):
        await house.editor.ArchiveReceiver(
            rpc_pb.ArchiveReceiverRequest(
                request_id=a_request_id(), receiver_id=receiver.receiver_id, expected_revision=1
            )
        )


async def test_lists_come_by_name_page_by_page(house: House) -> None:
    for name in ("Émile", "emerald", "Zahra", "بيت", "Alpha"):
        await house.organization(name)

    names, token = [], ""
    while True:
        page = await house.editor.ListOrganizations(rpc_pb.ListOrganizationsRequest(page_size=2, page_token=token))
        names += [each.names[0].text for each in page.organizations]
        token = page.next_page_token
        if not token:
            break

    assert names == ["Alpha", "emerald", "Émile", "Zahra", "بيت"]


async def test_a_page_of_large_records_has_fewer_of_them_and_loses_none(house: House) -> None:
    service, location = await house.its_service(), await house.location()
    descriptions = [text("ب" * 4000) for _ in range(20)]
    made = {(await house.provider(service, location, descriptions=descriptions)).provider_id for _ in range(9)}

    for method, request, rows in (
        (house.editor.ListProviders, rpc_pb.ListProvidersRequest(), "providers"),
        (house.editor.SearchProviders, rpc_pb.SearchProvidersRequest(), "found"),
    ):
        seen, pages = 0, 0
        while pages == 0 or request.page_token:
            page = await method(request)
            request.page_token = page.next_page_token
            seen += len(getattr(page, rows))
            pages += 1

        assert seen == len(made)
        assert pages > 1


async def test_a_page_token_is_bound_to_its_conditions(house: House) -> None:
    for _ in range(2):
        await house.organization()
    page = await house.editor.ListOrganizations(rpc_pb.ListOrganizationsRequest(page_size=1))

    for bad in (
        rpc_pb.ListOrganizationsRequest(page_token=page.next_page_token, dataset="other"),
        rpc_pb.ListOrganizationsRequest(page_token="nonsense"),
        rpc_pb.ListOrganizationsRequest(page_token=page.next_page_token[:-4]),
    ):
        with pytest.raises(InvalidInput) as caught:
            await house.editor.ListOrganizations(bad)
        assert caught.value.fields[0].field == "page_token"


async def test_only_editors_write(house: House) -> None:
    for role in (Role.COORDINATOR, Role.CASE_SYSTEM, Role.AUDITOR, Role.SERVICE):
        with pytest.raises(PermissionDenied):
            await house.stub(role).CreateOrganization(
                rpc_pb.CreateOrganizationRequest(
                    request_id=a_request_id(), organization=pb.Organization(names=[text("Dar")])
                )
            )


async def test_two_records_of_one_source_key_are_refused(house: House) -> None:
    source = pb.Source(dataset="list", source_key="1")
    await house.provider(source=source)

    with pytest.raises(InvalidInput) as caught:
        await house.provider(source=source)

    assert caught.value.fields[0].field == "provider.source.source_key"


async def test_every_command_is_audited_with_it(house: House) -> None:
    await house.provider()

    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT action FROM audit ORDER BY seq")
        actions = [action for (action,) in await cursor.fetchall()]
        cursor = await connection.execute("SELECT actor FROM provider_history")
        actors = await cursor.fetchall()

    assert actions == ["organization.create", "service.create", "location.create", "provider.create"]
    assert actors == [("client-1",)]


async def test_what_is_absent_is_not_found(house: House) -> None:
    for stranger in ("", "nonsense", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFound):
            await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=stranger))
        with pytest.raises(NotFound):
            await house.editor.ArchiveLocation(
                rpc_pb.ArchiveLocationRequest(request_id=a_request_id(), location_id=stranger, expected_revision=1)
            )


async def test_an_answer_is_kept_for_90_days_and_the_command_is_never_done_twice(house: House) -> None:
    request = rpc_pb.CreateOrganizationRequest(
        request_id=a_request_id(), organization=pb.Organization(names=[text("Dar")])
    )
    await house.editor.CreateOrganization(request)

    assert await forget_old(house.pool, NOON + timedelta(days=90)) == 0
    assert (await house.editor.CreateOrganization(request)).replayed
    assert await forget_old(house.pool, NOON + timedelta(days=91)) == 1
    with pytest.raises(FailedPrecondition) as caught:
        await house.editor.CreateOrganization(request)

    assert caught.value.reason is Reason.ERASED
    assert await forget_old(house.pool, NOON + timedelta(days=91)) == 0
