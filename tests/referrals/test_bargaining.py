"""Between yes and no: yes if, a question, a waiting list, what the person says (domain 2.1)."""

from datetime import timedelta
from typing import Any

import pytest

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, InvalidInput, NotFound, PermissionDenied, Reason
from services.runtime.times import time_to_wire
from tests.referrals.samples import Running, a_provider, a_report, a_request_id, order


def a_command(kind: str, offer: Any, **facts: Any) -> Any:
    return getattr(service_pb, f"{kind}Request")(**{"offer_id": offer.offer_id, "request_id": a_request_id()} | facts)


async def state_of(referrals: Running, referral_id: str) -> list[int]:
    response = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=referral_id))
    return [offer.state for offer in response.referral.offers]


async def test_yes_if_keeps_the_place_until_the_person_agrees(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)), a_provider("other"))
    made = await referrals.refer("house", "other")
    arrives = time_to_wire(referrals.clock() + timedelta(hours=2))

    proposed = await referrals.receiver().ProposeOffer(
        order("Propose", made.offers[0], conditions=["escort", "earliest_arrival"], arrive_start_time=arrives)
    )
    assert (proposed.offer.state, proposed.offer.due_kind) == (pb.OFFER_STATE_PROPOSED, pb.DUE_KIND_PERSON_DECIDES)
    assert (list(proposed.offer.conditions), proposed.offer.arrive_start_time) == (
        ["escort", "earliest_arrival"],
        arrives,
    )
    assert await referrals.rows("SELECT held, booked FROM place WHERE pool_id = 'house-pool'") == [(1, 0)]

    agreed = await referrals.sender().AgreeOffer(a_command("AgreeOffer", made.offers[0]))

    assert agreed.offer.state == pb.OFFER_STATE_ACCEPTED
    assert await referrals.rows("SELECT held, booked FROM place WHERE pool_id = 'house-pool'") == [(0, 1)]
    assert await state_of(referrals, made.referral_id) == [pb.OFFER_STATE_ACCEPTED, pb.OFFER_STATE_SUPERSEDED]


async def test_the_person_may_refuse_what_was_proposed_and_is_never_sent_there_again(referrals: Running) -> None:
    """R8."""
    await referrals.know(a_provider("one", places=(a_report(1),)), a_provider("two"))
    referrals.matching.next_ones = ["one", "two"]
    made = await referrals.refer("one")
    await referrals.receiver("one-desk").ProposeOffer(order("Propose", made.offers[0], conditions=["paper"]))

    refused = await referrals.sender().RefuseOffer(a_command("RefuseOffer", made.offers[0], reason="unsafe_for_me"))
    await referrals.pass_time()

    assert (refused.offer.state, refused.offer.reason) == (pb.OFFER_STATE_DECLINED_BY_PERSON, "sealed")
    assert await referrals.rows("SELECT held, booked FROM place") == [(0, 0)]
    assert await state_of(referrals, made.referral_id) == [
        pb.OFFER_STATE_DECLINED_BY_PERSON,
        pb.OFFER_STATE_REQUESTED,
    ]
    with pytest.raises(FailedPrecondition) as caught:
        await referrals.refer("one")
    assert caught.value.metadata["constraint"] == "excluded"


async def test_a_provider_that_is_willing_is_not_lost_for_a_senders_silence(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().ProposeOffer(order("Propose", made.offers[0], conditions=["guardian"]))

    await referrals.pass_time(minutes=30)
    tasks = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert await state_of(referrals, made.referral_id) == [pb.OFFER_STATE_PROPOSED]
    assert [task.kind for task in tasks] == [pb.TASK_KIND_MATCH_BY_HAND]

    await referrals.pass_time(minutes=10)
    assert await state_of(referrals, made.referral_id) == [pb.OFFER_STATE_EXPIRED]


@pytest.mark.parametrize(
    "facts", [{}, {"conditions": ["money"]}, {"conditions": ["longest_stay"]}, {"conditions": ["earliest_arrival"]}]
)
async def test_a_condition_is_one_of_the_list_and_says_what_it_needs(referrals: Running, facts: dict[str, Any]) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()

    with pytest.raises(InvalidInput):
        await referrals.receiver().ProposeOffer(order("Propose", made.offers[0], **facts))


async def test_a_question_is_answered_as_far_as_the_consent_covers_it(referrals: Running) -> None:
    """R10: what was told is shown, and nothing besides."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    receiver, sender = referrals.receiver(), referrals.sender()

    asked = await receiver.RequestInfo(a_command("RequestInfo", made.offers[0], question="gender"))
    assert (asked.offer.state, asked.offer.question) == (pb.OFFER_STATE_INFO_REQUESTED, "gender")
    assert not asked.offer.person.HasField("gender")

    with pytest.raises(FailedPrecondition) as caught:
        await sender.AnswerInfo(
            a_command(
                "AnswerInfo",
                made.offers[0],
                answer="told",
                person=matching_pb2.Person(family=matching_pb2.CodeList(codes=["alone"])),
            )
        )
    assert caught.value.reason is Reason.CONSENT_NOT_COVERING
    person = matching_pb2.Person(gender=matching_pb2.GENDER_WOMAN)
    await sender.AnswerInfo(a_command("AnswerInfo", made.offers[0], answer="told", person=person))

    read = (await receiver.ReadOffer(service_pb.ReadOfferRequest(offer_id=made.offers[0].offer_id))).offer
    assert (read.state, read.answer) == (pb.OFFER_STATE_RECEIVED, "told")
    assert read.person.gender == matching_pb2.GENDER_WOMAN
    assert read.person.age.min_years == 15  # what was known stands


async def test_what_never_leaves_matching_is_no_answer_either(referrals: Running) -> None:
    """R31."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().RequestInfo(a_command("RequestInfo", made.offers[0], question="documents"))

    for person in (matching_pb2.Person(status_class="irregular"), matching_pb2.Person(accepts_reporting=True)):
        with pytest.raises(InvalidInput):
            await referrals.sender().AnswerInfo(a_command("AnswerInfo", made.offers[0], answer="told", person=person))
    with pytest.raises(InvalidInput):
        await referrals.receiver().RequestInfo(a_command("RequestInfo", made.offers[0], question="name"))


async def test_nothing_is_answered_that_was_not_asked(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()

    with pytest.raises(FailedPrecondition) as caught:
        await referrals.sender().AnswerInfo(a_command("AnswerInfo", made.offers[0], answer="not_known"))

    assert caught.value.metadata == {"state": "requested", "move": "acknowledge"}


async def test_a_waiting_list_lasts_until_its_time_and_may_still_end_in_a_yes(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"))
    made = await referrals.refer("one", "two")
    until = time_to_wire(referrals.clock() + timedelta(hours=20))
    for name, offer in zip(("one", "two"), made.offers, strict=True):
        waiting = await referrals.receiver(f"{name}-desk").WaitlistOffer(
            order("Waitlist", offer, wait_until_time=until)
        )
        assert (waiting.offer.state, waiting.offer.due_time) == (pb.OFFER_STATE_WAITLISTED, until)

    await referrals.pass_time(hours=19)
    assert await state_of(referrals, made.referral_id) == [pb.OFFER_STATE_WAITLISTED] * 2
    await referrals.receiver("one-desk").AcceptOffer(order("Accept", made.offers[0]))
    assert await state_of(referrals, made.referral_id) == [pb.OFFER_STATE_ACCEPTED, pb.OFFER_STATE_SUPERSEDED]


async def test_only_the_sender_speaks_for_the_person(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().ProposeOffer(order("Propose", made.offers[0], conditions=["paper"]))

    with pytest.raises(PermissionDenied):
        await referrals.receiver().AgreeOffer(a_command("AgreeOffer", made.offers[0]))
    with pytest.raises(NotFound):
        await referrals.sender("other").AgreeOffer(a_command("AgreeOffer", made.offers[0]))


async def test_a_child_that_is_missing_wakes_the_manager_within_minutes(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))

    await referrals.sender().RefuseOffer(a_command("RefuseOffer", made.offers[0], reason="missing_child"))

    (task,) = (await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks
    assert (task.kind, task.owner) == (pb.TASK_KIND_WELFARE_CHECK, "manager")
    assert task.due_time.ToSeconds() - referrals.clock().timestamp() == 300


async def test_a_need_that_is_none_any_more_ends_the_asking(referrals: Running) -> None:
    await referrals.know(a_provider("one"), a_provider("two"))
    made = await referrals.refer("one", "two")

    await referrals.sender().RefuseOffer(a_command("RefuseOffer", made.offers[0], reason="no_longer_needed"))

    assert await state_of(referrals, made.referral_id) == [
        pb.OFFER_STATE_DECLINED_BY_PERSON,
        pb.OFFER_STATE_CANCELLED,
    ]
    assert await referrals.rows("SELECT state FROM referral") == [("revoked",)]
