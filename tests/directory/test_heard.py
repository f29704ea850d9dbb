"""When desks were last heard: shown with their providers, in the feed, without a change of any record."""

from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.directory.v1 import record_life_pb2 as life_pb
from services.errors import InvalidInput, PermissionDenied
from services.runtime.auth import Role
from tests.directory.house import NOON, House, a_request_id, text

HOUR = timedelta(hours=1)


def at(time: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


async def hear(house: House, receiver: pb.Receiver, time: datetime, stub: Any = None) -> int:
    heard = rpc_pb.HeardReceiver(receiver_id=receiver.receiver_id, heard_time=at(time))
    request = rpc_pb.ReportReceiversHeardRequest(request_id=a_request_id(), heard=[heard])
    answer = await (stub or house.service).ReportReceiversHeard(request)
    count: int = answer.news_count
    return count


async def the(house: House, provider: pb.Provider) -> pb.Provider:
    answer = await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))
    seen: pb.Provider = answer.provider
    return seen


async def enrolled(house: House, receiver: pb.Receiver) -> pb.Provider:
    return await house.provider(receiver_id=receiver.receiver_id, reach_out=pb.REACH_OUT_ENROLLED)


async def test_every_answer_shows_when_the_desk_was_heard(house: House) -> None:
    receiver = await house.receiver()
    provider, other = await enrolled(house, receiver), await house.provider()
    assert not provider.HasField("receiver_heard_time")

    assert await hear(house, receiver, NOON - HOUR) == 1

    assert (await the(house, provider)).receiver_heard_time == at(NOON - HOUR)
    assert not (await the(house, other)).HasField("receiver_heard_time")
    answer = await house.coordinator.SearchProviders(rpc_pb.SearchProvidersRequest())
    heard = {each.provider.provider_id: each.provider.HasField("receiver_heard_time") for each in answer.found}
    assert heard == {provider.provider_id: True, other.provider_id: False}


async def test_watchers_hear_of_it_and_the_history_does_not(house: House) -> None:
    receiver = await house.receiver()
    provider = await enrolled(house, receiver)

    await hear(house, receiver, NOON - HOUR)

    async with aclosing(house.service.WatchProviders(rpc_pb.WatchProvidersRequest())) as pages:
        page = await anext(pages)
    change = page.changes[-1]
    assert change.provider.receiver_heard_time == at(NOON - HOUR)
    assert change.revision > provider.revision
    history = await house.editor.GetProviderHistory(life_pb.GetProviderHistoryRequest(provider_id=provider.provider_id))
    assert [each.revision for each in history.entries] == [provider.revision]


async def test_who_read_the_record_before_may_still_change_it(house: House) -> None:
    receiver = await house.receiver()
    provider = await enrolled(house, receiver)
    await hear(house, receiver, NOON - 3 * HOUR)
    await hear(house, receiver, NOON - HOUR)

    answer = await house.editor.UpdateProvider(
        rpc_pb.UpdateProviderRequest(
            request_id=a_request_id(),
            provider=pb.Provider(provider_id=provider.provider_id, names=[text("Bayt al-Amal")]),
            update_mask=FieldMask(paths=["names"]),
            expected_revision=provider.revision,
        )
    )

    assert answer.provider.receiver_heard_time == at(NOON - HOUR)
    assert (await the(house, provider)).names[0].text == "Bayt al-Amal"


async def test_the_newest_time_wins_and_watchers_are_told_once_an_hour(house: House) -> None:
    receiver = await house.receiver()
    provider = await enrolled(house, receiver)

    news = [await hear(house, receiver, NOON - ago) for ago in (2 * HOUR, 3 * HOUR, 1.5 * HOUR, HOUR, 0.5 * HOUR)]

    assert news == [1, 0, 0, 1, 0]
    assert (await the(house, provider)).receiver_heard_time == at(NOON - HOUR)


async def test_a_provider_that_goes_to_another_desk_shows_when_that_was_heard(house: House) -> None:
    silent, receiver = await house.receiver(), await house.receiver()
    provider = await enrolled(house, receiver)
    await hear(house, receiver, NOON)
    seen = await the(house, provider)

    await house.editor.UpdateProvider(
        rpc_pb.UpdateProviderRequest(
            request_id=a_request_id(),
            provider=pb.Provider(provider_id=provider.provider_id, receiver_id=silent.receiver_id),
            update_mask=FieldMask(paths=["receiver_id"]),
            expected_revision=seen.revision,
        )
    )

    assert not (await the(house, provider)).HasField("receiver_heard_time")


async def test_a_desk_that_nobody_knows_is_passed_over(house: House) -> None:
    assert await hear(house, pb.Receiver(receiver_id="desk-1"), NOON) == 0
    assert await hear(house, pb.Receiver(receiver_id="00000000-0000-4000-8000-000000000000"), NOON) == 0


async def test_what_was_not_heard_yet_is_refused(house: House) -> None:
    receiver = await house.receiver()

    with pytest.raises(InvalidInput) as caught:
        await hear(house, receiver, NOON + timedelta(minutes=6))

    assert caught.value.fields[0].field == "heard[0].heard_time"


@pytest.mark.parametrize("role", [Role.RECEIVER, Role.DIRECTORY_EDITOR, Role.COORDINATOR])
async def test_services_alone_say_when_a_desk_was_heard(house: House, role: Role) -> None:
    receiver = await house.receiver()

    with pytest.raises(PermissionDenied):
        await hear(house, receiver, NOON, house.stub(role, receiver_ids=(receiver.receiver_id,)))
