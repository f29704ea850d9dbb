"""What happens while an endpoint is paused is told when it is resumed: what still rings, or the latest of a feed."""

import pytest

from services.notify.model import Channel, OfferState
from services.notify.store.endpoints import EndpointStore
from services.notify.store.senders import SenderStore
from services.runtime.postgres import Process
from tests.notify.lanes import an_endpoint
from tests.notify.stores import NOON, Stores, a_request, an_event
from tests.notify.test_senders import SENDER, a_page, told

OPERATOR = Process(client_id="operator-1")


@pytest.fixture
def endpoints(stores: Stores) -> EndpointStore:
    return EndpointStore(stores.pool, None)  # type: ignore[arg-type]  # no address is opened here


async def pending(stores: Stores) -> list[tuple[object, ...]]:
    return await stores.rows(
        "SELECT coalesce(alert.offer_id, alert_id), endpoint_id FROM delivery JOIN alert USING (alert_id)"
        " WHERE endpoint_id <> '' AND state = 'pending' ORDER BY 1, 2"
    )


async def test_a_sender_is_told_of_the_latest_event_that_passed_its_pause(
    stores: Stores, endpoints: EndpointStore
) -> None:
    senders = SenderStore(stores.pool)
    for endpoint_id, owner in (("hook", SENDER), ("other", "another")):
        await an_endpoint(stores, endpoint_id, client_id=owner)
    await senders.hear(SENDER, a_page(1), NOON)
    await endpoints.pause("hook", "status_410", NOON)
    await senders.hear(SENDER, a_page(2, 3), NOON)
    await senders.hear(SENDER, a_page(4), NOON)
    assert await told(stores) == [(1, "hook")]

    await endpoints.prove(a_request(), OPERATOR, "hook", NOON)
    await endpoints.prove(a_request(), OPERATOR, "hook", NOON)
    await senders.hear(SENDER, a_page(5), NOON)

    assert await told(stores) == [(1, "hook"), (4, "hook"), (5, "hook")]


async def test_a_pause_in_which_nothing_passed_is_told_of_by_nothing(stores: Stores, endpoints: EndpointStore) -> None:
    await an_endpoint(stores, "hook", client_id=SENDER)
    await SenderStore(stores.pool).hear(SENDER, a_page(1), NOON)
    await endpoints.pause("hook", "by_hand", NOON)

    await endpoints.prove(a_request(), OPERATOR, "hook", NOON)

    assert await told(stores) == [(1, "hook")]


async def test_one_endpoint_that_is_paused_does_not_keep_the_other_from_hearing(
    stores: Stores, endpoints: EndpointStore
) -> None:
    senders = SenderStore(stores.pool)
    for endpoint_id in ("hook-a", "hook-b"):
        await an_endpoint(stores, endpoint_id, client_id=SENDER)
    await endpoints.pause("hook-a", "by_hand", NOON)
    await senders.hear(SENDER, a_page(1, 2), NOON)

    await endpoints.prove(a_request(), OPERATOR, "hook-a", NOON)

    assert await told(stores) == [(1, "hook-b"), (2, "hook-a"), (2, "hook-b")]


async def test_what_was_given_up_as_the_endpoint_paused_is_told_after_it(
    stores: Stores, endpoints: EndpointStore
) -> None:
    """The event that met the 410 has met nobody: it is the first that must be told again."""
    await an_endpoint(stores, "hook", client_id=SENDER)
    await SenderStore(stores.pool).hear(SENDER, a_page(1), NOON)
    [attempt] = await stores.deliveries.claim_endpoints(NOON, 10, [Channel.WEBHOOK])
    await stores.deliveries.mark_failed(attempt, "status_410", NOON, permanent=True)
    await endpoints.pause("hook", "status_410", NOON)
    assert await pending(stores) == []

    await endpoints.prove(a_request(), OPERATOR, "hook", NOON)

    assert await pending(stores) == [("event-1", "hook")]
    [again] = await stores.deliveries.claim_endpoints(NOON, 10, [Channel.WEBHOOK])
    assert (again.alert.alert_id, again.number) == ("event-1", 2)


async def test_a_desk_is_told_of_what_still_rings_and_of_nothing_that_has_passed(
    stores: Stores, endpoints: EndpointStore
) -> None:
    await an_endpoint(stores, "hook")
    await stores.alerts.hear(an_event("given-up"), NOON)
    [attempt] = await stores.deliveries.claim_endpoints(NOON, 10, [Channel.WEBHOOK])
    await stores.deliveries.mark_failed(attempt, "status_410", NOON, permanent=True)
    await endpoints.pause("hook", "status_410", NOON)
    for offer_id in ("rings", "passed"):
        await stores.alerts.hear(an_event(offer_id), NOON)
    await stores.alerts.hear(an_event("passed", version=2, state=OfferState.CANCELLED), NOON)
    assert await pending(stores) == []

    await endpoints.prove(a_request(), OPERATOR, "hook", NOON)

    assert await pending(stores) == [("given-up", "hook"), ("rings", "hook")]
