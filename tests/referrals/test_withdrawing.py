"""The three ways to withdraw a consent (R3)."""

from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import InvalidInput
from tests.referrals.samples import Running, a_provider, a_report, a_request_id, order


async def withdraw(referrals: Running, consent_id: str, way: Any, provider_id: str = "") -> Any:
    request = service_pb.WithdrawConsentRequest(
        request_id=a_request_id(), consent_id=consent_id, withdrawal=way, provider_id=provider_id
    )
    first = await referrals.sender().WithdrawConsent(request)
    again = await referrals.sender().WithdrawConsent(request)
    assert again.replayed
    assert again.consent == first.consent
    return first.consent


async def standing(referrals: Running, referral_id: str) -> tuple[str, dict[str, str]]:
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
    offers = {
        offer.provider_id: pb.OfferState.Name(offer.state).removeprefix("OFFER_STATE_").lower()
        for offer in response.referral.offers
    }
    return pb.ReferralState.Name(response.referral.state).removeprefix("REFERRAL_STATE_").lower(), offers


async def test_for_one_receiver_ends_its_offer_alone(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"))
    consent_id = await referrals.consent()
    made = await referrals.refer("one", "two", consent_id=consent_id)

    consent = await withdraw(referrals, consent_id, pb.WITHDRAWAL_THIS_RECEIVER, "one")

    assert list(consent.withdrawn_provider_ids) == ["one"]
    assert not consent.HasField("withdrawn_time")
    assert await standing(referrals, made.referral_id) == ("active", {"one": "cancelled", "two": "requested"})


async def test_to_stop_sharing_ends_all_that_nobody_accepted_and_keeps_the_place_of_who_did(
    referrals: Running,
) -> None:
    await referrals.know(a_provider("one", places=(a_report(1),)), a_provider("two"), a_provider("three"))
    consent_id = await referrals.consent()
    choices = [
        service_pb.OfferChoice(need_no=0, provider_id="one"),
        service_pb.OfferChoice(need_no=1, provider_id="two"),
        service_pb.OfferChoice(need_no=1, provider_id="three"),
    ]
    made = await referrals.refer(consent_id=consent_id, codes=("ACC-EMG", "HEA-SGV"), choices=choices)
    await referrals.receiver("one-desk").AcceptOffer(order("Accept", made.offers[0]))

    consent = await withdraw(referrals, consent_id, pb.WITHDRAWAL_STOP_SHARING)

    assert consent.HasField("withdrawn_time")
    _state, offers = await standing(referrals, made.referral_id)
    assert offers == {"one": "accepted", "two": "cancelled", "three": "cancelled"}
    assert await referrals.rows("SELECT booked FROM place") == [(1,)]
    read = await referrals.receiver("one-desk").ReadOffer(service_pb.ReadOfferRequest(offer_id=made.offers[0].offer_id))
    assert read.offer.HasField("person")


async def test_to_stop_the_service_revokes_what_nobody_accepted(referrals: Running) -> None:
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    made = await referrals.refer(consent_id=consent_id)

    await withdraw(referrals, consent_id, pb.WITHDRAWAL_STOP_SERVICE)

    assert await standing(referrals, made.referral_id) == ("revoked", {"house": "cancelled"})


async def test_to_stop_the_service_sends_a_person_to_ask_her_where_somebody_accepted(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    consent_id = await referrals.consent()
    made = await referrals.refer(consent_id=consent_id)
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    await withdraw(referrals, consent_id, pb.WITHDRAWAL_STOP_SERVICE)

    assert await standing(referrals, made.referral_id) == ("active", {"house": "accepted"})
    assert await referrals.rows("SELECT kind FROM task WHERE state = 'open'") == [("welfare_check",)]
    assert await referrals.rows("SELECT booked FROM place") == [(1,)]


async def test_the_way_is_given_and_its_provider(referrals: Running) -> None:
    consent_id = await referrals.consent()

    for way, provider_id in ((0, ""), (pb.WITHDRAWAL_THIS_RECEIVER, ""), (pb.WITHDRAWAL_STOP_SHARING, "one")):
        with pytest.raises(InvalidInput):
            await withdraw(referrals, consent_id, way, provider_id)


async def test_the_consents_of_a_case_are_listed_newest_first(referrals: Running) -> None:
    made = []
    for _ in range(3):
        made.append(await referrals.consent())
        referrals.clock.move(seconds=1)
    await referrals.consent(case_ref="another")

    page = await referrals.sender().ListConsents(service_pb.ListConsentsRequest(case_ref="case-1", page_size=2))
    rest = await referrals.sender().ListConsents(
        service_pb.ListConsentsRequest(case_ref="case-1", page_size=2, page_token=page.next_page_token)
    )

    assert [each.consent_id for each in (*page.consents, *rest.consents)] == made[::-1]
    assert rest.next_page_token == ""
