"""A provider that asked something hears the answer: it is rung again until somebody there has read it (R46, R62)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.referrals.relay import look_at_stream, publish_batch
from services.referrals.store.outbox import Outgoing
from services.runtime.embedded.nats import NatsServer
from tests.referrals.samples import Running, a_provider, a_request_id, order
from tests.referrals.test_ladder import rungs, tasks
from tests.referrals.test_relay import connected, make_stream, stored
from tests.referrals.test_relay_repair import lose_stream


def ask(offer: Any, **facts: Any) -> service_pb.RequestInfoRequest:
    return service_pb.RequestInfoRequest(
        offer_id=offer.offer_id, request_id=a_request_id(), question="documents", **facts
    )


def answer(offer: Any) -> service_pb.AnswerInfoRequest:
    return service_pb.AnswerInfoRequest(offer_id=offer.offer_id, request_id=a_request_id(), answer="not_known")


async def answered(referrals: Running, *, after_minutes: int) -> Any:
    """Have a desk ask, and its sender answer after a while; return the offer."""
    await referrals.know(a_provider())
    [offer] = (await referrals.refer()).offers
    await referrals.receiver().RequestInfo(ask(offer))
    await referrals.pass_time(minutes=after_minutes)
    await referrals.sender().AnswerInfo(answer(offer))
    return offer


async def test_silence_after_an_answer_climbs_the_ladder_from_the_answer_on(referrals: Running) -> None:
    """R46: the decide clock runs; second channel at 2 min, deputy at 5, a duty task at 10, counted anew."""
    await answered(referrals, after_minutes=8)
    assert await rungs(referrals) == []

    await referrals.pass_time(minutes=2)
    assert await rungs(referrals) == ["second_channel"]
    await referrals.pass_time(minutes=3)
    assert await rungs(referrals) == ["second_channel", "deputy"]
    assert await tasks(referrals) == []
    await referrals.pass_time(minutes=5)
    assert await tasks(referrals) == [("ring", "duty")]
    decide = await referrals.rows("SELECT state, due_kind, due_time - create_time FROM offer")
    assert decide == [("received", "decide", timedelta(minutes=30))]


async def test_who_reads_the_answer_ends_the_ladder_once(referrals: Running) -> None:
    offer = await answered(referrals, after_minutes=1)

    shown = (await referrals.receiver().ReadOffer(service_pb.ReadOfferRequest(offer_id=offer.offer_id))).offer
    read = (await referrals.receiver().AcknowledgeOffer(order("Acknowledge", offer))).offer
    again = (await referrals.receiver().AcknowledgeOffer(order("Acknowledge", offer))).offer
    await referrals.pass_time(minutes=15)

    assert (shown.answer_unread, read.answer_unread) == (True, False)  # looking at it is no reading: a person says so
    assert (read.state, read.version) == (pb.OFFER_STATE_RECEIVED, again.version)
    assert (await rungs(referrals), await tasks(referrals)) == ([], [])


async def test_any_answer_of_the_desk_ends_it_too(referrals: Running) -> None:
    offer = await answered(referrals, after_minutes=1)

    await referrals.receiver().RequestInfo(ask(offer))
    assert await referrals.rows("SELECT answer, answer_time, rung_time FROM offer") == [("", None, None)]

    await referrals.sender().AnswerInfo(answer(offer))
    await referrals.receiver().AcceptOffer(order("Accept", offer))
    assert await referrals.rows("SELECT answer_time, rung_time FROM offer") == [(None, None)]


async def test_a_desk_that_goes_on_without_the_answer_is_not_rung(referrals: Running) -> None:
    await referrals.know(a_provider())
    [offer] = (await referrals.refer()).offers
    await referrals.receiver().RequestInfo(ask(offer))

    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", offer))

    assert await referrals.rows("SELECT state, answer_time, rung_time FROM offer") == [("received", None, None)]


async def test_a_provider_without_a_receiver_is_rung_by_a_person_at_once(referrals: Running) -> None:
    """R62: the same task as for an offer; it ends with what the provider says then."""
    await referrals.know(a_provider(receiver_id=""))
    [offer] = (await referrals.refer()).offers
    by_telephone: dict[str, Any] = {"on_behalf_of": "house", "via": pb.VIA_PHONE}
    await referrals.duty().RequestInfo(ask(offer, **by_telephone))
    assert await tasks(referrals) == []

    await referrals.sender().AnswerInfo(answer(offer))

    [task] = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert (task.kind, task.provider_id, task.owner) == (pb.TASK_KIND_RING, "house", "duty")
    assert task.due_time.ToSeconds() - task.create_time.ToSeconds() == 600  # as long as an offer may be unread
    await referrals.duty().AcknowledgeOffer(order("Acknowledge", offer, **by_telephone))
    assert await tasks(referrals) == []


async def test_the_event_says_that_the_answer_waits_and_nothing_of_it(
    referrals: Running, nats_server: NatsServer
) -> None:
    """R11, R12."""
    await make_stream(nats_server)
    offer = await answered(referrals, after_minutes=1)
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", offer))

    async with connected(nats_server, "relay") as connection:
        await publish_batch(referrals.desk.pool, connection, referrals.clock)

    events = [event["data"] for _subject, _id, event in await stored(nats_server)]
    assert [each["state"] for each in events] == ["requested", "info_requested", "received", "received"]
    assert not any("documents" in str(each) or "not_known" in str(each) for each in events)
    # published late, it has been read meanwhile: an event never rings for what is over
    assert [each for each in events if "answered" in each] == []


async def test_an_answer_that_the_bus_has_lost_is_told_again_with_its_rungs(
    referrals: Running, nats_server: NatsServer
) -> None:
    """L3."""
    await make_stream(nats_server)
    offer = await answered(referrals, after_minutes=1)
    await referrals.pass_time(minutes=2)
    async with connected(nats_server, "relay") as connection:
        await look_at_stream(referrals.desk.pool, connection, referrals.clock)
        await publish_batch(referrals.desk.pool, connection, referrals.clock)
        await lose_stream(nats_server)
        await look_at_stream(referrals.desk.pool, connection, referrals.clock)
        await publish_batch(referrals.desk.pool, connection, referrals.clock)

    [event] = [event["data"] for _subject, _id, event in await stored(nats_server)]
    assert (event["offer_id"], event["answered"], event["rung"]) == (offer.offer_id, True, "second_channel")


async def test_what_is_published_without_being_read_says_the_same(referrals: Running) -> None:
    """ADR 43: the process that commits an answer publishes it from memory."""
    words: list[Sequence[object]] = []
    await referrals.know(a_provider())
    [offer] = (await referrals.refer()).offers
    await referrals.receiver().RequestInfo(ask(offer))
    async with referrals.desk.pool.heard_by(words.append):
        await referrals.sender().AnswerInfo(answer(offer))
        await referrals.receiver().AcknowledgeOffer(order("Acknowledge", offer))

    told = [each for word in words for each in word if isinstance(each, Outgoing)]
    assert [(each.state, each.is_answered) for each in told] == [("received", True), ("received", False)]
