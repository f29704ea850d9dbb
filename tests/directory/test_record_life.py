"""The life of a record: its moves, who verified it, what it was, who suspended it, and whether it is there twice."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from prometheus_client import CollectorRegistry

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1 import record_life_pb2 as life_pb
from ihala.geo.v1 import geo_pb2
from services.directory.alarms import Alarms
from services.directory.store.life import count_due
from services.errors import Conflict, FailedPrecondition, InvalidInput, NotFound, PermissionDenied, Reason
from services.runtime.auth import Role
from services.runtime.postgres import read
from tests.directory.house import NOON, TRIPOLI, House, a_request_id, text


def a_source(key: str) -> pb.Source:
    return pb.Source(dataset="list", source_key=key)


async def change(house: House, provider: pb.Provider, **fields: Any) -> pb.Provider:
    answer = await house.editor.UpdateProvider(
        rpc_pb.UpdateProviderRequest(
            request_id=a_request_id(),
            provider=pb.Provider(provider_id=provider.provider_id, **fields),
            update_mask=FieldMask(paths=sorted(fields)),
            expected_revision=provider.revision,
        )
    )
    changed: pb.Provider = answer.provider
    return changed


async def verify(house: House, provider: pb.Provider, stub: Any = None, **fields: Any) -> pb.Provider:
    request = life_pb.VerifyProviderRequest(
        request_id=a_request_id(),
        provider_id=provider.provider_id,
        expected_revision=provider.revision,
    )
    if "at" in fields:
        request.verified_time.FromDatetime(fields["at"])
    verified: pb.Provider = (await (stub or house.coordinator).VerifyProvider(request)).provider
    return verified


async def test_a_status_moves_only_as_the_life_of_a_record_goes(house: House) -> None:
    provider = await house.provider(status=pb.STATUS_DRAFT)

    with pytest.raises(FailedPrecondition) as caught:
        await change(house, provider, status=pb.STATUS_PAUSED)
    assert caught.value.reason is Reason.ILLEGAL_MOVE
    for status in (pb.STATUS_ACTIVE, pb.STATUS_DO_NOT_REFER, pb.STATUS_PAUSED, pb.STATUS_ACTIVE, pb.STATUS_CLOSED):
        provider = await change(house, provider, status=status)
    with pytest.raises(FailedPrecondition):
        await change(house, provider, status=pb.STATUS_ACTIVE)


async def test_a_safeguarding_flag_stops_matching_with_its_revision_r33(house: House) -> None:
    provider = await house.provider(vetting=pb.Vetting(state=pb.VETTING_STATE_VETTED))
    request = life_pb.SuspendProviderRequest(
        request_id="flag", provider_id=provider.provider_id, reason="safeguarding_report"
    )
    duty = house.stub(Role.DUTY_COORDINATOR)

    flagged = (await duty.SuspendProvider(request)).provider
    again = await duty.SuspendProvider(request)

    assert flagged.vetting.state == pb.VETTING_STATE_SUSPENDED
    assert flagged.revision > provider.revision
    assert again.replayed
    async with house.pool.connection() as connection:
        cursor = await connection.execute("SELECT reason FROM audit WHERE action = 'provider.suspend' LIMIT 1")
        assert await cursor.fetchone() == ("safeguarding_report",)


async def test_a_flag_says_a_code_and_no_story_r33(house: House) -> None:
    provider = await house.provider()

    with pytest.raises(InvalidInput) as caught:
        await house.coordinator.SuspendProvider(
            life_pb.SuspendProviderRequest(
                request_id=a_request_id(), provider_id=provider.provider_id, reason="A guard took her papers"
            )
        )
    assert caught.value.fields[0].field == "reason"
    with pytest.raises(PermissionDenied):
        await house.stub(Role.CASE_SYSTEM).SuspendProvider(life_pb.SuspendProviderRequest())


async def test_the_longest_unverified_come_first_and_leave_the_list_when_verified(house: House) -> None:
    never = await house.provider()
    old = await verify(house, await house.provider(source=a_source("old")), at=NOON - timedelta(days=300))
    older = await verify(house, await house.provider(source=a_source("older")), at=NOON - timedelta(days=400))
    await verify(house, await house.provider(source=a_source("fresh")))

    async def listed() -> list[str]:
        ids: list[str] = []
        request = life_pb.ListStaleRequest(page_size=1)
        while True:
            page = await house.coordinator.ListStale(request)
            ids += [each.provider_id for each in page.providers]
            if not page.next_page_token:
                return ids
            request.page_token = page.next_page_token

    assert await listed() == [never.provider_id, older.provider_id, old.provider_id]
    await verify(house, older)
    assert await listed() == [never.provider_id, old.provider_id]


async def test_only_what_was_seen_is_verified_and_no_time_goes_back(house: House) -> None:
    provider = await house.provider()
    verified = await verify(house, provider)

    with pytest.raises(Conflict):
        await verify(house, provider)
    with pytest.raises(FailedPrecondition):
        await verify(house, verified, at=NOON - timedelta(days=1))
    with pytest.raises(InvalidInput):
        await verify(house, verified, at=NOON + timedelta(days=1))
    assert verified.source.verified_time.ToDatetime(tzinfo=NOON.tzinfo) == NOON


async def test_a_desk_verifies_its_own_record_alone(house: House) -> None:
    receiver = await house.receiver()
    own = await house.provider(receiver_id=receiver.receiver_id)
    foreign = await house.provider()
    desk = house.stub(Role.RECEIVER, receiver_ids=(receiver.receiver_id,))

    assert (await verify(house, own, desk)).source.HasField("verified_time")
    with pytest.raises(NotFound):
        await verify(house, foreign, desk)
    with pytest.raises(NotFound):
        await desk.GetProviderHistory(life_pb.GetProviderHistoryRequest(provider_id=foreign.provider_id))


async def test_the_history_says_who_when_and_what(house: House) -> None:
    provider = await house.provider(names=[text("Old")])
    changed = await change(house, provider, names=[text("New")], free_of_charge=pb.CLAIM_YES)
    await house.editor.ArchiveProvider(
        rpc_pb.ArchiveProviderRequest(
            request_id=a_request_id(), provider_id=provider.provider_id, expected_revision=changed.revision
        )
    )
    request = life_pb.GetProviderHistoryRequest(provider_id=provider.provider_id, page_size=2)

    page = await house.coordinator.GetProviderHistory(request)
    request.page_token = page.next_page_token
    rest = await house.coordinator.GetProviderHistory(request)

    archived, renamed = page.entries
    assert (archived.archived, list(archived.changes)) == (True, [])
    assert [(each.field, each.before) for each in renamed.changes] == [
        ("free_of_charge", '"CLAIM_UNKNOWN"'),
        ("names", '[{"language": "en", "text": "Old"}]'),
    ]
    assert renamed.changes[1].after == '[{"language": "en", "text": "New"}]'
    assert (renamed.actor, renamed.revision) == ("client-1", changed.revision)
    assert [entry.revision for entry in rest.entries] == [provider.revision]
    assert "status" in [each.field for each in rest.entries[0].changes]
    assert not rest.next_page_token


async def test_two_of_similar_names_next_to_each_other_may_be_one(house: House) -> None:
    async def at(metres_north: float, name: str) -> pb.Provider:
        point = geo_pb2.Point(
            latitude_deg=TRIPOLI.latitude_deg + metres_north / 110_900, longitude_deg=TRIPOLI.longitude_deg
        )
        return await house.provider(location=await house.location(point), names=[text(name)])

    one = await at(0, "Dar Al Aman shelter")
    other = await at(100, "Shelter Dar al-Aman")
    await at(120, "Legal clinic")
    await at(2000, "Dar Al Aman shelter")
    same_house = await house.provider(location=await house.location(), names=[text("Lone")])
    await house.provider(location=pb.Location(location_id=same_house.location_id), names=[text("Lone")])

    page = await house.coordinator.ListDuplicates(life_pb.ListDuplicatesRequest())

    (pair,) = page.pairs
    assert {pair.first.provider_id, pair.second.provider_id} == {one.provider_id, other.provider_id}
    assert pair.first.provider_id < pair.second.provider_id
    assert pair.distance_m == pytest.approx(100, abs=1)
    assert pair.similarity >= 0.5
    assert not page.next_page_token


def vetted_until(days: float) -> pb.Vetting:
    vetting = pb.Vetting(state=pb.VETTING_STATE_VETTED)
    vetting.expire_time.FromDatetime(NOON + timedelta(days=days))
    return vetting


async def ending(house: House, days: float, stub: Any = None, **conditions: Any) -> list[str]:
    request = life_pb.ListStaleRequest(page_size=1, **conditions)
    request.vetting_expires_before_time.FromDatetime(NOON + timedelta(days=days))
    ids: list[str] = []
    while True:
        page = await (stub or house.coordinator).ListStale(request)
        ids += [each.provider_id for each in page.providers]
        if not page.next_page_token:
            return ids
        request.page_token = page.next_page_token


async def test_whose_vetting_ends_first_comes_first_what_has_ended_before_all_r33(house: House) -> None:
    await house.provider()  # nobody has vetted it
    await house.provider(vetting=pb.Vetting(state=pb.VETTING_STATE_VETTED))  # without an end
    ends = [(await house.provider(vetting=vetted_until(days))).provider_id for days in (40, 20, -1, 10)]

    assert await ending(house, 30) == [ends[2], ends[3], ends[1]]
    assert await ending(house, 10) == [ends[2]]
    assert await ending(house, 41) == [ends[2], ends[3], ends[1], ends[0]]


async def test_a_record_that_was_vetted_again_leaves_the_list(house: House) -> None:
    provider = await house.provider(vetting=vetted_until(5))
    await change(house, provider, vetting=vetted_until(400))

    assert await ending(house, 30) == []


async def test_a_confidential_site_is_for_editors_and_other_datasets_are_not_asked(house: House) -> None:
    hidden = await house.location(point=None, disclosure=pb.DISCLOSURE_AREA)
    site = await house.provider(location=hidden, vetting=vetted_until(1))
    other = await house.provider(vetting=vetted_until(2), source=a_source("one"))

    assert await ending(house, 30) == [other.provider_id]
    assert await ending(house, 30, house.editor) == [site.provider_id, other.provider_id]
    assert await ending(house, 30, house.editor, dataset=other.source.dataset) == [other.provider_id]


async def test_it_is_asked_one_thing_at_a_time(house: House) -> None:
    request = life_pb.ListStaleRequest()
    request.vetting_expires_before_time.FromDatetime(NOON)
    request.verified_before_time.FromDatetime(NOON)

    with pytest.raises(InvalidInput):
        await house.coordinator.ListStale(request)


async def test_the_figures_say_what_is_due(house: House) -> None:
    for days in (-1, 10, 20, 40):
        await house.provider(vetting=vetted_until(days))
    await verify(house, await house.provider(vetting=vetted_until(5)))

    async with read(house.pool) as connection:
        due = await count_due(connection, NOON)

    assert due == {"stale": 4, "vetting_expiring": 3, "vetting_expired": 1}
    registry = CollectorRegistry()
    Alarms(registry).tell(due)
    figures = {why: registry.get_sample_value("ihala_directory_records_due", {"why": why}) for why in due}
    assert figures == due
