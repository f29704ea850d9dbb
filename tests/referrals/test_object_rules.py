"""Whose offer it is, which version, which state: what a command is refused for, and how little that tells."""

from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, IhalaError, InvalidInput, NotFound, Reason
from tests.referrals.samples import Running, a_provider, order


@pytest.mark.parametrize(
    ("command", "facts"),
    [
        ("Acknowledge", {}),
        ("Accept", {}),
        ("Decline", {"reason": "no_capacity"}),
        ("Depart", {}),
        ("Arrive", {}),
        ("Fail", {"reason": "no_show"}),
        ("Complete", {"outcome": "provided_here"}),
    ],
)
async def test_anothers_offer_looks_absent(referrals: Running, command: str, facts: dict[str, Any]) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    texts = []
    for stub, offer in (
        (referrals.receiver("other-desk"), made.offers[0]),
        (referrals.receiver("house-desk"), "no-such-offer"),
    ):
        with pytest.raises(NotFound) as caught:
            await getattr(stub, f"{command}Offer")(order(command, offer, **facts))
        texts.append(str(caught.value))

    assert texts[0] == texts[1]


async def test_a_service_says_for_whom_and_by_what_way(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    service = referrals.service()

    with pytest.raises(InvalidInput):
        await service.AcknowledgeOffer(order("Acknowledge", made.offers[0]))
    with pytest.raises(NotFound):
        await service.AcknowledgeOffer(order("Acknowledge", made.offers[0], on_behalf_of="other-desk", via=pb.VIA_PAGE))
    read = await service.AcknowledgeOffer(
        order("Acknowledge", made.offers[0], on_behalf_of="house-desk", via=pb.VIA_PAGE)
    )

    assert read.offer.state == pb.OFFER_STATE_RECEIVED


async def test_a_duty_coordinator_sees_no_answered_offer(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    said: dict[str, Any] = {"on_behalf_of": "house-desk", "via": pb.VIA_PHONE}
    request = service_pb.ReadOfferRequest(offer_id=made.offers[0].offer_id, **said)
    assert (await referrals.duty().ReadOffer(request)).offer.code == "ACC-EMG"
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    with pytest.raises(NotFound):
        await referrals.duty().ReadOffer(request)


async def test_an_illegal_move_names_state_and_move(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()

    with pytest.raises(FailedPrecondition) as caught:
        await referrals.receiver().CompleteOffer(order("Complete", made.offers[0], outcome="provided_here"))

    assert caught.value.reason is Reason.ILLEGAL_MOVE
    assert caught.value.metadata == {"state": "requested", "move": "complete"}


async def test_a_command_on_a_left_behind_version_is_refused(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcknowledgeOffer(order("Acknowledge", made.offers[0], expected_version=1))

    with pytest.raises(IhalaError) as caught:
        await referrals.receiver().AcceptOffer(order("Accept", made.offers[0], expected_version=1))

    assert caught.value.reason is Reason.VERSION_CONFLICT
