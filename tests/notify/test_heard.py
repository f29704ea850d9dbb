"""Tests of what the directory is told of desks that were heard, with the real directory."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.errors import Unavailable
from services.notify.clients import RemoteDirectory
from services.notify.heard import HeardReporter
from services.notify.store.heard import HeardStore
from services.runtime.auth import Role
from services.runtime.channel import open_channel
from tests.directory.house import NOON, a_house
from tests.notify.stores import Clock, Stores

HOUR = timedelta(hours=1)


class Told:
    """A directory that remembers what it was told, unless it is away."""

    def __init__(self) -> None:
        self.calls: list[Mapping[str, datetime]] = []
        self.is_away = False

    async def report_heard(self, time_by_receiver: Mapping[str, datetime]) -> None:
        if self.is_away:
            raise Unavailable("the directory is away")
        self.calls.append(time_by_receiver)


async def hear(stores: Stores, device_id: str, receiver_id: str, time: datetime) -> None:
    async with stores.pool.connection() as connection:
        await connection.execute(
            """
            INSERT INTO device (
                device_id, receiver_id, channel, create_time, heard_time, token_digest, pin_digest, time_zone
            ) VALUES (%(device)s, %(receiver)s, 'page', %(time)s, %(time)s, %(digest)s, %(digest)s, 'UTC')
            ON CONFLICT (device_id) DO UPDATE SET heard_time = excluded.heard_time
            """,
            {"device": device_id, "receiver": receiver_id, "time": time, "digest": device_id.encode()},
        )


async def test_a_desk_is_told_once_an_hour_and_by_the_device_that_was_heard_last(stores: Stores) -> None:
    clock, told = Clock(NOON), Told()
    reporter = HeardReporter(HeardStore(stores.pool), told, clock)
    await hear(stores, "device-1", "house-1", NOON - 3 * HOUR)
    await hear(stores, "device-2", "house-1", NOON - HOUR)
    await hear(stores, "device-3", "house-2", NOON - timedelta(days=9))

    await reporter.report()
    await hear(stores, "device-1", "house-1", NOON - 0.5 * HOUR)
    await reporter.report()
    await hear(stores, "device-1", "house-1", NOON)
    await reporter.report()

    assert told.calls == [{"house-1": NOON - HOUR}, {"house-1": NOON}]


async def test_what_could_not_be_told_is_told_in_the_next_round(stores: Stores) -> None:
    told = Told()
    reporter = HeardReporter(HeardStore(stores.pool), told, Clock(NOON))
    await hear(stores, "device-1", "house-1", NOON)
    told.is_away = True
    with pytest.raises(Unavailable):
        await reporter.report()
    told.is_away = False

    await reporter.report()

    assert told.calls == [{"house-1": NOON}]


async def test_the_directory_shows_when_a_device_of_the_desk_was_heard(
    stores: Stores, migrated_url: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    async with a_house(await migrated_url("directory"), tmp_path) as house:
        receiver = await house.receiver()
        provider = await house.provider(receiver_id=receiver.receiver_id, reach_out=pb.REACH_OUT_ENROLLED)
        await hear(stores, "device-1", receiver.receiver_id, NOON - HOUR)
        token = house.serving.identity.token(Role.SERVICE, client_id="notify")
        async with open_channel(house.serving.address, lambda: token) as channel:
            await HeardReporter(HeardStore(stores.pool), RemoteDirectory(channel), Clock(NOON)).report()

        seen = await house.editor.GetProvider(rpc_pb.GetProviderRequest(provider_id=provider.provider_id))

    assert seen.provider.receiver_heard_time.ToDatetime(NOON.tzinfo) == NOON - HOUR
