"""One alert for all that one provider is asked for at once in a plan (R52)."""

import asyncio
from datetime import timedelta

from services.notify.model import OfferEvent, OfferState
from services.notify.store.logs import LogStore
from services.notify.wire.events import alert_to_json, event_from_json
from services.taxonomy import Rung, Urgency
from tests.notify.stores import NOON, Stores, an_event, as_cloudevent

PART = ("offer-1", "offer-2")


def of_part(offer_id: str, *, version: int = 1, state: OfferState = OfferState.REQUESTED) -> OfferEvent:
    return an_event(offer_id, version=version, state=state, part_offer_ids=PART)


async def waiting(stores: Stores) -> int:
    return (await stores.alerts.waiting("house-1")).count


async def test_two_offers_of_one_part_ring_once_and_until_both_are_read(stores: Stores) -> None:
    assert await stores.alerts.hear(of_part("offer-2"), NOON)
    await stores.alerts.hear(of_part("offer-1"), NOON)

    [alert] = await stores.alerts.list_page("house-1", 10, None)
    assert (alert.offer_ids, await waiting(stores)) == (PART, 1)
    assert b'"offer_ids":["offer-1","offer-2"]' in alert_to_json(alert, NOON)

    await stores.alerts.settle("offer-1", NOON)
    await stores.alerts.hear(of_part("offer-1", version=2, state=OfferState.RECEIVED), NOON)
    assert (await waiting(stores), await stores.alerts.next_offer_id("house-1")) == (1, "offer-2")

    await stores.alerts.settle("offer-2", NOON)
    assert await waiting(stores) == 0
    await stores.alerts.hear(of_part("offer-2", version=2, state=OfferState.RECEIVED), NOON)
    assert len(await stores.alerts.list_page("house-1", 10, None)) == 1


async def test_an_answer_about_one_of_them_rings_anew_for_all_that_nobody_has_read(stores: Stores) -> None:
    """R46: a device that has the first alert is told of the answer, and the sibling goes on ringing."""
    for offer_id in PART:
        await stores.alerts.hear(of_part(offer_id), NOON)
    await stores.alerts.hear(of_part("offer-1", version=2, state=OfferState.INFO_REQUESTED), NOON)

    await stores.alerts.hear(of_part("offer-1", version=3, state=OfferState.ANSWERED), NOON)

    assert (await waiting(stores), len(await stores.alerts.list_page("house-1", 10, None))) == (1, 2)
    await stores.alerts.hear(of_part("offer-1", version=4, state=OfferState.RECEIVED), NOON)
    assert (await waiting(stores), await stores.alerts.next_offer_id("house-1")) == (1, "offer-2")
    await stores.alerts.hear(of_part("offer-2", version=2, state=OfferState.RECEIVED), NOON)
    assert await waiting(stores) == 0


async def test_silence_on_either_of_them_climbs_once(stores: Stores) -> None:
    """R46: two offers that nobody reads wake a deputy once, not twice."""
    await stores.alerts.hear(of_part("offer-1"), NOON)
    await stores.alerts.hear(of_part("offer-2"), NOON)
    rung = [
        OfferEvent(
            event_id=f"rung-{offer_id}",
            offer_id=offer_id,
            offer_version=1,
            receiver_id="house-1",
            state=OfferState.REQUESTED,
            urgency=Urgency.IMMEDIATE,
            due_time=NOON + timedelta(minutes=10),
            rung=Rung.SECOND_CHANNEL,
            part_offer_ids=PART,
        )
        for offer_id in PART
    ]

    assert [await stores.alerts.hear(each, NOON) for each in rung] == [True, False]


async def test_siblings_that_are_heard_at_the_same_time_neither_ring_twice_nor_for_ever(stores: Stores) -> None:
    for turn in range(20):
        part = (f"{turn}-1", f"{turn}-2")
        for version, state in ((1, OfferState.REQUESTED), (2, OfferState.RECEIVED)):
            events = [an_event(each, version=version, state=state, part_offer_ids=part) for each in part]
            await asyncio.gather(*(stores.alerts.hear(each, NOON) for each in events))
            assert await waiting(stores) == (1 if state is OfferState.REQUESTED else 0)
    assert len(await stores.alerts.list_page("house-1", 50, None)) == 20


async def test_the_log_of_each_of_them_is_found(stores: Stores) -> None:
    await stores.alerts.hear(of_part("offer-1"), NOON)

    for offer_id in PART:
        assert len(await LogStore(stores.pool).list_page(offer_id=offer_id, limit=10, after=None)) == 1


def test_a_part_is_read_from_an_event() -> None:
    payload = as_cloudevent(an_event()).replace(b'"offer_id"', b'"part_offer_ids":["b","a"],"offer_id"')

    event = event_from_json(payload)

    assert event is not None
    assert (event.part_offer_ids, event.part_id) == (("a", "b"), "a")
