"""The life of a referral is drawn as it is, and can be told again from its events."""

from typing import Any

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from scripts import document_life
from services.referrals.referral import OFFER_TABLE
from tests.referrals.samples import Running, a_match_request, a_provider, a_report, a_request_id, order


def test_the_page_is_drawn_from_the_table() -> None:
    page = document_life.PAGE.read_text(encoding="utf-8")

    assert page == document_life.with_tables(page), "run `make docs`"


async def rebuilt(referrals: Running) -> dict[str, tuple[Any, ...]]:
    """Tell every offer again from the events alone."""
    told: dict[str, tuple[Any, ...]] = {}
    for offer_id, version, state, reason, due_time, due_kind, type_ in await referrals.rows(
        """
        SELECT offer_id, offer_version, state, reason, due_time, due_kind, type FROM event
        WHERE offer_id IS NOT NULL ORDER BY client_id, revision
        """
    ):
        moved = {row.event for row in OFFER_TABLE}
        if type_ in moved:
            assert version == told.get(offer_id, (0,))[0] + 1, "each version has one event"
            told[offer_id] = (version, state, reason, due_time, due_kind)
        elif type_ == "offer_overdue":
            told[offer_id] = (*told[offer_id][:3], due_time, due_kind)
    return told


async def test_every_offer_can_be_told_again_from_its_events(referrals: Running) -> None:
    await referrals.know(*(a_provider(f"p{number}", places=(a_report(9),)) for number in range(6)))
    referrals.matching.next_ones = ["p4", "p5"]
    made = await referrals.refer("p0", "p1", "p2", "p3")
    offers = made.offers
    desk = [referrals.receiver(f"p{number}-desk") for number in range(6)]
    sender = referrals.sender()
    await desk[0].AcknowledgeOffer(order("Acknowledge", offers[0]))
    await desk[0].DeclineOffer(order("Decline", offers[0], reason="conflict_of_interest"))
    await desk[1].ProposeOffer(order("Propose", offers[1], conditions=["paper"]))
    await desk[2].RequestInfo(
        service_pb.RequestInfoRequest(offer_id=offers[2].offer_id, request_id=a_request_id(), question="age")
    )
    await sender.AnswerInfo(
        service_pb.AnswerInfoRequest(offer_id=offers[2].offer_id, request_id=a_request_id(), answer="not_known")
    )
    await sender.AgreeOffer(service_pb.AgreeOfferRequest(offer_id=offers[1].offer_id, request_id=a_request_id()))
    await desk[1].DepartOffer(order("Depart", offers[1]))
    await desk[1].FailOffer(order("Fail", offers[1], reason="refused_at_door"))
    await referrals.pass_time()
    response = await sender.GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    assert response.referral.offers[-1].provider_id == "p4"
    last = response.referral.offers[-1]
    await desk[4].ArriveOffer(order("Arrive", last))
    await desk[4].CompleteOffer(order("Complete", last, outcome="provided_here"))
    await referrals.refer("p5")
    await referrals.pass_time(hours=1)

    stands = {
        row[0]: row[1:]
        for row in await referrals.rows("SELECT offer_id, version, state, reason, due_time, due_kind FROM offer")
    }
    assert await rebuilt(referrals) == stands
    assert pb.OFFER_STATE_COMPLETED in [
        offer.state
        for offer in (
            await sender.GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
        ).referral.offers
    ]


async def test_questions_drafts_and_mistakes_can_be_told_again_too(referrals: Running) -> None:
    await referrals.know(*(a_provider(f"p{number}", places=(a_report(9),)) for number in range(4)))
    sender = referrals.sender()
    match: dict[str, Any] = {"match_token": "token", "match_request": a_match_request()}
    made = await sender.ProbeProviders(
        service_pb.ProbeProvidersRequest(
            request_id=a_request_id(),
            choices=[service_pb.OfferChoice(provider_id=f"p{number}") for number in range(4)],
            case_ref="case-1",
            **match,
        )
    )
    first, second, third, _silent = made.offers
    await referrals.receiver("p0-desk").DeclineOffer(order("Decline", first, reason="staff_unavailable"))
    for offer, desk, assess_first in ((second, "p1-desk", True), (third, "p2-desk", False)):
        await referrals.receiver(desk).AnswerProbe(
            service_pb.AnswerProbeRequest(offer_id=offer.offer_id, request_id=a_request_id(), assess_first=assess_first)
        )
    await sender.DeferOffer(
        service_pb.DeferOfferRequest(
            offer_id=third.offer_id, request_id=a_request_id(), awaiting=pb.OFFER_STATE_AWAITING_CONSENT
        )
    )
    consent_id = await referrals.consent()
    for offer in (second, third):
        await sender.SendOffer(
            service_pb.SendOfferRequest(
                offer_id=offer.offer_id, request_id=a_request_id(), consent_id=consent_id, **match
            )
        )
    await referrals.receiver("p2-desk").AcceptOffer(order("Accept", third))
    await sender.VoidOffer(service_pb.VoidOfferRequest(offer_id=third.offer_id, request_id=a_request_id()))

    stands = {
        row[0]: row[1:]
        for row in await referrals.rows("SELECT offer_id, version, state, reason, due_time, due_kind FROM offer")
    }
    assert await rebuilt(referrals) == stands
    assert sorted(row[1] for row in stands.values()) == ["cancelled", "entered_in_error", "rejected", "superseded"]
