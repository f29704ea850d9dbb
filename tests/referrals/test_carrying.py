"""A referral carried from consent to arrival, through real channels."""

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, InvalidInput, Reason
from tests.referrals.samples import Running, a_provider, a_report, a_request_id, order


async def states(referrals: Running, referral_id: str) -> list[str]:
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
    return [pb.OfferState.Name(offer.state).removeprefix("OFFER_STATE_") for offer in response.referral.offers]


async def places(referrals: Running) -> tuple[int, int]:
    rows = await referrals.rows("SELECT sum(held)::integer, sum(booked)::integer FROM place")
    return rows[0][0], rows[0][1]


async def test_a_referral_goes_from_consent_to_completion(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(3),)))
    made = await referrals.refer()
    receiver = referrals.receiver()
    offer = made.offers[0]
    assert await places(referrals) == (1, 0)

    await receiver.AcknowledgeOffer(order("Acknowledge", offer))
    accepted = await receiver.AcceptOffer(order("Accept", offer))
    assert await places(referrals) == (0, 1)
    await referrals.sender().DepartOffer(order("Depart", offer))
    await receiver.ArriveOffer(order("Arrive", offer))
    await receiver.CompleteOffer(order("Complete", offer, outcome="provided_here"))

    assert accepted.offer.state == pb.OFFER_STATE_ACCEPTED
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    assert response.referral.state == pb.REFERRAL_STATE_COMPLETED
    assert response.referral.needs[0].accepted_offer_id == offer.offer_id
    assert [event.type for event in response.history] == [
        "referral_created",
        "offer_requested",
        "offer_received",
        "offer_accepted",
        "offer_departed",
        "offer_arrived",
        "offer_completed",
        "referral_completed",
    ]
    assert [event.revision for event in response.history] == list(range(1, 9))
    assert await places(referrals) == (0, 0)


async def test_the_first_yes_supersedes_the_others_and_frees_their_places(referrals: Running) -> None:
    await referrals.know(a_provider("one", places=(a_report(3),)), a_provider("two", places=(a_report(3),)))
    made = await referrals.refer("one", "two")
    first, second = made.offers

    await referrals.receiver("one-desk").AcceptOffer(order("Accept", first))

    assert sorted(await states(referrals, made.referral_id)) == ["ACCEPTED", "SUPERSEDED"]
    assert await places(referrals) == (0, 1)
    with pytest.raises(FailedPrecondition) as caught:
        await referrals.receiver("two-desk").AcceptOffer(order("Accept", second))
    assert caught.value.reason is Reason.ALREADY_PLACED


async def test_a_no_of_the_last_provider_ends_in_a_task_for_a_person(referrals: Running) -> None:
    """R62."""
    await referrals.know(a_provider())
    made = await referrals.refer()

    await referrals.receiver().DeclineOffer(order("Decline", made.offers[0], reason="no_capacity"))
    assert await referrals.pass_time() == 1

    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert [(task.kind, task.owner, task.referral_id) for task in tasks] == [(pb.TASK_KIND_MATCH_BY_HAND, "duty", "")]
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    assert response.referral.state == pb.REFERRAL_STATE_EXHAUSTED


async def test_a_sealed_reason_shows_as_sealed(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()

    declined = await referrals.receiver().DeclineOffer(order("Decline", made.offers[0], reason="safety_risk_to_person"))

    assert declined.offer.reason == "sealed"
    assert await referrals.rows("SELECT part FROM case_facts WHERE part LIKE 'reason/%%'") != []
    assert await referrals.rows("SELECT 1 FROM event WHERE reason = 'safety_risk_to_person'") == []


async def test_a_true_late_yes_is_accepted_while_nobody_else_has(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    made = await referrals.refer()
    await referrals.rows(
        "UPDATE offer SET state = 'expired', due_time = NULL, due_kind = NULL WHERE true RETURNING offer_id"
    )

    late = await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    assert late.offer.state == pb.OFFER_STATE_ACCEPTED


async def test_an_arrival_is_never_refused_and_two_yeses_make_a_task(referrals: Running) -> None:
    await referrals.know(a_provider("one", places=(a_report(1),)), a_provider("two", places=(a_report(1),)))
    made = await referrals.refer("one", "two")
    await referrals.receiver("one-desk").AcceptOffer(order("Accept", made.offers[0]))

    there = await referrals.receiver("two-desk").ArriveOffer(order("Arrive", made.offers[1]))

    assert there.offer.state == pb.OFFER_STATE_IN_PROGRESS
    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert [task.kind for task in tasks] == [pb.TASK_KIND_TWO_YESES]


async def test_a_failure_makes_a_welfare_check_in_minutes(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    await referrals.sender().FailOffer(order("Fail", made.offers[0], reason="no_show"))

    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert {task.kind for task in tasks} == {pb.TASK_KIND_WELFARE_CHECK, pb.TASK_KIND_MATCH_BY_HAND}
    check = next(task for task in tasks if task.kind == pb.TASK_KIND_WELFARE_CHECK)
    assert check.due_time.ToSeconds() - referrals.clock().timestamp() <= 15 * 60


async def test_a_provider_without_receiver_is_a_task_at_once_and_answers_by_telephone(referrals: Running) -> None:
    await referrals.know(a_provider(receiver_id=""))
    made = await referrals.refer()
    (task,) = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert (task.kind, task.provider_id, task.offer_id) == (pb.TASK_KIND_RING, "house", made.offers[0].offer_id)

    taken = await referrals.duty().TakeTask(
        service_pb.TakeTaskRequest(request_id=a_request_id(), task_id=task.task_id, expected_version=task.version)
    )
    accepted = await referrals.duty().AcceptOffer(
        order("Accept", made.offers[0], on_behalf_of="house", via=pb.VIA_PHONE)
    )

    assert taken.task.owner == "duty"
    assert accepted.offer.state == pb.OFFER_STATE_ACCEPTED
    assert (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks == []
    history = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    event = next(event for event in history.history if event.type == "offer_accepted")
    assert (event.on_behalf_of, event.via, event.actor) == ("house", pb.VIA_PHONE, "duty")


async def test_revoking_ends_what_is_open_and_frees_its_places(referrals: Running) -> None:
    await referrals.know(a_provider("one", places=(a_report(1),)), a_provider("two", places=(a_report(1),)))
    made = await referrals.refer("one", "two")
    request = service_pb.RevokeReferralRequest(
        request_id=a_request_id(), referral_id=made.referral_id, reason="no_longer_needed"
    )

    revoked = await referrals.sender().RevokeReferral(request)
    again = await referrals.sender().RevokeReferral(request)

    assert revoked.referral.state == pb.REFERRAL_STATE_REVOKED
    assert (again.replayed, again.referral) == (True, revoked.referral)
    assert await states(referrals, made.referral_id) == ["CANCELLED", "CANCELLED"]
    assert await places(referrals) == (0, 0)


async def test_a_further_provider_is_asked_and_revives_the_referral(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"))
    made = await referrals.refer("one")
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="no_capacity"))
    full = referrals.a_referral("two", consent_id="")
    request = service_pb.AddOfferRequest(
        request_id=a_request_id(),
        referral_id=made.referral_id,
        match_token="token",
        match_request=full.match_request,
        choice=full.choices[0],
    )

    added = await referrals.sender().AddOffer(request)
    again = await referrals.sender().AddOffer(request)

    assert again.offer == added.offer
    assert again.replayed
    assert await states(referrals, made.referral_id) == ["REJECTED", "REQUESTED"]
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    assert response.referral.state == pb.REFERRAL_STATE_ACTIVE


async def test_lists_come_in_pages_that_join_without_gap(referrals: Running) -> None:
    await referrals.know(a_provider())
    consent_id = await referrals.consent()
    made = []
    for _ in range(7):
        made.append((await referrals.refer(consent_id=consent_id)).referral_id)
        referrals.clock.move(seconds=1)
    sender, receiver = referrals.sender(), referrals.receiver()

    listed, token = [], ""
    while True:
        page = await sender.ListReferrals(service_pb.ListReferralsRequest(page_size=3, page_token=token))
        listed += [each.referral_id for each in page.referrals]
        token = page.next_page_token
        if not token:
            break
    offers, token = [], ""
    while True:
        own = await receiver.ListOffers(
            service_pb.ListOffersRequest(receiver_id="house-desk", page_size=3, page_token=token)
        )
        offers += [each.offer_id for each in own.offers]
        token = own.next_page_token
        if not token:
            break

    assert listed == made[::-1]
    assert len(set(offers)) == len(offers) == 7
    with pytest.raises(InvalidInput):
        await sender.ListReferrals(service_pb.ListReferralsRequest(page_token="nonsense"))
