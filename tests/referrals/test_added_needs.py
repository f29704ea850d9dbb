"""Needs that a rule adds stay needs of the referral, whether anybody was chosen for them or not (R35, R40, R62)."""

from typing import Any

from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.referrals.store import needs
from tests.referrals.samples import Running, a_match_request, a_provider, a_request_id, order
from tests.referrals.test_groups import a_part, a_plan, houses


async def standing(referrals: Running, referral_id: str) -> Any:
    request = service_pb.GetReferralRequest(referral_id=referral_id)
    return (await referrals.sender().GetReferral(request)).referral


async def tasks(referrals: Running) -> list[Any]:
    return list((await referrals.duty().ListTasks(service_pb.ListTasksRequest())).tasks)


async def close(referrals: Running, task: Any, outcome: str) -> None:
    request = service_pb.CloseTaskRequest(
        request_id=a_request_id(), task_id=task.task_id, expected_version=task.version, outcome=outcome
    )
    await referrals.duty().CloseTask(request)


async def test_a_guardian_that_nobody_chose_waits_for_the_sender_and_ends_in_a_task(referrals: Running) -> None:
    """R35: the need is kept with the others, with a clock of its own; silence makes it a person's."""
    await referrals.know(a_provider())
    referrals.matching.added = ["LEG-GRD", "LNG-INT"]

    made = await referrals.refer()

    kept = (await standing(referrals, made.referral_id)).needs
    assert [(need.code, need.next_kind) for need in kept] == [
        ("ACC-EMG", pb.NEXT_KIND_UNSPECIFIED),
        ("LEG-GRD", pb.NEXT_KIND_SENDER),
        ("LNG-INT", pb.NEXT_KIND_SENDER),
    ]
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
    await referrals.pass_time(hours=1)
    found = [task for task in await tasks(referrals) if task.kind == pb.TASK_KIND_MATCH_BY_HAND]
    assert {task.code for task in found} == {"LEG-GRD", "LNG-INT"}
    async with referrals.desk.read() as connection:
        assert await needs.asleep(connection) == []


async def test_whoever_matched_by_hand_settles_the_need_and_is_not_called_again(referrals: Running) -> None:
    """R61, R62: a need that was met elsewhere wakes nobody a second time, and the referral can be completed."""
    await referrals.know(a_provider())
    referrals.matching.added = ["LEG-GRD"]
    made = await referrals.refer()
    desk = referrals.receiver()
    for command, facts in (("Accept", {}), ("Arrive", {}), ("Complete", {"outcome": "provided_here"})):
        await getattr(desk, f"{command}Offer")(order(command, made.offers[0], **facts))
    assert (await standing(referrals, made.referral_id)).state == pb.REFERRAL_STATE_ON_HOLD
    await referrals.pass_time(hours=1)
    (task,) = [task for task in await tasks(referrals) if task.kind == pb.TASK_KIND_MATCH_BY_HAND]

    await close(referrals, task, "no_place_found")
    await referrals.pass_time(hours=1)
    (again,) = [task for task in await tasks(referrals) if task.kind == pb.TASK_KIND_MATCH_BY_HAND]
    await close(referrals, again, "placed")
    await referrals.pass_time(hours=48)

    done = await standing(referrals, made.referral_id)
    assert [need.settled for need in done.needs] == [False, True]
    assert done.state == pb.REFERRAL_STATE_COMPLETED
    assert await tasks(referrals) == []
    assert await referrals.rows("SELECT reason FROM event WHERE type = 'need_settled'") == [("LEG-GRD",)]


async def test_what_is_arranged_elsewhere_is_no_need(referrals: Running) -> None:
    await referrals.know(a_provider())
    referrals.matching.added = ["LEG-GRD"]

    made = await referrals.refer(arranged_codes=["LEG-GRD"])

    assert [need.code for need in (await standing(referrals, made.referral_id)).needs] == ["ACC-EMG"]


async def test_a_guardian_may_be_asked_later_by_the_number_that_the_match_gave(referrals: Running) -> None:
    await referrals.know(a_provider(), a_provider("guardian", codes=("LEG-GRD",), pool_id="none"))
    referrals.matching.added = ["LEG-GRD"]
    consent_id = await referrals.consent(receiver_class=pb.ReceiverClass(codes=["ACC-EMG", "LEG-GRD"]))
    made = await referrals.refer(consent_id=consent_id)

    await referrals.sender().AddOffer(
        service_pb.AddOfferRequest(
            request_id=a_request_id(),
            referral_id=made.referral_id,
            match_token="token",
            match_request=a_match_request("ACC-EMG"),
            choice=service_pb.OfferChoice(need_no=1, provider_id="guardian"),
        )
    )

    stands = await standing(referrals, made.referral_id)
    assert [(offer.need_no, offer.provider_id) for offer in stands.offers] == [(0, "house"), (1, "guardian")]
    assert [need.next_kind for need in stands.needs] == [pb.NEXT_KIND_UNSPECIFIED] * 2


async def test_a_further_offer_for_one_need_does_not_forget_the_others(referrals: Running) -> None:
    """The next provider is looked for by itself for each need, whatever was matched last (R46)."""
    await referrals.know(a_provider(), a_provider("clinic"), a_provider("next"))
    referrals.matching.next_ones = ["next"]
    made = await referrals.refer(codes=("ACC-EMG", "HEA-SGV"))
    await referrals.sender().AddOffer(
        service_pb.AddOfferRequest(
            request_id=a_request_id(),
            referral_id=made.referral_id,
            match_token="token",
            match_request=a_match_request("HEA-SGV"),
            choice=service_pb.OfferChoice(need_no=0, provider_id="clinic"),
        )
    )

    await referrals.receiver().DeclineOffer(order("Decline", made.offers[0], reason="staff_unavailable"))
    await referrals.pass_time()

    assert [need.code for need in referrals.matching.asked_next[-1].needs] == ["ACC-EMG"]
    stands = await standing(referrals, made.referral_id)
    assert (0, "next") in [(offer.need_no, offer.provider_id) for offer in stands.offers]


async def test_a_guardian_that_no_part_of_a_plan_names_is_a_referral_that_waits(referrals: Running) -> None:
    """R35, R52: nobody is asked, and it is a need all the same."""
    await houses(referrals, one=20)
    referrals.matching.added_to_plan = [("girls", "LEG-GRD")]
    request = await a_plan(referrals, a_part("girls", "one", 3, "girls"))

    made = await referrals.sender().CreateReferrals(request)
    again = await referrals.sender().CreateReferrals(request)

    shelter, guardian = made.referrals
    assert (len(shelter.offers), len(guardian.offers), bool(guardian.referral_id)) == (1, 0, True)
    assert [each.referral_id for each in again.referrals] == [each.referral_id for each in made.referrals]
    stands = await standing(referrals, guardian.referral_id)
    assert [(need.code, need.next_kind) for need in stands.needs] == [("LEG-GRD", pb.NEXT_KIND_SENDER)]
    assert stands.state == pb.REFERRAL_STATE_ON_HOLD
    await referrals.pass_time(hours=4)
    assert matching_pb2.URGENCY_EMERGENCY in [task.urgency for task in await tasks(referrals) if task.code == "LEG-GRD"]

    arranged = await a_plan(referrals, a_part("girls", "one", 3, "girls"), arranged_codes=["LEG-GRD"])
    assert len((await referrals.sender().CreateReferrals(arranged)).referrals) == 1
