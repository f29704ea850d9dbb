"""What was told and is over is forgotten when its time has come, and nothing that still matters (R13)."""

from datetime import datetime, timedelta

import pytest

from services.notify.model import OfferState
from services.notify.store.retention import forget_over
from services.runtime.postgres import Process
from tests.notify.stores import NOON, Stores, a_nats_device, a_request, an_event

LATER = NOON + timedelta(days=90)
KEY = "U" + "A" * 55
TABLES = ("alert", "delivery", "attempt", "receipt", "escalation", "offer")


async def rows_of(stores: Stores) -> dict[str, int]:
    counts = {table: len(await stores.rows(f"SELECT 1 FROM {table}")) for table in TABLES}  # noqa: S608
    return {table: count for table, count in counts.items() if count}


async def told_and_settled(stores: Stores, offer_id: str, at: datetime = NOON, part: tuple[str, ...] = ()) -> None:
    await stores.alerts.hear(an_event(offer_id, part_offer_ids=part), at)
    await stores.deliveries.mark_sent(await stores.deliveries.claim_due(at), at)
    await stores.alerts.hear(an_event(offer_id, version=2, state=OfferState.RECEIVED, part_offer_ids=part), at)


async def test_an_alert_that_is_over_is_forgotten_with_all_that_was_done_about_it(stores: Stores) -> None:
    await stores.devices.register_nats(a_request(), Process(client_id="operator"), a_nats_device("house-1", KEY), NOON)
    await told_and_settled(stores, "offer-1")
    await told_and_settled(stores, "offer-2", LATER)
    before = await rows_of(stores)

    assert await forget_over(stores.pool, NOON) == 0
    assert await rows_of(stores) == before
    assert await forget_over(stores.pool, NOON + timedelta(seconds=1)) == 1
    assert await forget_over(stores.pool, NOON + timedelta(seconds=1)) == 0

    assert [alert.offer_id for alert in await stores.alerts.list_page("house-1", 10, None)] == ["offer-2"]
    assert await stores.rows("SELECT offer_id FROM offer") == [("offer-2",)]
    left = await rows_of(stores)
    assert {table: before[table] for table in before} == {table: 2 * count for table, count in left.items()}


async def test_what_rings_is_never_forgotten(stores: Stores) -> None:
    await stores.alerts.hear(an_event(), NOON)

    assert await forget_over(stores.pool, LATER) == 0
    assert (await stores.alerts.waiting("house-1")).count == 1


async def test_a_part_is_forgotten_whole(stores: Stores) -> None:
    part = ("offer-1", "offer-2")
    for offer_id in part:
        await stores.alerts.hear(an_event(offer_id, part_offer_ids=part), NOON)
    for offer_id in part:
        await told_and_settled(stores, offer_id, part=part)

    assert await forget_over(stores.pool, LATER) == 1
    assert await rows_of(stores) == {}


async def test_what_was_given_up_waits_for_a_person(stores: Stores) -> None:
    await stores.devices.register_nats(a_request(), Process(client_id="operator"), a_nats_device("house-1", KEY), NOON)
    await stores.alerts.hear(an_event(), NOON)
    [attempt] = await stores.deliveries.claim_due(NOON)
    await stores.deliveries.mark_failed(attempt, "gone", NOON, permanent=True)
    await stores.alerts.hear(an_event(version=2, state=OfferState.RECEIVED), NOON)
    [letter] = await stores.letters.list_page(10, None, with_cleared=False)

    assert await forget_over(stores.pool, LATER) == 0
    await stores.letters.clear(a_request(), Process(client_id="duty"), letter.dead_letter_id, NOON)
    assert await forget_over(stores.pool, LATER) >= 1
    assert "alert" not in await rows_of(stores)


@pytest.mark.parametrize("state", [OfferState.ACCEPTED, OfferState.COMPLETED])
async def test_an_offer_that_is_heard_of_again_is_known_anew_and_does_not_ring(
    stores: Stores, state: OfferState
) -> None:
    await told_and_settled(stores, "offer-1")
    await forget_over(stores.pool, LATER)

    assert await stores.alerts.hear(an_event(version=9, state=state), LATER)

    assert (await stores.alerts.waiting("house-1")).count == 0
