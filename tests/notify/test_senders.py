"""A sender's system is told of every event of its feed, once by its id, by the webhook that it registered."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from services.errors import FailedPrecondition, Reason, Unavailable
from services.notify import follower
from services.notify.history import FeedCursor, FeedPage
from services.notify.model import Channel
from services.notify.store.senders import SenderStore
from services.notify.wire.events import alert_to_json
from tests.notify.lanes import an_endpoint
from tests.notify.stores import NOON, Clock, Stores

SENDER = "ministry"


def a_page(*revisions: int, epoch: str = "epoch-1", at: int | None = None) -> FeedPage:
    cursor = FeedCursor(epoch=epoch, revision=max(revisions) if revisions else at or 0)
    return FeedPage(cursor=cursor, events=tuple((f"event-{each}", each) for each in revisions))


async def told(stores: Stores) -> list[tuple[object, ...]]:
    return await stores.rows(
        "SELECT alert.revision, delivery.endpoint_id FROM alert JOIN delivery USING (alert_id) ORDER BY 1, 2"
    )


class FakeFeeds:
    """A feed of one sender, which breaks and is renewed as a test says."""

    def __init__(self) -> None:
        self.events = 5
        self.epoch = "epoch-1"
        self.asked: list[FeedCursor | None] = []
        self.broken = 0

    async def watch(self, client_id: str, at: FeedCursor | None) -> AsyncIterator[FeedPage]:
        assert client_id == SENDER
        self.asked.append(at)
        if at is not None and at.epoch != self.epoch:
            raise FailedPrecondition("the feed has a new epoch", reason=Reason.EPOCH_CHANGED)
        revision = self.events if at is None else at.revision
        yield a_page(epoch=self.epoch, at=revision)
        while True:
            while revision < self.events:
                revision += 1
                yield a_page(revision, epoch=self.epoch)
                if self.broken:
                    self.broken -= 1
                    raise Unavailable("referrals is away")
            await asyncio.sleep(0.01)


async def test_each_event_goes_to_each_endpoint_of_its_sender_and_to_nobody_elses(stores: Stores) -> None:
    store = SenderStore(stores.pool)
    for endpoint_id, owner in (("hook-a", SENDER), ("hook-b", SENDER), ("foreign", "other")):
        await an_endpoint(stores, endpoint_id, client_id=owner)

    assert await store.hear(SENDER, a_page(6, 7), NOON) == 4

    assert await told(stores) == [(6, "hook-a"), (6, "hook-b"), (7, "hook-a"), (7, "hook-b")]
    assert await store.cursor(SENDER) == FeedCursor(epoch="epoch-1", revision=7)


async def test_a_page_that_is_heard_twice_or_by_two_replicas_is_told_once(stores: Stores) -> None:
    store = SenderStore(stores.pool)
    await an_endpoint(stores, "hook", client_id=SENDER)

    await asyncio.gather(*(store.hear(SENDER, a_page(6, 7), NOON) for _ in range(4)))
    await store.hear(SENDER, a_page(6), NOON)

    assert await told(stores) == [(6, "hook"), (7, "hook")]
    assert await store.cursor(SENDER) == FeedCursor(epoch="epoch-1", revision=7)


async def test_what_is_told_is_an_id_and_a_place_in_the_feed_and_nothing_else(stores: Stores) -> None:
    """R11."""
    await an_endpoint(stores, "hook", client_id=SENDER)
    await SenderStore(stores.pool).hear(SENDER, a_page(6), NOON)

    [attempt] = await stores.deliveries.claim_endpoints(NOON, 9, [Channel.WEBHOOK])
    message = json.loads(alert_to_json(attempt.alert, attempt.alert.create_time))

    assert (message["id"], message["type"]) == ("event-6", "org.ihala.event.v1")
    assert message["data"] == {"event_id": "event-6", "revision": 6}


async def test_a_senders_event_rings_for_no_desk(stores: Stores) -> None:
    await an_endpoint(stores, "hook", client_id=SENDER)
    await SenderStore(stores.pool).hear(SENDER, a_page(6), NOON)

    assert (await stores.alerts.waiting("")).count == 0
    assert await stores.deliveries.add_missing(NOON) == 0


async def test_an_endpoint_of_a_sender_that_is_given_up_is_a_persons_task_once_a_day(stores: Stores) -> None:
    await an_endpoint(stores, "hook", client_id=SENDER)
    await SenderStore(stores.pool).hear(SENDER, a_page(6, 7), NOON)
    for _ in range(2):
        [attempt] = await stores.deliveries.claim_endpoints(NOON, 9, [Channel.WEBHOOK])
        await stores.deliveries.mark_failed(attempt, "status_410", NOON, permanent=True)

    assert await stores.rows("SELECT client_id, offer_id FROM wanted_task") == [(SENDER, None)]
    assert len(await stores.letters.list_page(9, None, with_cleared=False)) == 2


async def test_a_feed_is_followed_through_breaks_and_each_event_is_told_once(
    stores: Stores, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "RETRY_S", 0.01)
    await an_endpoint(stores, "hook", client_id=SENDER)
    feeds, rang, stop = FakeFeeds(), asyncio.Event(), asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(follower.run(SenderStore(stores.pool), feeds, rang.set, clock, stop))
        while not feeds.asked:  # noqa: ASYNC110 -- it begins in its own time
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        feeds.broken = 3
        while await SenderStore(stores.pool).cursor(SENDER) is None:  # noqa: ASYNC110 -- it happens in PostgreSQL
            await asyncio.sleep(0.01)
        feeds.events = 12
        await rang.wait()
        while len(await told(stores)) < 7:  # noqa: ASYNC110 -- it happens in PostgreSQL
            await asyncio.sleep(0.01)
        stop.set()

    assert [revision for revision, _endpoint in await told(stores)] == list(range(6, 13))
    assert feeds.asked[0] is None  # what happened before the endpoint came is not told
    assert len(feeds.asked) == 4


async def test_a_feed_that_was_renewed_is_followed_from_what_comes(stores: Stores, clock: Clock) -> None:
    store, feeds = SenderStore(stores.pool), FakeFeeds()
    await an_endpoint(stores, "hook", client_id=SENDER)
    await store.hear(SENDER, a_page(6), NOON)
    feeds.epoch = "epoch-2"

    await follower.follow_once(store, feeds, lambda: None, clock, SENDER)

    assert await store.cursor(SENDER) is None
