"""What a process has just committed goes to the stream without being read for it, and what it left is found."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2
from services.referrals.relay import relay
from services.runtime.embedded.nats import NatsServer
from services.runtime.postgres import Pool, open_pool
from tests.referrals.samples import Running, a_provider, a_report, order
from tests.referrals.test_groups import a_group, a_part, a_plan, houses
from tests.referrals.test_relay import connected, make_stream, stored
from tests.referrals.test_relay_repair import lose_stream, two_offers

LOOKED = "SELECT 1 FROM relayed_stream"
UNMARKED = "SELECT 1 FROM event WHERE published_time IS NULL AND offer_id IS NOT NULL"


@asynccontextmanager
async def relaying(referrals: Running, nats: NatsServer, pool: Pool | None = None) -> AsyncIterator[None]:
    """Run the relay of a process while the context lasts; it has looked at the stream when this begins."""
    stop, own = asyncio.Event(), pool or referrals.desk.pool
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(relay(own, lambda: connected(nats, "relay"), stop, referrals.clock))
        await until(referrals, LOOKED, is_there=True)
        yield
        stop.set()


async def until(referrals: Running, query: str, *, is_there: bool) -> None:
    """Wait until a query finds something, or nothing any more."""
    while bool(await referrals.rows(query)) != is_there:  # noqa: ASYNC110 -- the relay's
        await asyncio.sleep(0.02)


async def told(nats: NatsServer) -> set[str]:
    """List the offers that the stream has told of."""
    return {event["data"]["offer_id"] for _subject, _id, event in await stored(nats)}


async def test_what_was_committed_is_published_in_order_and_marked_without_being_read(
    referrals: Running, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise AssertionError("nothing was left")

    monkeypatch.setattr("services.referrals.relay.publish_batch", refuse)
    await make_stream(nats_server)
    await referrals.know(a_provider(places=(a_report(3),)))
    async with relaying(referrals, nats_server):
        made = await referrals.refer()
        await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))
        await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
        await until(referrals, UNMARKED, is_there=False)

    assert [event["data"]["state"] for _subject, _id, event in await stored(nats_server)] == [
        "requested",
        "received",
        "accepted",
    ]


async def test_both_ways_tell_the_same_of_an_event(referrals: Running, nats_server: NatsServer) -> None:
    await make_stream(nats_server)
    await referrals.know(a_provider())
    async with relaying(referrals, nats_server):
        await referrals.refer()
        await until(referrals, UNMARKED, is_there=False)
        await referrals.rows("UPDATE event SET published_time = NULL, repair_no = 1 RETURNING 1")
        await until(referrals, UNMARKED, is_there=False)

    (_, first_id, first), (_, again_id, again) = await stored(nats_server)
    assert first == again
    assert again_id == f"{first_id}:r1"


async def test_what_another_process_left_is_found(referrals: Running, nats_server: NatsServer) -> None:
    await make_stream(nats_server)
    await referrals.know(a_provider())
    async with open_pool(referrals.url, "referrals") as deaf, relaying(referrals, nats_server, deaf):
        await referrals.refer()
        await until(referrals, UNMARKED, is_there=False)

    assert len(await stored(nats_server)) == 1


async def test_what_is_told_with_others_is_read_with_them(referrals: Running, nats_server: NatsServer) -> None:
    """R52: one alert tells of all that a provider is asked for."""
    await make_stream(nats_server)
    await houses(referrals, one=20)
    group = a_group("boat-1", 4)
    group.needs.add(code="HEA-SGV", urgency=matching_pb2.URGENCY_IMMEDIATE)
    medical = matching_pb2.Assignment(label="boat-1", provider_id="one", count=4, need_no=1)
    origin = geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=32.9, longitude_deg=13.2))
    plan = matching_pb2.PlanMatchesRequest(groups=[group], origin=origin)
    request = await a_plan(referrals, a_part("boat-1", "one", 4), medical, plan_request=plan)
    async with relaying(referrals, nats_server):
        await referrals.sender().CreateReferrals(request)
        await until(referrals, UNMARKED, is_there=False)

    one, other = [event["data"]["part_offer_ids"] for _subject, _id, event in await stored(nats_server)]
    assert set(one) == await told(nats_server)
    assert len(one) == 2
    assert one == other


async def test_a_loss_is_met_by_what_is_published_at_once(
    referrals: Running, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L3, before anybody looks at the stream."""
    monkeypatch.setattr("services.referrals.relay.LOOK_EVERY_S", 1000.0)
    accepted, unread = await two_offers(referrals, nats_server)
    await referrals.rows("DELETE FROM relayed_stream RETURNING 1")  # so that the first look is seen
    async with relaying(referrals, nats_server):
        await referrals.receiver().AcknowledgeOffer(order("Acknowledge", unread))
        await until(referrals, UNMARKED, is_there=False)
        await lose_stream(nats_server)
        latest = (await referrals.refer()).offers[0].offer_id
        while await told(nats_server) < {accepted, unread, latest}:  # noqa: ASYNC110 -- the relay's
            await asyncio.sleep(0.05)
