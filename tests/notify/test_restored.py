"""Notify begins anew what it tells once the database was restored, and only then (F29)."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.errors import Unavailable
from services.notify import restored
from services.notify.model import Channel, OfferState
from services.notify.store.begun import BegunStore
from services.runtime.feed import renew_epochs
from services.taxonomy import Rung
from tests.notify.lanes import an_endpoint
from tests.notify.stores import NOON, Clock, Running, Stores, a_provisioner, an_event
from tests.notify.test_ladder import rung

ALERTS = "SELECT offer_id, settled_time IS NULL AS rings FROM alert ORDER BY offer_id, rings"


@pytest.fixture
def begun(stores: Stores) -> BegunStore:
    return BegunStore(stores.pool)


async def restore(stores: Stores) -> None:
    """Do what `ihala epochs renew` does."""
    async with stores.pool.connection() as connection:
        await renew_epochs(connection)


async def never() -> int:
    raise AssertionError("nothing was restored")


async def ids_that_ring(stores: Stores) -> set[object]:
    return {row[0] for row in await stores.rows("SELECT alert_id FROM alert WHERE settled_time IS NULL")}


async def test_without_a_restore_nothing_begins_anew(stores: Stores, begun: BegunStore) -> None:
    await stores.alerts.hear(an_event(), NOON)
    before = await ids_that_ring(stores)

    assert await begun.ring_anew(NOON) is None
    assert await begun.begin_streams(never) is None
    assert await ids_that_ring(stores) == before


async def test_what_rings_rings_once_more_under_another_id_and_what_was_read_does_not(
    stores: Stores, begun: BegunStore
) -> None:
    for offer_id in ("offer-1", "offer-2"):
        await stores.alerts.hear(an_event(offer_id), NOON)
    await stores.alerts.hear(an_event("offer-2", version=2, state=OfferState.RECEIVED), NOON)
    before = await ids_that_ring(stores)
    await restore(stores)

    counts = [await begun.ring_anew(NOON + timedelta(hours=1)) for _ in range(3)]

    assert counts == [1, None, None]
    assert await stores.rows(ALERTS) == [("offer-1", False), ("offer-1", True), ("offer-2", False)]
    assert not await ids_that_ring(stores) & before
    states = await stores.rows(
        "SELECT alert.settled_time IS NULL, delivery.state FROM delivery JOIN alert USING (alert_id) "
        "WHERE offer_id = 'offer-1' ORDER BY 1"
    )
    assert states == [(False, "settled"), (True, "sent")]


async def test_it_rings_by_every_way_to_which_silence_had_climbed(stores: Stores, begun: BegunStore) -> None:
    """R46: the hour of the backup is not the hour of the restore, and nobody has read it."""
    await an_endpoint(stores, "hook")
    await an_endpoint(stores, "phone", channel=Channel.SMS, order_no=1)
    await stores.alerts.hear(an_event(), NOON)
    await stores.alerts.hear(rung(Rung.SECOND_CHANNEL, event_id="rung-1"), NOON + timedelta(minutes=2))
    await restore(stores)

    assert await begun.ring_anew(NOON + timedelta(hours=1)) == 1

    due = await stores.rows(
        "SELECT channel, state FROM delivery JOIN alert USING (alert_id) WHERE settled_time IS NULL ORDER BY channel"
    )
    assert due == [("page", "sent"), ("sms", "pending"), ("webhook", "pending")]


async def test_an_alert_of_several_offers_rings_once_for_all_of_them(stores: Stores, begun: BegunStore) -> None:
    """R52."""
    ids = ("offer-1", "offer-2")
    for offer_id in ids:
        await stores.alerts.hear(an_event(offer_id, part_offer_ids=ids), NOON)
    await restore(stores)

    assert await begun.ring_anew(NOON) == 1
    assert await stores.rows("SELECT offer_ids FROM alert WHERE settled_time IS NULL") == [(list(ids),)]


async def test_of_replicas_one_begins(stores: Stores, begun: BegunStore) -> None:
    await stores.alerts.hear(an_event(), NOON)
    await restore(stores)
    emptied = 0

    async def empty() -> int:
        nonlocal emptied
        emptied += 1
        return 7

    rung_anew = await asyncio.gather(*(begun.ring_anew(NOON) for _ in range(4)))
    begun_anew = await asyncio.gather(*(begun.begin_streams(empty) for _ in range(4)))

    assert sorted(rung_anew, key=str) == [1, None, None, None]
    assert sorted(begun_anew, key=str) == [7, None, None, None]
    assert emptied == 1


async def test_streams_that_could_not_be_emptied_are_tried_again(stores: Stores, begun: BegunStore) -> None:
    await restore(stores)

    async def away() -> int:
        raise Unavailable("NATS is away")

    async def empty() -> int:
        return 0

    with pytest.raises(Unavailable):
        await begun.begin_streams(away)

    assert await begun.begin_streams(empty) == 0


async def test_what_the_bus_had_is_gone_and_what_comes_is_heard(running: Running, begun: BegunStore) -> None:
    """An offer that the restored database never made rings nobody, though its event waits on the bus."""
    await running.register("house-1")
    provisioner = a_provisioner(running.server)
    await running.publish(an_event("offer-1"))
    await running.until("SELECT state FROM delivery WHERE channel = 'nats'", [("sent",)])
    await restore(running.stores)

    await restored.begin_streams(begun, provisioner)

    assert [await running.count_messages(stream) for stream in ("REFERRALS", "ALERTS")] == [0, 0]
    await restored.begin_streams(begun, None)  # it was done
    await running.reconciler.reconcile(running.connection)
    await running.publish(an_event("offer-1", version=2, state=OfferState.RECEIVED))
    await running.until(ALERTS, [("offer-1", False)])


async def test_where_streams_are_made_elsewhere_an_operator_is_told(stores: Stores, begun: BegunStore) -> None:
    await restore(stores)

    with capture_logs() as logged:
        await restored.begin_streams(begun, None)

    assert [(line["event"], line["log_level"]) for line in logged] == [("bus.not_begun_anew", "error")]


async def test_a_database_that_is_away_is_waited_for(begun: BegunStore, clock: Clock) -> None:
    class Away(BegunStore):
        times = 0

        async def ring_anew(self, now: object) -> int | None:
            self.times += 1
            if self.times == 1:
                raise Unavailable("the database is away")
            return None

    store, stop = Away(begun._pool), asyncio.Event()
    async with asyncio.timeout(10):
        await restored.ring_anew(store, clock, stop)

    assert store.times == 2
