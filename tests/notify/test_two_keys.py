"""A desk's keys of NATS and of its webhook while its software changes from one to the next (F27)."""

import asyncio
from datetime import timedelta

from cryptography.exceptions import InvalidSignature

from services.notify import deliveries
from services.notify.channels.webhook import WebhookChannel
from services.notify.model import Channel
from services.notify.store.repairs import RepairStore
from services.runtime.embedded.nats_accounts import generate_key
from services.runtime.postgres import Process
from tests.notify.posting import Authority, Posted, egress_to, https_server, says
from tests.notify.stores import NOON, Clock, Stores, a_nats_device, a_request, an_event
from tests.notify.test_webhooks import verify
from tests.notify.ways import a_target, endpoint_store, registered

OPERATOR = Process(client_id="operator-1")
ALERTS = 5
OLD, NEW, NEWEST = (generate_key()[1] for _ in range(3))


def is_signed_by(posted: Posted, public_key: str) -> bool:
    try:
        verify(posted, public_key)
    except InvalidSignature:
        return False
    return True


async def register(stores: Stores, key: str, minute: int, *, keeps_previous: bool, receiver_id: str = "house-1") -> str:
    """Give a receiver a key, and return the device that stands for it."""
    device = a_nats_device(receiver_id, key)
    time = NOON + timedelta(minutes=minute)
    await stores.devices.register_nats(a_request(f"{minute}"), OPERATOR, device, time, keeps_previous=keeps_previous)
    return device.device_id


async def test_the_key_before_holds_on_beside_the_new_one_until_it_is_ended(stores: Stores) -> None:
    before = await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, NEW, 1, keeps_previous=True)
    both = await stores.devices.nats_accounts()

    await stores.devices.end(a_request("end"), OPERATOR, before, NOON + timedelta(minutes=2))

    assert both == {"house-1": sorted([OLD, NEW])}
    assert await stores.devices.nats_accounts() == {"house-1": [NEW]}


async def test_no_more_than_two_hold(stores: Stores) -> None:
    await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, NEW, 1, keeps_previous=True)
    await register(stores, NEWEST, 2, keeps_previous=True)

    assert await stores.devices.nats_accounts() == {"house-1": sorted([NEW, NEWEST])}


async def test_without_a_word_every_key_before_ends_at_once(stores: Stores) -> None:
    await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, NEW, 1, keeps_previous=True)
    await register(stores, NEWEST, 2, keeps_previous=False)

    assert await stores.devices.nats_accounts() == {"house-1": [NEWEST]}


async def test_a_key_belongs_to_one_receiver_and_leaves_the_one_before(stores: Stores) -> None:
    await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, OLD, 1, keeps_previous=True, receiver_id="house-2")

    assert await stores.devices.nats_accounts() == {"house-2": [OLD]}


async def test_a_second_key_is_no_new_consumer_whose_alerts_must_be_told_again(stores: Stores) -> None:
    before = await register(stores, OLD, 0, keeps_previous=False)
    repairs = RepairStore(stores.pool)
    await repairs.note_consumer("house-1", NOON, NOON)
    await register(stores, NEW, 1, keeps_previous=True)
    await stores.devices.end(a_request("end"), OPERATOR, before, NOON)

    assert not await repairs.note_consumer("house-1", NOON, NOON)
    assert await repairs.note_consumer("house-1", NOON + timedelta(hours=1), NOON)


async def test_a_webhooks_key_changes_by_a_second_address_and_each_alert_comes_under_a_key_that_holds(
    stores: Stores, clock: Clock, authority: Authority
) -> None:
    """Of the alerts of the time between, each comes by both, under one id; none fails."""
    store = endpoint_store(stores.pool)
    stop, rang = asyncio.Event(), asyncio.Event()

    async def posted(when: str) -> None:
        for number in range(ALERTS):
            await stores.alerts.hear(an_event(f"{when}-{number}"), clock())
        rang.set()
        due = "SELECT count(*) FROM delivery WHERE channel = 'webhook' AND state NOT IN ('delivered', 'dropped')"
        async with asyncio.timeout(20):
            while await stores.rows(due) != [(0,)]:  # noqa: ASYNC110 -- it happens in PostgreSQL
                await asyncio.sleep(0.02)

    async with https_server(authority.server(), says(204)) as server, asyncio.TaskGroup() as tasks:
        channel = WebhookChannel(store, egress_to(server, authority), clock)
        tasks.create_task(deliveries.run(stores.deliveries, {Channel.WEBHOOK: channel}, rang, clock, stop))
        old, new = a_target(server.url), a_target(f"{server.url}-2")
        first = await registered(store, old)
        await posted("old")
        await registered(store, new)
        await posted("both")
        await store.end(a_request("end"), OPERATOR, first, clock())
        await posted("new")
        stop.set()

    by_key: dict[str, set[str]] = {old.endpoint.public_key: set(), new.endpoint.public_key: set()}
    for each in server.requests:
        [key] = [key for key in by_key if is_signed_by(each, key)]
        by_key[key].add(each.headers["webhook-id"])
    assert [len(ids) for ids in by_key.values()] == [2 * ALERTS, 2 * ALERTS]
    assert len(set.union(*by_key.values())) == 3 * ALERTS
    assert await stores.rows("SELECT count(*) FROM attempt WHERE code <> ''") == [(0,)]
