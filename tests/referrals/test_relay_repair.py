"""What the bus has lost is told again from PostgreSQL (L3, F6): under new ids, once, and only what matters."""

import asyncio
import json

import pytest

from services.referrals.relay import look_at_stream, publish_batch, relay
from services.referrals.wire.cloudevents import STREAM
from services.runtime.embedded.nats import NatsServer
from tests.referrals.samples import Running, a_provider, a_report, order
from tests.referrals.test_relay import connected, make_stream, stored


async def lose_stream(nats: NatsServer) -> None:
    """Delete the stream and make it again, as after a store that was lost."""
    async with connected(nats, "provisioner") as connection:
        await connection.stream.delete_stream(STREAM)
    await make_stream(nats)


async def two_offers(referrals: Running, nats: NatsServer, *, is_made: bool = False) -> tuple[str, str]:
    """Make one offer that was accepted and one that nobody has read, and publish all there is."""
    if not is_made:
        await make_stream(nats)
    await referrals.know(a_provider(places=(a_report(3),)))
    accepted, unread = [(await referrals.refer()).offers[0] for _ in range(2)]
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", accepted))
    await referrals.receiver().AcceptOffer(order("Accept", accepted))
    async with connected(nats, "relay") as connection:
        assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 0
        assert await publish_batch(referrals.desk.pool, connection, referrals.clock) == 4
    return accepted.offer_id, unread.offer_id


async def test_a_stream_that_lost_nothing_is_told_nothing_again(referrals: Running, nats_server: NatsServer) -> None:
    await two_offers(referrals, nats_server)

    async with connected(nats_server, "relay") as connection:
        for _ in range(2):
            assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 0
        assert await publish_batch(referrals.desk.pool, connection, referrals.clock) == 0


async def test_a_stream_made_anew_hears_where_every_offer_stands_under_new_ids(
    referrals: Running, nats_server: NatsServer
) -> None:
    """L3: of each offer the last event; the server would swallow an id that it knows."""
    accepted, unread = await two_offers(referrals, nats_server)
    await lose_stream(nats_server)

    async with connected(nats_server, "relay") as connection:
        assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 2
        assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 0
        assert await publish_batch(referrals.desk.pool, connection, referrals.clock) == 2

    messages = await stored(nats_server)
    assert {event["data"]["offer_id"]: event["data"]["state"] for _subject, _id, event in messages} == {
        accepted: "accepted",
        unread: "requested",
    }
    assert all(id_ == f"{event['id']}:r1" for _subject, id_, event in messages)


async def test_a_hole_in_the_stream_is_told_again_once(referrals: Running, nats_server: NatsServer) -> None:
    """F19: a block that is not the last one was damaged; the stream stands where it stood."""
    async with connected(nats_server, "provisioner") as connection:
        await connection.stream.add_stream(name=STREAM, subjects=["referral.v1.>"])  # of which one can be deleted
        accepted, unread = await two_offers(referrals, nats_server, is_made=True)
        await connection.stream.delete_msg(STREAM, 2)

    async with connected(nats_server, "relay") as connection:
        assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 2
        assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 0
        assert await publish_batch(referrals.desk.pool, connection, referrals.clock) == 2

    async with connected(nats_server, "provisioner") as connection:
        repeated = [json.loads((await connection.stream.get_msg(STREAM, place)).data or b"") for place in (5, 6)]
    assert sorted(event["data"]["offer_id"] for event in repeated) == sorted([accepted, unread])


async def test_a_rung_of_an_offer_that_nobody_has_read_is_told_again(
    referrals: Running, nats_server: NatsServer
) -> None:
    _accepted, unread = await two_offers(referrals, nats_server)
    await referrals.rows(
        "UPDATE event SET type = 'alert_rung', reason = 'deputy' WHERE state = 'requested' RETURNING 1"
    )
    await lose_stream(nats_server)

    async with connected(nats_server, "relay") as connection:
        await look_at_stream(referrals.desk.pool, connection, referrals.clock)
        await publish_batch(referrals.desk.pool, connection, referrals.clock)

    rungs = [event["data"] for subject, _id, event in await stored(nats_server) if subject.endswith("alert_rung")]
    assert [(each["offer_id"], each["rung"]) for each in rungs] == [(unread, "deputy")]


async def test_a_place_where_another_message_stood_shows_the_loss_before_anybody_looks(
    referrals: Running, nats_server: NatsServer
) -> None:
    accepted, unread = await two_offers(referrals, nats_server)
    await lose_stream(nats_server)
    latest = (await referrals.refer()).offers[0].offer_id

    async with connected(nats_server, "relay") as connection:
        counts = [await publish_batch(referrals.desk.pool, connection, referrals.clock) for _ in range(3)]
        assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 0

    told = {event["data"]["offer_id"] for _subject, _id, event in await stored(nats_server)}
    assert told == {accepted, unread, latest}
    assert counts == [1, 3, 0]


async def test_what_was_published_before_the_stream_could_hold_it_is_left_alone(
    referrals: Running, nats_server: NatsServer
) -> None:
    await two_offers(referrals, nats_server)
    await lose_stream(nats_server)
    referrals.clock.move(days=31)

    async with connected(nats_server, "relay") as connection:
        assert await look_at_stream(referrals.desk.pool, connection, referrals.clock) == 0


async def test_two_relays_that_meet_the_loss_together_tell_it_once(referrals: Running, nats_server: NatsServer) -> None:
    await two_offers(referrals, nats_server)
    await lose_stream(nats_server)

    async with connected(nats_server, "relay") as one, connected(nats_server, "relay") as two:
        counts = await asyncio.gather(
            *(look_at_stream(referrals.desk.pool, each, referrals.clock) for each in (one, two))
        )

    assert sorted(counts) == [0, 2]


async def test_the_relay_finds_a_lost_stream_by_itself(
    referrals: Running, nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6: events that come while there is no stream wait for it."""
    monkeypatch.setattr("services.referrals.relay.LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("services.referrals.relay.TROUBLE_REST_S", 0.1)
    await two_offers(referrals, nats_server)
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        connect = lambda: connected(nats_server, "relay")  # noqa: E731
        group.create_task(relay(referrals.desk.pool, connect, stop, referrals.clock))
        async with connected(nats_server, "provisioner") as connection:
            await connection.stream.delete_stream(STREAM)
            await referrals.refer()
            await make_stream(nats_server)
            while (await connection.stream.stream_info(STREAM)).state.messages < 3:  # noqa: ASYNC110 -- the server's
                await asyncio.sleep(0.05)
        stop.set()
