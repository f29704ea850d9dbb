"""Clocks and holds with a time that the test moves (R46, R62)."""

from datetime import timedelta
from typing import Any

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.referrals.sweeper import Sweeper
from tests.referrals.samples import Running, a_provider, a_report, order


async def pass_time(referrals: Running, **by: float) -> int:
    return await referrals.pass_time(**by)


async def the_offer(referrals: Running, referral_id: str) -> Any:
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
    return response.referral.offers[0], response.referral.state


async def open_tasks(referrals: Running) -> list[str]:
    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    return [pb.TaskKind.Name(task.kind).removeprefix("TASK_KIND_").lower() for task in tasks]


async def test_an_immediate_offer_that_nobody_reads_is_rung_expires_and_ends_with_a_person(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    made = await referrals.refer()

    assert await pass_time(referrals, minutes=1, seconds=59) == 0
    assert await pass_time(referrals, seconds=1) == 1
    assert await pass_time(referrals, minutes=3) == 1
    assert await open_tasks(referrals) == []
    assert await pass_time(referrals, minutes=5) == 2
    offer, _state = await the_offer(referrals, made.referral_id)
    assert (offer.state, offer.due_kind, offer.ring) == (pb.OFFER_STATE_REQUESTED, pb.DUE_KIND_DECIDE, True)
    assert await open_tasks(referrals) == ["ring"]
    assert await pass_time(referrals, minutes=10) == 1
    assert await open_tasks(referrals) == ["ring", "ring"]

    assert await pass_time(referrals, minutes=10) == 2
    offer, state = await the_offer(referrals, made.referral_id)
    assert (offer.state, state) == (pb.OFFER_STATE_EXPIRED, pb.REFERRAL_STATE_EXHAUSTED)
    assert await open_tasks(referrals) == ["match_by_hand"]
    assert await referrals.rows("SELECT held FROM place") == [(0,)]
    assert await pass_time(referrals, days=400) == 0


async def test_the_next_provider_keeps_the_referral_going(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"))
    made = await referrals.refer("one", "two")
    await referrals.receiver("two-desk").AcknowledgeOffer(order("Acknowledge", made.offers[1]))
    await pass_time(referrals, minutes=29)
    await referrals.receiver("two-desk").AcceptOffer(order("Accept", made.offers[1]))

    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    assert response.referral.state == pb.REFERRAL_STATE_ACTIVE
    assert await open_tasks(referrals) == []


async def test_reading_stops_the_clock_of_reading_and_answering_that_of_deciding(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))

    assert await pass_time(referrals, minutes=29) == 0
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
    assert await pass_time(referrals, minutes=150) == 0
    assert await open_tasks(referrals) == []


async def test_somebody_who_does_not_arrive_is_looked_after_again_and_again(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    assert await pass_time(referrals, hours=3) == 1
    assert await open_tasks(referrals) == ["welfare_check"]
    assert await pass_time(referrals, hours=24) == 1
    assert await open_tasks(referrals) == ["welfare_check"]

    await referrals.receiver().ArriveOffer(order("Arrive", made.offers[0]))
    assert await open_tasks(referrals) == []


async def test_after_an_outage_people_still_have_time_to_act(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()

    await pass_time(referrals, hours=8)
    offer, _state = await the_offer(referrals, made.referral_id)

    assert offer.due_time.ToSeconds() - referrals.clock().timestamp() == 300


async def test_a_lapsed_hold_frees_the_place_and_never_the_offer(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    made = await referrals.refer()
    first = await referrals.refer()
    assert first.referral_id == ""
    sweeper = a_sweeper(referrals)

    referrals.clock.move(minutes=29)
    assert await sweeper(29 * 60) == 0
    referrals.clock.move(minutes=1)
    assert await sweeper(30 * 60) == 1
    assert await sweeper(30 * 60) == 0

    offer, _state = await the_offer(referrals, made.referral_id)
    assert (offer.state, offer.hold.state) == (pb.OFFER_STATE_REQUESTED, pb.HOLD_STATE_LAPSED)
    second = await referrals.refer()
    assert second.referral_id
    accepted = await referrals.receiver().AcceptOffer(order("Accept", second.offers[0]))
    assert accepted.offer.hold.state == pb.HOLD_STATE_BOOKED


async def test_a_lapsed_hold_is_taken_again_by_a_yes(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    made = await referrals.refer()
    sweeper = a_sweeper(referrals)
    referrals.clock.move(minutes=30)
    assert await sweeper(30 * 60) == 1

    accepted = await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    assert accepted.offer.hold.state == pb.HOLD_STATE_BOOKED
    assert await referrals.rows("SELECT held, booked FROM place") == [(0, 1)]


async def test_a_clock_that_jumps_frees_nothing_until_it_is_back(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    await referrals.refer()
    sweeper = a_sweeper(referrals)

    referrals.clock.move(hours=2)
    assert await sweeper(10) == 0
    assert await sweeper(20) == 0
    referrals.clock.time -= timedelta(hours=2, seconds=-20)
    assert await sweeper(20) == 0
    referrals.clock.move(minutes=30)
    assert await sweeper(20 + 30 * 60) == 1


def a_sweeper(referrals: Running) -> Any:
    """Make a sweeper whose monotonic clock says what the test says."""
    passed_s = 0.0
    made = Sweeper(referrals.desk.pool, referrals.desk.house, now=referrals.clock, monotonic_s=lambda: passed_s)

    async def sweep(monotonic_s: float) -> int:
        nonlocal passed_s
        passed_s = monotonic_s
        return await made.sweep()

    return sweep
