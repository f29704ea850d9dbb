"""A yes that is said again means what it said the first time (contracts 5.2)."""

from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, Reason
from tests.referrals.samples import Running, a_provider, a_request_id, order
from tests.referrals.test_groups import a_part, a_plan, houses


async def events(referrals: Running) -> list[str]:
    return [row[0] for row in await referrals.rows("SELECT type FROM event ORDER BY revision")]


async def test_the_same_yes_under_another_id_is_answered_as_what_it_is(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    desk = referrals.receiver()
    first = await desk.AcceptOffer(order("Accept", made.offers[0], expected_version=1))
    told = await events(referrals)

    again = await desk.AcceptOffer(order("Accept", made.offers[0], expected_version=1))

    assert (again.offer.state, again.offer.version) == (first.offer.state, first.offer.version)
    assert (first.replayed, again.replayed) == (False, True)
    assert await events(referrals) == told
    assert told.count("offer_accepted") == 1


async def test_it_stands_while_she_is_on_the_way_and_after_a_withdrawal(referrals: Running) -> None:
    """R3: whoever has her on the way keeps the place; saying so again is not a new yes."""
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    made = await referrals.refer(consent_id=consent_id)
    desk = referrals.receiver()
    await desk.AcceptOffer(order("Accept", made.offers[0]))
    await desk.DepartOffer(order("Depart", made.offers[0]))
    await referrals.sender().WithdrawConsent(
        service_pb.WithdrawConsentRequest(
            request_id=a_request_id(), consent_id=consent_id, withdrawal=pb.WITHDRAWAL_STOP_SHARING
        )
    )

    again = await desk.AcceptOffer(order("Accept", made.offers[0]))

    assert (again.offer.state, again.replayed) == (pb.OFFER_STATE_IN_TRANSIT, True)


@pytest.mark.parametrize(
    ("command", "facts"),
    [
        ("Decline", {"reason": "staff_unavailable"}),
        ("Propose", {"conditions": ["escort"]}),
    ],
)
async def test_another_answer_is_an_illegal_move(referrals: Running, command: str, facts: dict[str, Any]) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    desk = referrals.receiver()
    await desk.AcceptOffer(order("Accept", made.offers[0]))

    with pytest.raises(FailedPrecondition) as caught:
        await getattr(desk, f"{command}Offer")(order(command, made.offers[0], **facts))

    assert (caught.value.reason, caught.value.metadata["state"]) == (Reason.ILLEGAL_MOVE, "accepted")


async def test_another_number_of_a_group_is_another_answer(referrals: Running) -> None:
    """R52."""
    await houses(referrals, one=8)
    made = await referrals.sender().CreateReferrals(await a_plan(referrals, a_part("boat-1", "one", 8)))
    offer, desk = made.referrals[0].offers[0], referrals.receiver("one-desk")

    def taking(count: int) -> Any:
        return order("Accept", offer, accept_items=[matching_pb2.PlaceItem(population="women", count=count)])

    await desk.AcceptOffer(taking(5))
    again = await desk.AcceptOffer(taking(5))
    with pytest.raises(FailedPrecondition) as caught:
        await desk.AcceptOffer(taking(3))

    assert again.replayed
    assert caught.value.reason is Reason.ILLEGAL_MOVE
    assert await referrals.rows("SELECT held, booked FROM place WHERE population = 'women'") == [(0, 5)]


async def test_a_yes_after_a_no_stays_a_no(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().DeclineOffer(order("Decline", made.offers[0], reason="staff_unavailable"))

    with pytest.raises(FailedPrecondition) as caught:
        await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    assert caught.value.metadata["state"] == "rejected"
