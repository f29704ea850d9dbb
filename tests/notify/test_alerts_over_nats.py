"""Tests of alerts from an event on NATS to the hands of a receiver's software, through the real servers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from ihala.profile import Profile, ReceiverProfile
from ihala.receiver import Alert, Receiver
from services.notify.consumer import MAX_READINGS
from services.notify.model import OfferState
from services.runtime import consuming
from services.taxonomy import Urgency
from tests.notify.stores import Running, an_event, as_cloudevent

LET_IN_WITHIN_S = 10.0
KNOCK_EVERY_S = 0.1


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what failed come again at once."""
    monkeypatch.setattr(consuming, "REDELIVERY_DELAY_S", 0.05)


def a_profile(running: Running, receiver_id: str, seed_file: Path) -> Profile:
    return Profile(
        receiver=ReceiverProfile(
            receiver_id=receiver_id,
            nats_url=running.server.url,
            seed_file=seed_file,
            journal_file=running.folder / f"{receiver_id}.journal",
        )
    )


async def next_alert(alerts: AsyncIterator[Alert], within_s: float = 20) -> Alert:
    async with asyncio.timeout(within_s):
        return await anext(alerts)


async def let_in(url: str, **options: Any) -> Client:
    """Knock until the server opens: while it reads its accounts anew it throws out who has just come."""
    while True:
        with suppress(OSError, NatsError):
            return await nats.connect(url, **options)
        await asyncio.sleep(KNOCK_EVERY_S)


@asynccontextmanager
async def an_account(running: Running, seed_file: Path, **options: Any) -> AsyncIterator[Client]:
    """Connect as a receiver, without its library."""
    seed = await asyncio.to_thread(seed_file.read_text)
    async with asyncio.timeout(LET_IN_WITHIN_S):
        client = await let_in(running.server.url, nkeys_seed_str=seed, **options)
    try:
        yield client
    finally:
        await client.close()


async def test_an_alert_reaches_the_software_and_its_receipt_comes_back(running: Running) -> None:
    seed_file = await running.register("house-1")
    async with Receiver(a_profile(running, "house-1", seed_file)) as receiver:
        await running.publish(an_event())
        alert = await next_alert(aiter(receiver))

        assert (alert.offer_id, alert.urgency.value, alert.due_time) == ("offer-1", "immediate", an_event().due_time)
        await running.until("SELECT channel, state FROM delivery WHERE channel = 'nats'", [("nats", "delivered")])


async def test_hearing_twice_tells_once(running: Running) -> None:
    """The event comes twice, the alert is published twice, the software starts twice: one alert."""
    seed_file = await running.register("house-1")
    profile = a_profile(running, "house-1", seed_file)
    event = an_event()
    await running.publish(event)
    await running.publish(event, message_id=f"{event.event_id}:r1")
    async with Receiver(profile) as receiver:
        alerts = aiter(receiver)
        first = await next_alert(alerts)
        await running.until("SELECT state FROM delivery WHERE channel = 'nats'", [("delivered",)])
        first.finish()
        again = running.stores.pool.connection()
        async with again as connection:  # as if the receipt had been lost with the database's last second
            await connection.execute(
                "UPDATE delivery SET state = 'sent', next_time = %s WHERE channel = 'nats'", [running.clock()]
            )
        running.rang.set()
        await running.until("SELECT state, attempt_count FROM delivery WHERE channel = 'nats'", [("delivered", 2)])
    await running.publish(an_event("offer-2"))
    async with Receiver(profile) as receiver:
        second = await next_alert(aiter(receiver))

    assert (first.offer_id, second.offer_id) == ("offer-1", "offer-2")
    assert await running.count_messages("ALERTS") == 3


async def test_the_receipt_is_on_disk_before_nats_is_told(running: Running) -> None:
    seed_file = await running.register("house-1")
    await running.publish(an_event())
    async with an_account(running, seed_file) as client:
        subscription = await client.jetstream().pull_subscribe_bind("house-1", "ALERTS")
        [message] = await subscription.fetch(1, timeout=10)
        alert_id = json.loads(message.data)["id"]
        assert await running.stores.rows("SELECT 1 FROM receipt") == []

        answer = await client.request("receipt.v1.house-1", json.dumps({"event_id": alert_id}).encode(), timeout=5)

        assert json.loads(answer.data) == {"kept": True}
        assert await running.stores.rows("SELECT alert_id FROM receipt") == [(alert_id,)]
        await message.ack()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [(b'{"event_id": "unknown"}', "NOT_FOUND"), (b"{}", "MALFORMED"), (b"\xff", "MALFORMED"), (b"[]", "MALFORMED")],
)
async def test_a_receipt_that_is_none_is_answered_with_the_reason(
    running: Running, payload: bytes, reason: str
) -> None:
    seed_file = await running.register("house-1")
    async with an_account(running, seed_file) as client:
        answer = await client.request("receipt.v1.house-1", payload, timeout=5)

    assert json.loads(answer.data) == {"kept": False, "reason": reason}


async def test_a_receiver_reaches_nothing_that_is_anothers(running: Running) -> None:
    """R12: not its alerts, not its receipts."""
    await running.register("house-1")
    foreign = await running.register("house-2")
    await running.publish(an_event())
    await running.until("SELECT state FROM delivery WHERE channel = 'nats'", [("sent",)])
    async with an_account(running, foreign) as client:
        subscription = await client.jetstream().pull_subscribe_bind("house-1", "ALERTS")
        with pytest.raises((TimeoutError, NoRespondersError)):
            await subscription.fetch(1, timeout=0.5)
        with pytest.raises((TimeoutError, NoRespondersError)):
            await client.request("receipt.v1.house-1", b"{}", timeout=0.5)
        own = await client.jetstream().pull_subscribe_bind("house-2", "ALERTS")
        with pytest.raises(TimeoutError):
            await own.fetch(1, timeout=0.5)

    assert await running.stores.rows("SELECT 1 FROM receipt") == []


async def test_a_receiver_that_was_ended_hears_nothing_more(running: Running) -> None:
    """T5: within five seconds."""
    seed_file = await running.register("house-1")
    gone = asyncio.Event()

    async def on_gone(*_: Exception) -> None:
        gone.set()

    callbacks = {"disconnected_cb": on_gone, "error_cb": on_gone}
    async with an_account(running, seed_file, allow_reconnect=False, **callbacks):
        gone.clear()
        async with asyncio.timeout(5):
            await running.register("house-1")  # another key: the one before ends
            await gone.wait()


async def test_a_message_that_nobody_can_read_is_kept_for_a_person_and_others_flow(running: Running) -> None:
    await running.publish_bytes(b"{not json", "poison")
    await running.publish(an_event())

    await running.until(
        "SELECT stream, payload, reason FROM dead_letter", [("REFERRALS", b"{not json", "INVALID_FIELD")]
    )
    await running.until("SELECT offer_id FROM alert", [("offer-1",)])
    info = await running.connection.stream.consumer_info("REFERRALS", "notify")
    assert info.num_ack_pending == 0
    assert MAX_READINGS == 5


async def test_a_crash_between_commit_and_acknowledgement_tells_once(running: Running) -> None:
    """F11: the message comes again, and the inbox knows it."""
    event = an_event()
    await running.stores.alerts.hear(event, running.clock())  # committed by a process that died before its ack

    await running.publish(event)
    await running.publish(an_event("offer-2"))

    await running.until("SELECT offer_id FROM alert ORDER BY offer_id", [("offer-1",), ("offer-2",)])


async def test_an_event_of_an_offer_without_a_receiver_rings_nobody(running: Running) -> None:
    payload = json.loads(as_cloudevent(an_event("offer-0")))
    payload["data"]["receiver_id"] = ""
    await running.publish_bytes(json.dumps(payload).encode(), "no-receiver")
    await running.publish(an_event())

    await running.until("SELECT offer_id FROM alert", [("offer-1",)])
    assert await running.stores.rows("SELECT 1 FROM dead_letter") == []


async def test_what_nats_lost_comes_again_under_a_new_message_id(running: Running) -> None:
    """L3: the stream of alerts is wiped, with every consumer; after a minute all of it is there again."""
    seed_file = await running.register("house-1")
    for number in range(3):
        await running.publish(an_event(f"offer-{number}"))
    await running.until("SELECT count(*) FROM delivery WHERE state = 'sent' AND channel = 'nats'", [(3,)])
    await running.remove_stream("ALERTS")

    await running.reconciler.reconcile(running.connection)
    running.clock.advance(seconds=61)
    running.rang.set()

    async with Receiver(a_profile(running, "house-1", seed_file)) as receiver:
        alerts = aiter(receiver)
        heard = {(await next_alert(alerts)).offer_id for _ in range(3)}
    assert heard == {"offer-0", "offer-1", "offer-2"}


async def test_a_wiped_stream_of_events_is_made_again_and_heard(running: Running) -> None:
    await running.publish(an_event("offer-1"))
    await running.until("SELECT offer_id FROM alert", [("offer-1",)])
    await running.remove_stream("REFERRALS")

    await running.reconciler.reconcile(running.connection)
    await running.publish(an_event("offer-2"))

    await running.until("SELECT offer_id FROM alert ORDER BY offer_id", [("offer-1",), ("offer-2",)])


async def test_an_alert_on_nats_says_nothing_but_that_there_is_something(running: Running) -> None:
    """R11: an allow-list of what a payload and a subject hold."""
    seed_file = await running.register("house-1")
    await running.publish(an_event())
    async with an_account(running, seed_file) as client:
        subscription = await client.jetstream().pull_subscribe_bind("house-1", "ALERTS")
        [message] = await subscription.fetch(1, timeout=10)

    event = json.loads(message.data)
    assert event.keys() == {"specversion", "id", "source", "type", "time", "datacontenttype", "data"}
    assert event["type"] == "org.ihala.alert.v1"
    assert event["data"].keys() == {"alert_id", "offer_id", "offer_version", "urgency", "due_time"}
    assert Urgency(event["data"]["urgency"])
    assert message.subject == "alerts.v1.house-1"


async def test_an_offer_that_was_read_is_not_published_any_more(running: Running) -> None:
    await running.register("house-1")
    await running.publish(an_event(version=2, state=OfferState.RECEIVED))
    await running.publish(an_event(version=1))
    await running.publish(an_event("offer-2"))

    await running.until("SELECT state FROM delivery WHERE channel = 'nats'", [("sent",)])
    assert await running.count_messages("ALERTS") == 1
