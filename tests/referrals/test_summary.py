"""Counts for coordinators: by area and group, never of few (R14)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import InvalidInput
from services.referrals.servicer.summary import summary
from services.referrals.store.referrals import AreaCount
from services.runtime.auth import Role
from services.runtime.times import time_to_wire
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
    month = referrals.clock().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    next_month = (month + timedelta(days=40)).replace(day=1)

    summary = await coordinator.SummarizeReferrals(service_pb.SummarizeReferralsRequest(start_time=time_to_wire(month)))
    later = await coordinator.SummarizeReferrals(
        service_pb.SummarizeReferralsRequest(start_time=time_to_wire(next_month))
    )

    assert [count.offer_count for count in summary.counts] == [5]
    assert not summary.counts[0].HasField("accepted_count")
    assert (list(later.counts), later.suppressed) == ([], False)


async def test_no_window_can_be_moved_by_less_than_a_month(referrals: Running) -> None:
    coordinator = referrals.stub(Role.COORDINATOR, client_id="coordinator")
    day = referrals.clock().replace(day=2, hour=0, minute=0, second=0, microsecond=0)

    with pytest.raises(InvalidInput, match="start_time must be the first moment of a month"):
        await coordinator.SummarizeReferrals(service_pb.SummarizeReferralsRequest(start_time=time_to_wire(day)))


MONTHS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda it: (max(it), min(it))), max_size=9)


@given(months=MONTHS, split=st.integers(0, 9))
def test_answers_that_are_subtracted_tell_what_the_months_between_tell(
    months: list[tuple[int, int]], split: int
) -> None:
    counts = [AreaCount(AREA, "ACC", offers, accepted) for offers, accepted in months]

    whole, first, rest = (numbers(summary(part)) for part in (counts, counts[:split], counts[split:]))

    assert (whole[0] - first[0], whole[1] - first[1]) == rest
    assert not any(number % 5 for number in whole)


def numbers(answer: Any) -> tuple[int, int]:
    return sum(each.offer_count for each in answer.counts), sum(each.accepted_count for each in answer.counts)
