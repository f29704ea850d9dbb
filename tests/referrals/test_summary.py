"""Counts for coordinators: by area and group, never of few (R14)."""

from datetime import timedelta

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.referrals.wire.basics import time_to_wire
from services.runtime.auth import Role
from tests.referrals.samples import AREA, Running, a_provider, order


async def test_counts_below_five_are_left_out_and_others_come_in_steps(referrals: Running) -> None:
    await referrals.know(a_provider("many"), a_provider("few", area_cell="833f4efffffffff"))
    consent_id = await referrals.consent(provider_ids=["many", "few"])
    for number in range(13):
        made = await referrals.refer("many", consent_id=consent_id)
        if number < 6:
            await referrals.receiver("many-desk").AcceptOffer(order("Accept", made.offers[0]))
    for _ in range(4):
        await referrals.refer("few", consent_id=consent_id)
    coordinator = referrals.stub(Role.COORDINATOR, client_id="coordinator")

    summary = await coordinator.SummarizeReferrals(service_pb.SummarizeReferralsRequest())

    assert [(count.area_cell, count.group, count.offer_count, count.accepted_count) for count in summary.counts] == [
        (AREA, "ACC", 10, 5)
    ]
    assert summary.suppressed


async def test_a_count_of_accepted_below_five_is_absent(referrals: Running) -> None:
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    for _ in range(5):
        made = await referrals.refer(consent_id=consent_id)
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
    coordinator = referrals.stub(Role.COORDINATOR, client_id="coordinator")
    now = referrals.clock()

    summary = await coordinator.SummarizeReferrals(service_pb.SummarizeReferralsRequest(start_time=time_to_wire(now)))
    later = await coordinator.SummarizeReferrals(
        service_pb.SummarizeReferralsRequest(start_time=time_to_wire(now + timedelta(hours=1)))
    )

    assert [count.offer_count for count in summary.counts] == [5]
    assert not summary.counts[0].HasField("accepted_count")
    assert (list(later.counts), later.suppressed) == ([], False)
