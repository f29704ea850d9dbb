"""A provider's silence is counted with decay, and told to matching and in the figures (domain: ladder on silence)."""

from datetime import timedelta
from typing import Any

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.referrals.servicer.summary import summary
from services.referrals.store import silence
from services.referrals.store.referrals import AreaCount
from tests.referrals.samples import AREA, Running, a_provider, order


async def told(referrals: Running) -> list[Any]:
    """Read the feed of taken places until it says who is silent."""
    call = referrals.service().WatchTakenPlaces(service_pb.WatchTakenPlacesRequest())
    try:
        async for message in call:
            if message.HasField("silent"):
                return [message.silent]
    finally:
        call.cancel()
    return []


async def let_run_out(referrals: Running, provider_id: str, consent_id: str, *, read: bool = False) -> Any:
    made = await referrals.refer(provider_id, consent_id=consent_id)
    if read:
        await referrals.receiver(f"{provider_id}-desk").AcknowledgeOffer(order("Acknowledge", made.offers[0]))
    for _ in range(3):
        await referrals.pass_time(hours=1)
    return made.offers[0]


async def test_offers_that_run_out_unread_count_and_halve_with_time(referrals: Running) -> None:
    by_hand = a_provider("by-hand", receiver_id="")
    await referrals.know(a_provider("silent"), a_provider("slow"), by_hand)
    consent_id = await referrals.consent(provider_ids=["silent", "slow", "by-hand"])
    start = referrals.clock()
    await let_run_out(referrals, "silent", consent_id)
    referrals.clock.move(days=7)
    last = referrals.clock()
    await let_run_out(referrals, "silent", consent_id)
    await let_run_out(referrals, "slow", consent_id, read=True)
    await let_run_out(referrals, "by-hand", consent_id)

    (found,) = await told(referrals)

    (one,) = found.providers
    older = 0.5 ** ((last - start) / timedelta(days=7))
    assert (one.provider_id, round(one.unread_count, 6)) == ("silent", round(1 + older, 6))
    assert one.last_time.ToDatetime(last.tzinfo) == last
    assert found.half_life.ToTimedelta() == timedelta(days=7)


async def test_a_late_yes_takes_the_silence_back_and_time_forgets_it(referrals: Running) -> None:
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    offer = await let_run_out(referrals, "house", consent_id)
    async with referrals.desk.read() as connection:
        assert [each.provider_id for each in await silence.recent(connection, referrals.clock())] == ["house"]
        assert await silence.recent(connection, referrals.clock() + timedelta(days=49)) == []

    await referrals.receiver().AcceptOffer(order("Accept", offer))

    assert list((await told(referrals))[0].providers) == []


def test_figures_say_how_many_ran_out_unread_but_never_of_one_or_two_providers() -> None:
    """R14: a share of silence in an area with one house would be the silence of that house."""
    counts = [AreaCount(AREA, "ACC", 40, 20, 12, 3), AreaCount(AREA, "HEA", 40, 20, 12, 2)]

    told_counts = {each.group: each for each in summary(counts).counts}

    assert told_counts["ACC"].unread_count == 10
    assert not told_counts["HEA"].HasField("unread_count")
