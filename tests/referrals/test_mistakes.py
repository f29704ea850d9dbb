"""What was made by mistake ends as such, and leaves nobody waiting."""

from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, NotFound, Reason
from tests.referrals.samples import Running, a_provider, a_report, a_request_id, order


def void(offer: Any) -> service_pb.VoidOfferRequest:
    return service_pb.VoidOfferRequest(offer_id=offer.offer_id, request_id=a_request_id())


def void_all(referral_id: str) -> service_pb.VoidReferralRequest:
    return service_pb.VoidReferralRequest(referral_id=referral_id, request_id=a_request_id())


async def test_an_offer_made_by_mistake_gives_its_place_back_and_looks_for_nobody(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    made = await referrals.refer()
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    voided = await referrals.sender().VoidOffer(void(made.offers[0]))

    assert voided.offer.state == pb.OFFER_STATE_ENTERED_IN_ERROR
    assert voided.offer.reason == "entered_in_error"
    assert await referrals.rows("SELECT held, booked FROM place") == [(0, 0)]
    # the sender is asked how to go on, and nobody is asked by itself
    assert await referrals.rows("SELECT accepted_offer_id, next_kind FROM need") == [(None, "sender")]
    with pytest.raises(FailedPrecondition) as caught:
        await referrals.sender().VoidOffer(void(made.offers[0]))
    assert caught.value.reason is Reason.ILLEGAL_MOVE


async def test_a_referral_made_by_mistake_ends_with_its_offers_and_tasks(referrals: Running) -> None:
    await referrals.know(a_provider("one", receiver_id=""), a_provider("two", places=(a_report(1),)))
    made = await referrals.refer("one", "two")

    voided = await referrals.sender().VoidReferral(void_all(made.referral_id))

    assert voided.referral.state == pb.REFERRAL_STATE_ENTERED_IN_ERROR
    assert {offer.state for offer in voided.referral.offers} == {pb.OFFER_STATE_ENTERED_IN_ERROR}
    assert await referrals.rows("SELECT state FROM task") == [("closed",)]
    assert await referrals.rows("SELECT held FROM place WHERE total = 1") == [(0,)]
    assert await referrals.pass_time(days=2) == 0


async def test_a_desk_sees_nothing_of_an_offer_made_by_mistake(referrals: Running) -> None:
    """R10."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    receiver = referrals.receiver()
    await receiver.AcknowledgeOffer(order("Acknowledge", made.offers[0]))
    await referrals.sender().VoidOffer(void(made.offers[0]))

    read = await receiver.ReadOffer(service_pb.ReadOfferRequest(offer_id=made.offers[0].offer_id))

    assert (read.offer.code, read.offer.HasField("person")) == ("", False)


async def test_anothers_mistakes_are_not_mine(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    other = referrals.sender("other")

    for call in (other.VoidOffer(void(made.offers[0])), other.VoidReferral(void_all(made.referral_id))):
        with pytest.raises(NotFound):
            await call
