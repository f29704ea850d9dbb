"""A table that somebody holds, a transaction that does not end, a database without a free session (F25)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
import pytest

from ihala.cli.run.plan import RPC
from ihala.directory.v1 import directory_service_pb2, directory_service_pb2_grpc
from ihala.notify.v1 import notify_pb2, notify_pb2_grpc
from ihala.referrals.v1 import referrals_service_pb2, referrals_service_pb2_grpc
from services.errors import Exhausted, Unavailable
from tests.faults.pressing import POOL_SIZE, crowded, locked, long_transaction, most_sessions
from tests.faults.probing import DEADLINE_S, Heard, ask, probe
from tests.faults.storm import DESK
from tests.faults.weather import await_referrals, await_that, blowing, storm_at
from tests.house import House

CASES = 60
AT_ONCE = 15  #: calls beside the storm's, more than a pool has connections
FEW_AT_ONCE = 4  #: for the short form
HELD_S = 12.0
HEALED_WITHIN_S = 90.0
SOME_MORE = 1  #: sessions that are not the pool's: one that migrates or watches over the database
#: waiting for a connection, for a lock, and for one statement more; then what two busy processors need
ENDS_S = 5.0 + 2.0 + 5.0
SLACK_S = 3.0


def call_of(service: str, receiver_id: str) -> Callable[[grpc.aio.Channel, Any], Any]:
    """Return a call that reads the tables which its service cannot do without."""

    def call(channel: grpc.aio.Channel, metadata: Any) -> Any:
        if service == "referrals":
            stub: Any = referrals_service_pb2_grpc.ReferralsServiceStub(channel)
            request: Any = referrals_service_pb2.ListOffersRequest(receiver_id=receiver_id)
            return stub.ListOffers(request, timeout=DEADLINE_S, metadata=metadata)
        if service == "notify":
            stub = notify_pb2_grpc.NotifyServiceStub(channel)
            request = notify_pb2.ListAlertsRequest(receiver_id=receiver_id)
            return stub.ListAlerts(request, timeout=DEADLINE_S, metadata=metadata)
        stub = directory_service_pb2_grpc.DirectoryServiceStub(channel)
        request = directory_service_pb2.ListProvidersRequest(receiver_id=receiver_id)
        return stub.ListProviders(request, timeout=DEADLINE_S, metadata=metadata)

    return call


@asynccontextmanager
async def probed(house: House, names: Collection[str], took_s: list[float]) -> AsyncIterator[None]:
    """Ask services whether they serve while the context lasts."""
    async with asyncio.TaskGroup() as group:
        probes = [group.create_task(probe(house.addresses[name], took_s)) for name in names]
        yield
        for each in probes:
            each.cancel()


async def pressed(house: House, service: str, at_once: int, seconds: float) -> list[Heard]:
    """Make calls side by side, each once, for as long as the pressure lasts."""
    profile = house.profile(f"receivers/{DESK}")
    assert profile.receiver is not None
    call = call_of(service, profile.receiver.receiver_id)
    heard: list[Heard] = []
    end_s = time.monotonic() + seconds

    async def one_after_the_other() -> None:
        while time.monotonic() < end_s:
            heard.append(await ask(profile, service, call))

    async with asyncio.TaskGroup() as callers:
        for _ in range(at_once):
            callers.create_task(one_after_the_other())
    return heard


@dataclass(frozen=True, slots=True)
class Pressure:
    """What is held, and what must be seen of it."""

    press: Callable[[House], AbstractContextManager[None]]
    asked: str  #: the service whose readers are let wait
    is_felt: bool = True  #: by readers: rows that are held are read by everybody
    serving: Collection[str] = tuple(RPC)  #: who says that it serves; the directory looks at its database, and says so


PRESSURES = {
    "offers-locked": Pressure(partial(locked, table="referrals.offer"), "referrals"),
    "referrals-feed-held": Pressure(partial(long_transaction, table="referrals.feed"), "referrals", is_felt=False),
    "providers-locked": Pressure(partial(locked, table="directory.provider"), "directory"),
    "alerts-locked": Pressure(partial(locked, table="notify.alert"), "notify"),
    "deliveries-held": Pressure(partial(long_transaction, table="notify.delivery"), "notify", is_felt=False),
    "no-session": Pressure(crowded, "referrals", serving=("matching", "referrals", "notify")),
}


def test_who_meets_a_lock_is_told_within_its_time_and_is_answered_after_it(house: House) -> None:
    with locked(house, "referrals.offer"):
        refused = asyncio.run(pressed(house, "referrals", FEW_AT_ONCE, 0.1))
    served = asyncio.run(pressed(house, "referrals", FEW_AT_ONCE, 0.1))

    assert len(refused) == FEW_AT_ONCE
    assert all(isinstance(each.error, Unavailable) and each.error.retry_after_s for each in refused)
    assert max(each.took_s for each in refused) < ENDS_S + SLACK_S
    assert [each.error for each in served if each.error] == []


@pytest.mark.long
@pytest.mark.parametrize("name", PRESSURES)
def test_who_meets_a_held_table_is_told_so_in_time_and_nothing_is_left_of_it(
    house: House, name: str, record_property: Callable[[str, object], None]
) -> None:
    pressure = PRESSURES[name]
    probes_s: list[float] = []

    async def under(pressure: Pressure) -> list[Heard]:
        async with probed(house, pressure.serving, probes_s):
            return await pressed(house, pressure.asked, AT_ONCE, HELD_S)

    with most_sessions(house) as most, blowing(storm_at(house, f"press-{name}", CASES)) as storm:
        await_referrals(storm, CASES // 3)
        with pressure.press(house):
            answered = len(storm.referred)
            heard = asyncio.run(under(pressure))
            meanwhile = len(storm.referred) - answered
        healed_s = time.monotonic()
        await_that(storm, lambda: len(storm.referred) == CASES == len(storm.accepted), "the rest", HEALED_WITHIN_S)
        record_property("all done after, s", round(time.monotonic() - healed_s, 1))

    refused = [each for each in heard if each.error is not None]
    assert {type(each.error) for each in refused} <= {Unavailable, Exhausted}
    assert all(each.error is not None and each.error.retry_after_s for each in refused)
    assert max(each.took_s for each in heard) < ENDS_S + SLACK_S
    assert bool(refused) == pressure.is_felt
    assert all(count <= POOL_SIZE + SOME_MORE for count in most.values()), most
    record_property("refused", f"{len(refused)} of {len(heard)}, after {longest(refused)} s at most")
    record_property("answered meanwhile", meanwhile)
    record_property("sessions at most", dict(most))
    record_property("health, longest, s", f"{max(probes_s):.2f}")


def longest(heard: list[Heard]) -> str:
    return f"{max((each.took_s for each in heard), default=0.0):.1f}"
