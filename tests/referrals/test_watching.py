"""The sender's feed: a watcher that is killed and resumed misses nothing and hears nothing of others."""

import asyncio
import random
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, Reason
from services.referrals.servicer import watching
from tests.referrals.samples import Running, a_provider, a_report, order


async def first(stream: Any) -> Any:
    async with asyncio.timeout(10):
        async for message in stream:
            stream.cancel()
            return message
    raise AssertionError


async def test_a_watcher_killed_and_resumed_twenty_times_hears_every_event_once(referrals: Running) -> None:
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    sender, receiver = referrals.sender(), referrals.receiver()
    done = asyncio.Event()
    chance = random.Random(5)

    async def write() -> None:
        async def live() -> None:
            for _ in range(5):
                made = await referrals.refer(consent_id=consent_id)
                await receiver.AcknowledgeOffer(order("Acknowledge", made.offers[0]))
                await receiver.AcceptOffer(order("Accept", made.offers[0]))

        await asyncio.gather(*(live() for _ in range(8)))
        done.set()

    heard: list[Any] = []

    async def watch() -> None:
        epoch, revision, kills = "", 0, 0
        while not (done.is_set() and revision == 160):
            stream = sender.WatchReferrals(service_pb.WatchReferralsRequest(epoch=epoch, after_revision=revision))
            async for message in stream:
                heard.extend(message.events)
                epoch, revision = message.epoch, message.revision
                if (kills < 20 and chance.random() < 0.5) or (done.is_set() and revision == 160):
                    kills += 1
                    stream.cancel()
                    break

    async with asyncio.timeout(60):
        await asyncio.gather(write(), watch())

    assert [event.revision for event in heard] == list(range(1, 161))
    assert len({event.event_id for event in heard}) == 160
    for event in heard:
        assert event.referral.referral_id == event.referral_id
        assert event.referral.case_ref == "case-1"
    last = {event.referral_id: event for event in heard}
    assert {event.referral.offers[0].state for event in last.values()} == {pb.OFFER_STATE_ACCEPTED}


async def test_a_sender_hears_nothing_of_others(referrals: Running) -> None:
    await referrals.know(a_provider())
    other = referrals.sender("other")
    await referrals.refer(sender=other, consent_id=await referrals.consent(other))

    page = await referrals.sender().ListReferralEvents(service_pb.ListReferralEventsRequest())

    assert (list(page.events), page.revision, page.caught_up) == ([], 0, True)


async def test_a_quiet_feed_beats_with_its_cursor(referrals: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HEARTBEAT_S", 0.01)
    await referrals.know(a_provider())
    await referrals.refer()
    beats = []
    stream = referrals.sender().WatchReferrals(service_pb.WatchReferralsRequest())
    async with asyncio.timeout(10):
        async for message in stream:
            beats.append((len(message.events), message.revision))
            if len(beats) == 3:
                stream.cancel()
                break

    assert beats == [(2, 2), (0, 2), (0, 2)]


@pytest.mark.parametrize(("epoch", "revision"), [("another", 1), ("", 1), (None, 99)])
async def test_a_cursor_that_cannot_go_on_is_refused(referrals: Running, epoch: str | None, revision: int) -> None:
    await referrals.know(a_provider())
    await referrals.refer()
    sender = referrals.sender()
    known = (await sender.ListReferralEvents(service_pb.ListReferralEventsRequest())).epoch

    with pytest.raises(FailedPrecondition) as caught:
        await first(
            sender.WatchReferrals(
                service_pb.WatchReferralsRequest(epoch=known if epoch is None else epoch, after_revision=revision)
            )
        )

    assert caught.value.reason is Reason.EPOCH_CHANGED


async def test_taken_places_come_whole_first_and_then_as_they_change(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(5),)))
    made = await referrals.refer()
    told = []
    stream = referrals.service().WatchTakenPlaces(service_pb.WatchTakenPlacesRequest())
    async with asyncio.timeout(15):
        async for message in stream:
            told += [(each.pool_id, each.population, each.held_count, each.booked_count) for each in message.places]
            assert message.caught_up
            if len(told) == 1:
                await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
            elif len(told) == 2:
                await referrals.sender().CancelOffer(order("Cancel", made.offers[0], reason="no_longer_needed"))
            else:
                stream.cancel()
                break

    assert told == [
        ("house-pool", "girls", 1, 0),
        ("house-pool", "girls", 0, 1),
        ("house-pool", "girls", 0, 0),
    ]
