"""Each endpoint has a queue of its own: one attempt in hand, and nobody waits for another's slowness (L5, F13)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.notify import deliveries
from services.notify.model import Channel
from tests.notify.lanes import SendFailed, Sent, an_endpoint
from tests.notify.stores import Clock, Stores, an_event

HOUSES = 10


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "POLL_S", 0.05)


@asynccontextmanager
async def delivering(stores: Stores, sent: Sent, clock: Clock, replicas: int = 1) -> AsyncIterator[asyncio.Event]:
    """Run the loop, as many times as there are replicas; yields what rings them."""
    stop, rang = asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        for _ in range(replicas):
            tasks.create_task(
                deliveries.run(stores.deliveries, {Channel.WEBHOOK: sent, Channel.SMS: sent}, rang, clock, stop)
            )
        yield rang
        for hold in sent.holds.values():
            hold.set()
        stop.set()


async def until_delivered(stores: Stores, endpoint_prefix: str, count: int) -> None:
    async with asyncio.timeout(20):
        while True:
            rows = await stores.rows("SELECT endpoint_id FROM delivery WHERE state = 'delivered'")
            if sum(str(row[0]).startswith(endpoint_prefix) for row in rows) >= count:
                return
            await asyncio.sleep(0.02)


async def test_one_endpoint_that_never_answers_delays_no_other(stores: Stores, clock: Clock) -> None:
    """L5: what others get does not wait for it, nor does a later alert of theirs."""
    sent = Sent()
    for number in range(HOUSES):
        await an_endpoint(stores, f"hook-{number}", receiver_id=f"house-{number}")
    await an_endpoint(stores, "slow", receiver_id="house-slow")
    sent.holds["slow"] = asyncio.Event()
    for offer in range(3):
        await stores.alerts.hear(an_event(f"slow-{offer}", receiver_id="house-slow"), clock())
        for number in range(HOUSES):
            await stores.alerts.hear(an_event(f"{number}-{offer}", receiver_id=f"house-{number}"), clock())

    async with delivering(stores, sent, clock):
        await until_delivered(stores, "hook-", 3 * HOUSES)

        assert await stores.rows("SELECT 1 FROM delivery WHERE endpoint_id = 'slow' AND state = 'delivered'") == []
        assert sent.in_hand["slow"] == 1


async def test_an_endpoint_has_one_attempt_in_hand_whatever_the_number_of_replicas(
    stores: Stores, clock: Clock
) -> None:
    sent = Sent()
    await an_endpoint(stores, "hook")
    for offer in range(12):
        await stores.alerts.hear(an_event(f"offer-{offer}"), clock())

    async with delivering(stores, sent, clock, replicas=3):
        await until_delivered(stores, "hook", 12)

    assert sent.most_in_hand["hook"] == 1
    assert len(sent.attempts) == len({each.alert.alert_id for each in sent.attempts}) == 12


async def test_what_the_other_side_has_taken_is_delivered_and_what_goes_to_a_telephone_only_sent(
    stores: Stores, clock: Clock
) -> None:
    """I9: nothing is delivered on the word of whoever carries it."""
    hook, phone = Sent(), Sent()
    phone.confirms = False
    await an_endpoint(stores, "hook")
    await an_endpoint(stores, "phone", channel=Channel.SMS)
    await stores.alerts.hear(an_event(), clock())
    stop = asyncio.Event()
    senders = {Channel.WEBHOOK: hook, Channel.SMS: phone}
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(deliveries.run(stores.deliveries, senders, asyncio.Event(), clock, stop))
        await until_delivered(stores, "hook", 1)
        while not await stores.rows("SELECT 1 FROM delivery WHERE state = 'sent' AND endpoint_id = 'phone'"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        stop.set()

    assert await stores.rows("SELECT state, next_time FROM delivery WHERE endpoint_id = 'phone'") == [("sent", None)]


async def test_a_paused_endpoint_is_sent_nothing_and_the_next_way_begins(stores: Stores, clock: Clock) -> None:
    sent = Sent()
    await an_endpoint(stores, "hook")
    await an_endpoint(stores, "phone", channel=Channel.SMS, order_no=2)
    await stores.alerts.hear(an_event(), clock())
    async with stores.pool.connection() as connection:
        await connection.execute("UPDATE endpoint SET state = 'paused' WHERE endpoint_id = 'hook'")

    async with delivering(stores, sent, clock):
        await until_delivered(stores, "phone", 1)

    assert [each.endpoint_id for each in sent.attempts] == ["phone"]
    assert await stores.rows("SELECT last_code FROM delivery WHERE endpoint_id = 'hook'") == [("endpoint_stopped",)]


async def test_a_channel_that_breaks_is_tried_again_and_holds_back_nobody(stores: Stores, clock: Clock) -> None:
    sent = Sent()
    sent.fails["broken"] = RuntimeError("a fault of ours")
    sent.fails["busy"] = SendFailed("status_500", permanent=False)
    for endpoint in ("broken", "busy", "fine"):
        await an_endpoint(stores, endpoint, receiver_id=endpoint)
        await stores.alerts.hear(an_event(f"offer-{endpoint}", receiver_id=endpoint), clock())

    async with delivering(stores, sent, clock):
        await until_delivered(stores, "fine", 1)
        async with asyncio.timeout(10):
            while len(await stores.rows("SELECT 1 FROM attempt")) < 3:  # noqa: ASYNC110 -- it happens in PostgreSQL
                await asyncio.sleep(0.02)

    found = await stores.rows("SELECT endpoint_id, state, last_code FROM delivery WHERE endpoint_id <> '' ORDER BY 1")
    assert found == [
        ("broken", "pending", "internal"),
        ("busy", "pending", "status_500"),
        ("fine", "delivered", None),
    ]


async def test_an_attempt_whose_process_died_is_made_again_after_its_lease(stores: Stores, clock: Clock) -> None:
    await an_endpoint(stores, "hook")
    await stores.alerts.hear(an_event(), clock())
    [lost] = await stores.deliveries.claim_endpoints(clock(), 9, [Channel.WEBHOOK])
    assert await stores.deliveries.claim_endpoints(clock(), 9, [Channel.WEBHOOK]) == []

    clock.advance(seconds=31)

    [again] = await stores.deliveries.claim_endpoints(clock(), 9, [Channel.WEBHOOK])
    assert (lost.number, again.number) == (1, 2)
    assert lost.alert.alert_id == again.alert.alert_id


async def taken_s(stores: Stores, sent: Sent, clock: Clock, houses: int, prefix: str) -> list[float]:
    """Ring houses one after the other, and return how long each delivery took, in seconds."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    async with delivering(stores, sent, clock) as rang:
        for number in range(houses):
            started_s, known = loop.time(), len(sent.attempts)
            await stores.alerts.hear(an_event(f"{prefix}-{number}", receiver_id=f"house-{number % 49}"), clock())
            rang.set()
            while not any(each.alert.offer_id == f"{prefix}-{number}" for each in sent.attempts[known:]):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            times.append(loop.time() - started_s)
    return sorted(times)


@pytest.mark.long
async def test_one_dead_receiver_of_fifty_leaves_the_others_as_fast(stores: Stores, clock: Clock) -> None:
    """L5: the others' 99th percentile grows by a fifth at most; ratios of one run, the better of three."""
    sent = Sent()
    for number in range(49):
        await an_endpoint(stores, f"hook-{number}", receiver_id=f"house-{number}")
    await an_endpoint(stores, "dead", receiver_id="house-dead")
    ratios = []
    for turn in range(3):
        calm = await taken_s(stores, sent, clock, 300, f"calm-{turn}")
        sent.holds["dead"] = asyncio.Event()
        for number in range(20):
            await stores.alerts.hear(an_event(f"dead-{turn}-{number}", receiver_id="house-dead"), clock())
        slow = await taken_s(stores, sent, clock, 300, f"slow-{turn}")
        ratios.append(slow[int(0.99 * len(slow))] / calm[int(0.99 * len(calm))])

    assert min(ratios) <= 1.2, ratios
