"""Streams that are opened and left at once, in each way in which a caller can leave."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import grpc

from ihala.directory.v1 import directory_service_pb2 as directory_pb
from ihala.notify.v1 import notify_pb2 as notify_pb
from ihala.referrals.v1 import referrals_service_pb2 as referrals_pb
from tests.faults.callers import Metadata, stranger, token_of
from tests.faults.storm import DESK
from tests.house import House

AT_ONCE: Final = 6  #: connections; what is forgotten on all of them must fit into one service
BY_ONE_CHANNEL: Final = 80  #: a connection takes 100 calls
FIRST_S: Final = 10.0
WAYS: Final = ("before it began", "at once", "after the first answer", "forgotten")


@dataclass(frozen=True, slots=True)
class Watch:
    """A method that streams its answer for as long as the caller listens, and somebody who may call it."""

    address: str
    path: str
    raw: bytes
    is_conversation: bool  #: the caller streams too
    metadata: Metadata

    def open(self, channel: Any) -> Any:
        """Open a stream; a conversation is begun and not ended."""
        if not self.is_conversation:
            return channel.unary_stream(self.path)(self.raw, metadata=self.metadata)
        return channel.stream_stream(self.path)(self._talk(), metadata=self.metadata)

    async def _talk(self) -> AsyncIterator[bytes]:
        yield self.raw
        await asyncio.Event().wait()


def watches(house: House) -> dict[str, Watch]:
    """Name the streams that systems outside hold open, by service."""
    own = house.profile(f"receivers/{DESK}").receiver
    assert own is not None

    def by(owner: str) -> Metadata:
        return (("authorization", f"Bearer {token_of(house, owner)}"),)

    first = notify_pb.StreamAlertsRequest(receiver_id=own.receiver_id)
    return {
        "directory": Watch(
            house.addresses["directory"],
            "/ihala.directory.v1.DirectoryService/WatchProviders",
            directory_pb.WatchProvidersRequest().SerializeToString(),
            is_conversation=False,
            metadata=by("matching"),
        ),
        "referrals": Watch(
            house.addresses["referrals"],
            "/ihala.referrals.v1.ReferralsService/WatchReferrals",
            referrals_pb.WatchReferralsRequest().SerializeToString(),
            is_conversation=False,
            metadata=by("ministry"),
        ),
        "notify": Watch(
            house.addresses["notify"],
            "/ihala.notify.v1.NotifyService/StreamAlerts",
            first.SerializeToString(),
            is_conversation=True,
            metadata=by(f"receivers/{DESK}"),
        ),
    }


async def from_now(watch: Watch) -> Watch:
    """Let a watch of the directory begin where its feed is now, so that it is told little."""
    async with stranger(watch.address) as channel:
        stream = watch.open(channel)
        page = directory_pb.WatchProvidersResponse()
        while not page.caught_up:
            async with asyncio.timeout(FIRST_S):
                page.ParseFromString(await stream.read())
        stream.cancel()
    now = directory_pb.WatchProvidersRequest(epoch=page.epoch, after_revision=page.revision)
    return replace(watch, raw=now.SerializeToString())


async def open_and_leave(watch: Watch, count: int) -> None:
    """Open so many streams and leave each; those that are forgotten end with their connection, as the last of it."""
    left = iter(range(count))

    async def visitor() -> None:
        more = True
        while more:
            async with stranger(watch.address) as channel:
                numbers = list(islice(left, BY_ONE_CHANNEL))
                kept = [await _leave(watch.open(channel), WAYS[number % len(WAYS)]) for number in numbers]
                more = bool(kept)

    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, min(AT_ONCE, count // BY_ONE_CHANNEL))):
            group.create_task(visitor())
    # grpcio keeps the connection of a closed channel while its calls are still about, and they are in circles
    gc.collect()


async def _leave(stream: Any, way: str) -> Any:
    if way == "at once":
        await asyncio.sleep(0)  # it is on its way
    if way == "after the first answer":
        async with asyncio.timeout(FIRST_S):
            assert await stream.read() is not grpc.aio.EOF
    if way != "forgotten":
        stream.cancel()
    return stream


@asynccontextmanager
async def held_open(watch: Watch, count: int) -> AsyncIterator[int]:
    """Hold streams open at the same time, and yield how many of them the server let in."""
    async with AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(stranger(watch.address)) for _ in range(0, count, BY_ONE_CHANNEL)]
        streams = [watch.open(channels[number // BY_ONE_CHANNEL]) for number in range(count)]
        heard = await asyncio.gather(*(_first(each) for each in streams))
        yield sum(heard)
        for each in streams:
            each.cancel()


async def _first(stream: Any) -> bool:
    try:
        async with asyncio.timeout(FIRST_S):
            return await stream.read() is not grpc.aio.EOF
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
            raise
        return False
