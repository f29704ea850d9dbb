"""Callers who mean well, beside a crowd that does not: what each service owes them meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from google.protobuf.message import Message

from ihala.client import IMMEDIATE, Need
from ihala.directory.v1 import directory_service_pb2 as directory_pb
from ihala.matching.v1 import matching_pb2 as matching_pb
from ihala.notify.v1 import notify_pb2 as notify_pb
from ihala.referrals.v1 import referrals_service_pb2 as referrals_pb
from ihala.request_wire import request_to_wire
from tests.faults.callers import stranger, token_of
from tests.faults.pace import percentile
from tests.faults.probing import probe
from tests.faults.storm import DESK
from tests.house import House

TOWN: Final = "geonames:2210247"
CALM_S: Final = 0.02  #: between two calls
Good = tuple[str, Message, str]  #: what is asked, of which method, by whom


def good_calls(house: House) -> dict[str, Good]:
    """Name one call of each service that is asked many times a day."""
    own = house.profile(f"receivers/{DESK}").receiver
    assert own is not None
    match = request_to_wire(
        [Need(code="ACC-EMG", urgency=IMMEDIATE)],
        TOWN,
        urgency=None,
        person=None,
        safety=matching_pb.Safety(),
        when_time=None,
        limit=5,
        max_distance_m=None,
        travel_mode=None,
    )
    return {
        "directory": (
            "/ihala.directory.v1.DirectoryService/GetTown",
            directory_pb.GetTownRequest(place_id=TOWN),
            "ministry",
        ),
        "matching": ("/ihala.matching.v1.MatchingService/FindMatches", match, "ministry"),
        "referrals": (
            "/ihala.referrals.v1.ReferralsService/ListReferrals",
            referrals_pb.ListReferralsRequest(page_size=1),
            "ministry",
        ),
        "notify": (
            "/ihala.notify.v1.NotifyService/ListAlerts",
            notify_pb.ListAlertsRequest(receiver_id=own.receiver_id, page_size=1),
            f"receivers/{DESK}",
        ),
    }


@asynccontextmanager
async def beside(house: House) -> AsyncIterator[dict[str, list[float]]]:
    """Call every service well while the context lasts; yields how long each call took, in seconds. None may fail."""
    took_s: dict[str, list[float]] = {peer: [] for peer in house.addresses}
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        tasks = [group.create_task(probe(address, [])) for address in house.addresses.values()]
        for peer, (path, request, owner) in good_calls(house).items():
            channel = await stack.enter_async_context(stranger(house.addresses[peer]))
            metadata = (("authorization", f"Bearer {token_of(house, owner)}"),)
            call: Any = channel.unary_unary(path)
            tasks.append(group.create_task(_again_and_again(call, request.SerializeToString(), metadata, took_s[peer])))
        yield took_s
        for task in tasks:
            task.cancel()


async def _again_and_again(call: Any, raw: bytes, metadata: Any, took_s: list[float]) -> None:
    while True:
        began_s = time.perf_counter()
        await call(raw, metadata=metadata, timeout=10)
        took_s.append(time.perf_counter() - began_s)
        await asyncio.sleep(CALM_S)


def p99_s(took_s: dict[str, list[float]]) -> dict[str, float]:
    """Return the 99th percentile of each service, in seconds."""
    return {peer: percentile(values, 0.99) for peer, values in took_s.items() if values}
