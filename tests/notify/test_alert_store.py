"""Tests of what is heard of offers and what rings."""

from datetime import timedelta

import pytest

from services.notify.model import Channel, DeliveryState, OfferState
from services.notify.ringing import rings
from services.runtime.postgres import Process
from tests.notify.stores import NOON, Stores, a_nats_device, a_request, an_event

OPERATOR = Process(client_id="operator-1")
KEY = "U" + "A" * 55


async def test_an_offer_that_waits_to_be_read_rings(stores: Stores) -> None:
    assert await stores.alerts.hear(an_event(), NOON)

    waiting = await stores.alerts.waiting("house-1")
    assert (waiting.count, waiting.oldest_due_time) == (1, NOON + timedelta(minutes=10))
    assert await stores.alerts.next_offer_id("house-1") == "offer-1"


async def test_hearing_twice_tells_once(stores: Stores) -> None:
    event = an_event()
    assert await stores.alerts.hear(event, NOON)

    assert not await stores.alerts.hear(event, NOON)

    assert len(await stores.alerts.list_page("house-1", 10, None)) == 1


async def test_an_older_version_than_known_is_dropped(stores: Stores) -> None:
    await stores.alerts.hear(an_event(version=3, state=OfferState.ACCEPTED), NOON)

    assert not await stores.alerts.hear(an_event(version=1), NOON)

    assert await stores.alerts.list_page("house-1", 10, None) == []


@pytest.mark.parametrize("state", [state for state in OfferState if not rings(state)])
async def test_any_later_state_stops_the_ringing(stores: Stores, state: OfferState) -> None:
    await stores.alerts.hear(an_event(), NOON)

    await stores.alerts.hear(an_event(version=2, state=state), NOON)

    assert (await stores.alerts.waiting("house-1")).count == 0
    [alert] = await stores.alerts.list_page("house-1", 10, None)
    assert [delivery.state for delivery in alert.deliveries] == [DeliveryState.SETTLED]


async def test_an_answer_to_what_the_desk_asked_rings_by_an_alert_of_its_own(stores: Stores) -> None:
    """R46: a device hears no second time of an alert that it has, so this is another one."""
    states = (OfferState.REQUESTED, OfferState.INFO_REQUESTED, OfferState.ANSWERED, OfferState.RECEIVED)
    counts = []
    for version, state in enumerate(states, start=1):
        await stores.alerts.hear(an_event(version=version, state=state), NOON)
        counts.append((await stores.alerts.waiting("house-1")).count)

    assert counts == [1, 0, 1, 0]
    assert len(await stores.alerts.list_page("house-1", 10, None)) == 2


async def test_an_answer_rings_anew_where_all_between_it_and_the_offer_was_lost(stores: Stores) -> None:
    """F6: what rang for the offer was read long ago, though nobody has heard of that."""
    await stores.alerts.hear(an_event(), NOON)

    await stores.alerts.hear(an_event(version=3, state=OfferState.ANSWERED), NOON)

    assert (await stores.alerts.waiting("house-1")).count == 1
    alerts = await stores.alerts.list_page("house-1", 10, None)
    assert {alert.offer_version: [each.state for each in alert.deliveries] for alert in alerts} == {
        1: [DeliveryState.SETTLED],
        3: [DeliveryState.SENT],
    }


async def test_an_offer_that_still_waits_with_another_deadline_is_the_same_alert(stores: Stores) -> None:
    await stores.alerts.hear(an_event(), NOON)

    await stores.alerts.hear(an_event(version=2), NOON)

    assert len(await stores.alerts.list_page("house-1", 10, None)) == 1


async def test_what_rings_goes_by_an_account_that_is_registered_later(stores: Stores) -> None:
    await stores.alerts.hear(an_event(), NOON)

    await stores.devices.register_nats(a_request(), OPERATOR, a_nats_device("house-1", KEY), NOON)

    [attempt] = await stores.deliveries.claim_due(NOON)
    assert (attempt.channel, attempt.number, attempt.alert.offer_id) == (Channel.NATS, 1, "offer-1")


async def test_an_attempt_in_hand_is_nobody_elses_until_its_lease_ends(stores: Stores) -> None:
    await stores.devices.register_nats(a_request(), OPERATOR, a_nats_device("house-1", KEY), NOON)
    await stores.alerts.hear(an_event(), NOON)

    [first] = await stores.deliveries.claim_due(NOON)
    assert await stores.deliveries.claim_due(NOON + timedelta(seconds=29)) == []
    [second] = await stores.deliveries.claim_due(NOON + timedelta(seconds=30))

    assert (first.number, second.number) == (1, 2)


async def test_an_alert_without_receipt_is_due_again_after_a_minute(stores: Stores) -> None:
    await stores.devices.register_nats(a_request(), OPERATOR, a_nats_device("house-1", KEY), NOON)
    await stores.alerts.hear(an_event(), NOON)
    await stores.deliveries.mark_sent(await stores.deliveries.claim_due(NOON), NOON)

    assert await stores.deliveries.claim_due(NOON + timedelta(seconds=59)) == []
    assert len(await stores.deliveries.claim_due(NOON + timedelta(seconds=60))) == 1


async def test_a_receipt_ends_the_attempts_and_says_when(stores: Stores) -> None:
    await stores.devices.register_nats(a_request(), OPERATOR, a_nats_device("house-1", KEY), NOON)
    await stores.alerts.hear(an_event(), NOON)
    [attempt] = await stores.deliveries.claim_due(NOON)
    await stores.deliveries.mark_sent([attempt], NOON)

    taken = await stores.deliveries.receive([attempt.alert.alert_id], "house-1", Channel.NATS, None, NOON)

    assert taken == 1
    assert await stores.deliveries.claim_due(NOON + timedelta(days=1)) == []
    [alert] = await stores.alerts.list_page("house-1", 10, None)
    [by_nats] = [each for each in alert.deliveries if each.channel is Channel.NATS]
    assert (by_nats.state, by_nats.delivered_time) == (DeliveryState.DELIVERED, NOON)
    assert len(await stores.rows("SELECT 1 FROM receipt")) == 1


async def test_a_receipt_for_another_receivers_alert_is_none(stores: Stores) -> None:
    await stores.devices.register_nats(a_request("1"), OPERATOR, a_nats_device("house-2", KEY), NOON)
    await stores.alerts.hear(an_event(), NOON)
    [alert] = await stores.alerts.list_page("house-1", 10, None)

    assert await stores.deliveries.receive([alert.alert_id], "house-2", Channel.NATS, None, NOON) == 0
    assert await stores.rows("SELECT 1 FROM receipt") == []


async def test_a_permanent_failure_waits_for_a_person(stores: Stores) -> None:
    await stores.devices.register_nats(a_request(), OPERATOR, a_nats_device("house-1", KEY), NOON)
    await stores.alerts.hear(an_event(), NOON)
    [attempt] = await stores.deliveries.claim_due(NOON)

    await stores.deliveries.mark_failed(attempt, "gone", NOON, permanent=True)

    assert await stores.deliveries.claim_due(NOON + timedelta(days=1)) == []
    assert await stores.rows("SELECT state, last_code FROM delivery WHERE channel = 'nats'") == [("dead", "gone")]


async def test_what_was_missed_between_registration_and_alert_is_added(stores: Stores) -> None:
    await stores.devices.register_nats(a_request(), OPERATOR, a_nats_device("house-1", KEY), NOON)
    await stores.alerts.hear(an_event(), NOON)
    async with stores.pool.connection() as connection:
        await connection.execute("DELETE FROM delivery WHERE channel = 'nats'")

    assert await stores.deliveries.add_missing(NOON) == 1
    assert await stores.deliveries.add_missing(NOON) == 0
    assert len(await stores.deliveries.claim_due(NOON)) == 1


async def test_a_page_lists_the_newest_first_and_goes_on_where_it_ended(stores: Stores) -> None:
    for number in range(5):
        await stores.alerts.hear(an_event(f"offer-{number}"), NOON + timedelta(seconds=number // 2))

    first = await stores.alerts.list_page("house-1", 3, None)
    rest = await stores.alerts.list_page("house-1", 3, (first[-1].create_time, first[-1].alert_id))

    assert sorted(alert.offer_id for alert in first + rest) == [f"offer-{number}" for number in range(5)]
    times = [alert.create_time for alert in first + rest]
    assert times == sorted(times, reverse=True)
