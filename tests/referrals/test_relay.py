"""Committed events to a real JetStream: each there, in order, and once by its id whatever crashes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from services.referrals.relay import publish_batch, relay
from services.referrals.wire.cloudevents import STREAM
from services.runtime import jetstream
from services.runtime.embedded.nats import NatsServer
from tests.referrals.samples import Running, a_provider, a_report, order


@asynccontextmanager
async def connected(nats: NatsServer, user: str) -> AsyncIterator[jetstream.Connection]:
    async with jetstream.connect(nats.url, nats.seed_file(user), name=user) as connection:
        yield connection


async def make_stream(nats: NatsServer) -> None:
    async with connected(nats, "provisioner") as connection:
        await jetstream.ensure_stream(connection, STREAM, ["referral.v1.>"])


async def stored(nats: NatsServer) -> list[tuple[str, str, dict[str, Any]]]:
    """Read every message of the stream: subject, id and event."""
    async with connected(nats, "provisioner") as connection:
        last = (await connection.stream.stream_info(STREAM)).state.messages
        messages = [await connection.stream.get_msg(STREAM, number) for number in range(1, last + 1)]
    return [(str(each.subject), (each.headers or {})["Nats-Msg-Id"], json.loads(each.data or b"")) for each in messages]


async def test_every_event_of_an_offer_is_published_once_and_in_order(
    referrals: Running, nats_server: NatsServer
) -> None:
    await make_stream(nats_server)
    await referrals.know(a_provider(places=(a_report(3),)))
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    async with connected(nats_server, "relay") as connection:
        assert await publish_batch(referrals.desk.pool, connection, referrals.clock) == 3
        assert await publish_batch(referrals.desk.pool, connection, referrals.clock) == 0

    messages = await stored(nats_server)
    assert [subject for subject, _id, _event in messages] == [
        "referral.v1.offer_requested",
        "referral.v1.offer_received",
        "referral.v1.offer_accepted",
    ]
    for subject, id_, event in messages:
        assert (event["id"], event["type"]) == (id_, f"org.ihala.{subject}")
        assert event["data"].keys() == {
            "offer_id",
            "offer_version",
            "receiver_id",
            "state",
            "urgency",
            "due_time",
        }
    assert [event["data"]["state"] for _subject, _id, event in messages] == ["requested", "received", "accepted"]


async def test_an_event_says_no_need_place_case_or_provider(referrals: Running, nats_server: NatsServer) -> None:
    """R11."""
    await make_stream(nats_server)
    await referrals.know(a_provider())
    made = await referrals.refer()

    async with connected(nats_server, "relay") as connection:
        await publish_batch(referrals.desk.pool, connection, referrals.clock)

    text = json.dumps(await stored(nats_server))
    for secret in ("ACC", made.referral_id, "case-1", '"house"', "ministry", "girls", "833f"):
        assert secret not in text


async def test_a_crash_between_publishing_and_marking_repeats_under_the_same_id(
    referrals: Running, nats_server: NatsServer
) -> None:
    await make_stream(nats_server)
    await referrals.know(a_provider())
    await referrals.refer()

    def crash() -> datetime:
        raise RuntimeError("killed")

    async with connected(nats_server, "relay") as connection:
        with pytest.raises(RuntimeError):
            await publish_batch(referrals.desk.pool, connection, crash)
        assert await referrals.rows("SELECT 1 FROM event WHERE published_time IS NOT NULL") == []
        assert await publish_batch(referrals.desk.pool, connection, referrals.clock) == 1

    assert len(await stored(nats_server)) == 1


async def test_several_relays_at_once_publish_each_event_once(referrals: Running, nats_server: NatsServer) -> None:
    await make_stream(nats_server)
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    await asyncio.gather(*(referrals.refer(consent_id=consent_id) for _ in range(40)))

    async with connected(nats_server, "relay") as one, connected(nats_server, "relay") as two:
        counts = [
            await asyncio.gather(
                publish_batch(referrals.desk.pool, one, referrals.clock),
                publish_batch(referrals.desk.pool, two, referrals.clock),
            )
            for _ in range(3)
        ]

    assert sum(map(sum, counts)) == 40
    assert len({id_ for _subject, id_, _event in await stored(nats_server)}) == 40


async def test_the_relay_waits_for_its_stream_and_loses_nothing(referrals: Running, nats_server: NatsServer) -> None:
    await referrals.know(a_provider())
    await referrals.refer()
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(
            relay(
                referrals.desk.pool,
                lambda: connected(nats_server, "relay"),
                stop,
                referrals.clock,
            )
        )
        await make_stream(nats_server)
        made = await referrals.refer()
        async with connected(nats_server, "provisioner") as connection:
            subscription = await connection.stream.pull_subscribe("referral.v1.>", "test", STREAM)
            heard: list[str] = []
            while len(heard) < 2:
                try:
                    heard += [
                        json.loads(message.data)["data"]["offer_id"] for message in await subscription.fetch(2, 1)
                    ]
                except TimeoutError:
                    continue
            await subscription.unsubscribe()
        stop.set()

    assert made.offers[0].offer_id in heard
