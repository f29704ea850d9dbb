"""What is kept of a case, and for how long; how much a sender may hold (R13, T9)."""

import asyncio
from datetime import timedelta

import pytest

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import Exhausted, FailedPrecondition, Reason
from services.referrals.due import erase_cases
from tests.referrals.samples import Running, a_provider, a_report, a_request_id, order

MONTH = timedelta(days=30)


async def erase(referrals: Running) -> int:
    return await erase_cases(referrals.desk.pool, referrals.desk.house, MONTH, referrals.clock())


async def test_a_case_is_erased_a_month_after_its_referral_is_over(referrals: Running) -> None:
    await referrals.know(a_provider())
    sender, consent_id = referrals.sender(), await referrals.consent()
    request = referrals.a_referral(consent_id=consent_id, person_ref="person-1")
    made = await sender.CreateReferral(request)
    referrals.clock.move(days=31)
    assert await erase(referrals) == 0  # open: somebody may still need it
    await sender.RevokeReferral(
        service_pb.RevokeReferralRequest(request_id=a_request_id(), referral_id=made.referral_id, reason="moved")
    )
    referrals.clock.move(days=29)
    assert await erase(referrals) == 0

    referrals.clock.move(days=2)
    assert await erase(referrals) == 1

    assert await erase(referrals) == 0
    assert await referrals.rows("SELECT count(*) FROM case_facts") == [(0,)]
    assert await referrals.rows("SELECT wrapped FROM case_key") == [(None,)]
    response = await sender.GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    assert response.referral.erased
    assert response.history[-1].type == "referral_erased"
    for call in (
        sender.CreateReferral(request),
        sender.LookUpRequest(service_pb.LookUpRequestRequest(request_id=request.request_id)),
    ):
        with pytest.raises(FailedPrecondition) as caught:
            await call
        assert caught.value.reason is Reason.ERASED


async def test_somebody_who_comes_after_erasure_is_still_let_in(referrals: Running) -> None:
    """An arrival is never refused, and shows nothing that is gone."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.sender().CancelOffer(order("Cancel", made.offers[0], reason="moved"))
    await referrals.sender().RevokeReferral(
        service_pb.RevokeReferralRequest(request_id=a_request_id(), referral_id=made.referral_id, reason="moved")
    )
    referrals.clock.move(days=40)
    assert await erase(referrals) == 1

    arrived = await referrals.receiver().ArriveOffer(order("Arrive", made.offers[0]))

    assert arrived.offer.code == "ACC-EMG"
    assert not arrived.offer.HasField("person") or not arrived.offer.person.ListFields()


async def test_whom_a_person_shall_not_meet_is_forgotten_with_the_last_of_her_referrals(referrals: Running) -> None:
    """R8, R13."""
    await referrals.know(a_provider("one"), a_provider("two"))
    sender, consent_id = referrals.sender(), await referrals.consent()
    made = [
        await referrals.refer(name, consent_id=consent_id, person_ref="person-1", urgency="NORMAL")
        for name in ("one", "two")
    ]
    await referrals.receiver("one-desk").DeclineOffer(
        order("Decline", made[0].offers[0], reason="conflict_of_interest")
    )
    kept = []
    for each in made:
        await sender.RevokeReferral(
            service_pb.RevokeReferralRequest(request_id=a_request_id(), referral_id=each.referral_id, reason="moved")
        )
        referrals.clock.move(days=40)
        assert await erase(referrals) == 1
        kept += await referrals.rows("SELECT count(*) FROM exclusion")

    assert kept == [(1,), (0,)]


async def test_many_at_once_hold_exactly_what_a_sender_may_hold(referrals: Running) -> None:
    """T9: no call slips through between the counting and the holding."""
    object.__setattr__(referrals.desk, "max_held", 5)
    await referrals.know(a_provider(places=(a_report(100),)))
    consent_id = await referrals.consent()

    made = await asyncio.gather(*(referrals.refer(consent_id=consent_id) for _ in range(20)), return_exceptions=True)

    refused = [each for each in made if isinstance(each, Exhausted)]
    assert len(made) - len(refused) == 5
    assert {each.reason for each in refused} == {Reason.QUOTA}
    assert await referrals.rows("SELECT held FROM place") == [(5,)]
    assert await referrals.rows("SELECT count(*) FROM referral") == [(5,)]


async def test_a_sender_that_holds_too_much_waits_and_others_do_not(referrals: Running) -> None:
    """T9."""
    object.__setattr__(referrals.desk, "max_held", 2)
    await referrals.know(a_provider(places=(a_report(10),)))
    first = await referrals.refer()
    await referrals.refer()

    with pytest.raises(Exhausted) as caught:
        await referrals.refer()
    assert caught.value.reason is Reason.QUOTA
    other = referrals.sender("other")
    assert (await referrals.refer(sender=other)).referral_id

    await referrals.receiver().AcceptOffer(order("Accept", first.offers[0]))
    assert (await referrals.refer()).referral_id
