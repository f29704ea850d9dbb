"""Handover: seen by both sides between yes and arrival, and by nobody else (R20)."""

from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from services.runtime.auth import ACTOR_METADATA_KEY
from tests.referrals.samples import Running, a_provider, a_request_id, order


def a_handover(offer: Any, sealed: bytes = b"canary-bridge-4410") -> Any:
    return service_pb.SubmitHandoverRequest(
        request_id=a_request_id(), handover=pb.Handover(offer_id=offer.offer_id, sealed=sealed, key_id="key-1")
    )


def the_handover(offer: Any, **facts: Any) -> Any:
    return service_pb.GetHandoverRequest(offer_id=offer.offer_id, **facts)


async def test_each_side_sees_what_the_other_left(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    (offer,) = made.offers
    sender, receiver = referrals.sender(), referrals.receiver()
    with pytest.raises(FailedPrecondition) as caught:
        await sender.SubmitHandover(a_handover(offer))
    assert caught.value.metadata["state"] == "requested"
    await receiver.AcceptOffer(order("Accept", offer))

    await sender.SubmitHandover(a_handover(offer))
    await receiver.SubmitHandover(a_handover(offer, b"from the house"))
    await sender.SubmitHandover(a_handover(offer, b"from the sender"))

    assert (await receiver.GetHandover(the_handover(offer))).handover.sealed == b"from the sender"
    assert (await sender.GetHandover(the_handover(offer))).handover.sealed == b"from the house"
    for other in (referrals.receiver("other-desk"), referrals.sender("other")):
        with pytest.raises(NotFound):
            await other.GetHandover(the_handover(offer))


async def test_the_page_reads_for_its_desk_until_arrival_and_it_is_audited(referrals: Running) -> None:
    """R15, R20: the answer page has a shift's person before it and says for whom it reads; it leaves nothing itself."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    (offer,) = made.offers
    page, asked = referrals.service(), the_handover(offer, on_behalf_of="house-desk", via=pb.VIA_PAGE)
    with pytest.raises(NotFound):
        await page.GetHandover(asked)
    await referrals.receiver().AcceptOffer(order("Accept", offer))
    await referrals.sender().SubmitHandover(a_handover(offer))

    read = await page.GetHandover(asked, metadata=[(ACTOR_METADATA_KEY, "device-7")])

    assert (read.handover.sealed, read.handover.key_id) == (b"canary-bridge-4410", "key-1")
    assert await referrals.rows(
        "SELECT DISTINCT via_system, actor FROM audit WHERE action = 'handover.read' AND actor = 'device-7'"
    ) == [("notify", "device-7")]
    with pytest.raises(NotFound):
        await page.GetHandover(the_handover(offer, on_behalf_of="other-desk", via=pb.VIA_PAGE))
    with pytest.raises(InvalidInput, match="on_behalf_of"):
        await page.GetHandover(the_handover(offer))
    with pytest.raises(PermissionDenied):
        await page.SubmitHandover(a_handover(offer))
    with pytest.raises(PermissionDenied):
        await referrals.duty().GetHandover(asked)

    await referrals.receiver().ArriveOffer(order("Arrive", offer))

    with pytest.raises(NotFound):
        await page.GetHandover(asked)


@pytest.mark.parametrize("end", ["Arrive", "Fail", "Cancel"])
async def test_it_is_gone_once_nobody_is_expected(referrals: Running, end: str) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    (offer,) = made.offers
    sender, receiver = referrals.sender(), referrals.receiver()
    await receiver.AcceptOffer(order("Accept", offer))
    await sender.SubmitHandover(a_handover(offer))

    if end == "Arrive":
        await receiver.ArriveOffer(order("Arrive", offer))
    elif end == "Fail":
        await receiver.FailOffer(order("Fail", offer, reason="no_show"))
    else:
        await sender.CancelOffer(order("Cancel", offer, reason="moved"))

    with pytest.raises(NotFound):
        await receiver.GetHandover(the_handover(offer))
    assert await referrals.rows("SELECT count(*) FROM handover") == [(0,)]


async def test_a_withdrawal_leaves_the_meeting_point(referrals: Running) -> None:
    """R3: whoever has her on the way keeps the handover."""
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    made = await referrals.refer(consent_id=consent_id)
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
    await referrals.sender().SubmitHandover(a_handover(made.offers[0]))

    await referrals.sender().WithdrawConsent(
        service_pb.WithdrawConsentRequest(
            request_id=a_request_id(), consent_id=consent_id, withdrawal=pb.WITHDRAWAL_STOP_SHARING
        )
    )

    assert (await referrals.receiver().GetHandover(the_handover(made.offers[0]))).handover.sealed


async def test_a_handover_has_a_size(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    for sealed in (b"", b"x" * 16_385):
        with pytest.raises(InvalidInput):
            await referrals.sender().SubmitHandover(a_handover(made.offers[0], sealed))
