"""When a safeguarding flag stands, whoever is on duty sees what is open there (R33)."""

import pytest

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import NotFound, PermissionDenied
from services.referrals.model import Vetting
from tests.referrals.samples import Running, a_provider, order


async def test_a_flag_lists_the_open_offers_to_whoever_is_on_duty_r33(referrals: Running) -> None:
    request = service_pb.ListSuspendedOffersRequest(provider_id="house", page_size=1)
    await referrals.know(a_provider())
    first = await referrals.refer(codes=("HEA-SGV",))
    second = await referrals.refer(codes=("HEA-SGV",), case_ref="case-1")
    with pytest.raises(NotFound):
        await referrals.duty().ListSuspendedOffers(request)

    await referrals.know(a_provider(vetting=Vetting.SUSPENDED))
    page = await referrals.duty().ListSuspendedOffers(request)
    request.page_token = page.next_page_token
    rest = await referrals.duty().ListSuspendedOffers(request)

    listed = [offer.offer_id for offer in (*page.offers, *rest.offers)]
    assert sorted(listed) == sorted([first.offers[0].offer_id, second.offers[0].offer_id])
    assert not rest.next_page_token


async def test_what_is_listed_under_a_flag_says_nothing_of_the_person_r10(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0]))
    await referrals.know(a_provider(vetting=Vetting.SUSPENDED))

    page = await referrals.duty().ListSuspendedOffers(service_pb.ListSuspendedOffersRequest(provider_id="house"))

    assert not page.offers[0].HasField("briefing")
    with pytest.raises(PermissionDenied):
        await referrals.sender().ListSuspendedOffers(service_pb.ListSuspendedOffersRequest(provider_id="house"))
