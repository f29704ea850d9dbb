"""A NATS whose disk was lost: every alert that nobody has confirmed comes again, from PostgreSQL alone (L3, F6)."""

import asyncio
import shutil
from pathlib import Path
from time import monotonic

import pytest

from ihala.receiver import Receiver
from services.errors import Unavailable
from services.notify import reconciler
from services.runtime import consuming
from services.runtime.embedded import nats
from services.runtime.embedded.processes import Supervisor
from tests.notify.stores import Clock, Running, Stores, an_event, loops_of_notify
from tests.notify.test_alerts_over_nats import a_profile

HOUSES = ("house-1", "house-2")
OFFERS = 20


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what failed come again at once, and the reconciler look often."""
    monkeypatch.setattr(consuming, "REDELIVERY_DELAY_S", 0.05)
    monkeypatch.setattr(reconciler, "EVERY_S", 0.3)


async def heard_by(running: Running, house: str, count: int) -> list[str]:
    """Listen as a house's software until so many alerts have come; list their offers."""
    offers: list[str] = []
    async with Receiver(a_profile(running, house, running.folder / f"{house}.nk")) as receiver:
        async for alert in receiver:
            offers.append(alert.offer_id)
            if len(offers) == count:
                return offers
    raise AssertionError("a receiver never ends by itself")


async def test_a_lost_disk_loses_no_alert(stores: Stores, clock: Clock, tmp_path: Path) -> None:
    """L3: the clock of the test stands still, so nothing comes because a minute has passed."""
    stop = asyncio.Event()
    with Supervisor(tmp_path / "nats_server") as supervisor:
        server = nats.start(supervisor)
        async with asyncio.timeout(90), loops_of_notify(stores, server, clock, tmp_path) as running:
            for house in HOUSES:
                await running.register(house)
                for number in range(OFFERS):
                    await running.publish(an_event(f"{house}-{number}", receiver_id=house))
            sent = "SELECT count(*) FROM delivery WHERE channel = 'nats' AND state = 'sent'"
            await running.until(sent, [(len(HOUSES) * OFFERS,)])
            await running.reconciler.reconcile(running.connection)  # knows the consumers now
            reconciling = asyncio.create_task(running.reconciler.run(running.connection, stop))

            supervisor.end(server.child)
            shutil.rmtree(server.folder / "store")
            assert nats.start(supervisor).url == server.url
            wiped_s = monotonic()
            heard = await asyncio.gather(*(heard_by(running, house, OFFERS) for house in HOUSES))

            took_s = monotonic() - wiped_s
            # a receipt is asked for right after an alert was handed over: the last one may still come
            confirmed = "SELECT count(*) > 36 FROM delivery WHERE channel = 'nats' AND state = 'delivered'"
            await running.until(confirmed, [(True,)])
            stop.set()
            await reconciling
    assert [sorted(offers) for offers in heard] == [
        sorted(f"{house}-{number}" for number in range(OFFERS)) for house in HOUSES
    ]
    assert took_s < 60


async def test_events_flow_again_after_a_lost_disk(stores: Stores, clock: Clock, tmp_path: Path) -> None:
    """Our own consumer finds its stream again, made anew, without a new start of notify."""
    stop = asyncio.Event()
    with Supervisor(tmp_path / "nats_server") as supervisor:
        server = nats.start(supervisor)
        async with asyncio.timeout(60), loops_of_notify(stores, server, clock, tmp_path) as running:
            await running.publish(an_event("offer-1"))
            await running.until("SELECT offer_id FROM alert", [("offer-1",)])
            reconciling = asyncio.create_task(running.reconciler.run(running.connection, stop))

            supervisor.end(server.child)
            shutil.rmtree(server.folder / "store")
            nats.start(supervisor)
            event = an_event("offer-2")
            while True:
                try:
                    await running.publish(event)
                    break
                except Unavailable:  # the stream is not there yet
                    await asyncio.sleep(0.1)

            await running.until("SELECT offer_id FROM alert ORDER BY offer_id", [("offer-1",), ("offer-2",)])
            stop.set()
            await reconciling


async def test_a_consumer_that_is_the_same_sends_nothing_again(running: Running) -> None:
    await running.register("house-1")
    await running.publish(an_event())
    await running.until("SELECT state FROM delivery WHERE channel = 'nats'", [("sent",)])

    for _ in range(3):
        await running.reconciler.reconcile(running.connection)

    assert await stores_attempts(running) == [(1,)]


async def stores_attempts(running: Running) -> list[tuple[object, ...]]:
    return await running.stores.rows("SELECT attempt_count FROM delivery WHERE channel = 'nats'")
