"""Could you take …? Asked without identity, answered by the first that can, and told to nobody else (R10)."""

import asyncio
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import IhalaError, InvalidInput, Reason
from services.referrals.model import Vetting
from services.referrals.store import needs
from tests.referrals.samples import (
    AREA,
    Running,
    a_match_request,
    a_provider,
    a_report,
    a_request_id,
    order,
)

#: what an offer without identity may show, and nothing else (R10)
PROBE_SHOWS = {
    "offer_id", "provider_id", "receiver_id", "state", "version", "due_time", "due_kind", "urgency", "code", "items",
    "create_time", "area_cell", "read_time", "hold", "conditions",
}  # fmt: skip


def a_probe(*provider_ids: str, **changes: Any) -> service_pb.ProbeProvidersRequest:
    facts: dict[str, Any] = {
        "request_id": a_request_id(),
        "match_token": "token",
        "match_request": a_match_request(),
        "choices": [service_pb.OfferChoice(provider_id=each) for each in provider_ids],
        "case_ref": "case-1",
    }
    return service_pb.ProbeProvidersRequest(**facts | changes)


def an_answer(offer: Any, **facts: Any) -> service_pb.AnswerProbeRequest:
    return service_pb.AnswerProbeRequest(offer_id=offer.offer_id, request_id=a_request_id(), **facts)


def a_sending(offer: Any, **facts: Any) -> service_pb.SendOfferRequest:
    return service_pb.SendOfferRequest(
        **{
            "offer_id": offer.offer_id,
            "request_id": a_request_id(),
            "match_token": "token",
            "match_request": a_match_request(),
        }
        | facts
    )


async def reason_of(call: Any) -> Reason | None:
    try:
        await call
    except IhalaError as error:
        return error.reason
    return None


async def states(referrals: Running, referral_id: str) -> dict[str, str]:
    return dict(await referrals.rows("SELECT provider_id, state FROM offer WHERE referral_id = %s", referral_id))


async def three_houses(referrals: Running, **changes: Any) -> None:
    names = ("one", "two", "three")
    await referrals.know(*(a_provider(each, **{"places": (a_report(1),)} | changes) for each in names))
    referrals.matching.area_cell = AREA


async def test_a_probed_desk_sees_codes_and_a_coarse_area_alone_r10(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one", "two", "three"))

    views = [
        (
            await referrals.receiver(f"{each.provider_id}-desk").ReadOffer(
                service_pb.ReadOfferRequest(offer_id=each.offer_id)
            )
        ).offer
        for each in made.offers
    ]

    assert {view.state for view in views} == {pb.OFFER_STATE_PROBING}
    assert {view.code for view in views} == {"ACC-EMG"}
    assert {view.area_cell for view in views} == {AREA}
    for view in views:
        assert {field.name for field, _value in view.ListFields()} <= PROBE_SHOWS
        assert not view.HasField("person")
        assert not view.HasField("briefing")
    assert await referrals.rows("SELECT consent_id, state FROM referral") == [(None, "draft")]


async def test_the_first_yes_holds_the_place_and_the_others_learn_nothing(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one", "two", "three"))
    one, two, three = made.offers

    answered = await referrals.receiver("two-desk").AnswerProbe(an_answer(two))
    late = await reason_of(referrals.receiver("one-desk").AnswerProbe(an_answer(one)))

    assert answered.offer.state == pb.OFFER_STATE_DRAFT
    assert answered.offer.hold.state == pb.HOLD_STATE_HELD
    assert late is Reason.ILLEGAL_MOVE
    assert await states(referrals, made.referral_id) == {"one": "cancelled", "two": "draft", "three": "cancelled"}
    assert await referrals.rows("SELECT pool_id FROM place WHERE held = 1") == [("two-pool",)]
    # a loser sees what a recall by the sender shows, byte for byte but for ids and times
    recalled = await referrals.sender().ProbeProviders(a_probe("three"))
    await referrals.sender().CancelOffer(order("Cancel", recalled.offers[0], reason="no_longer_needed"))
    desk = referrals.receiver("three-desk")
    lost, cancelled = [
        (await desk.ReadOffer(service_pb.ReadOfferRequest(offer_id=each.offer_id))).offer
        for each in (three, recalled.offers[0])
    ]
    for view in (lost, cancelled):
        view.offer_id = ""
    assert lost == cancelled


@pytest.mark.parametrize("rounds", [10])
async def test_of_yeses_at_once_one_holds_a_place(referrals: Running, rounds: int) -> None:
    await three_houses(referrals, places=(a_report(100),))
    for number in range(rounds):
        made = await referrals.sender().ProbeProviders(a_probe("one", "two", "three", case_ref=f"case-{number}"))

        reasons = await asyncio.gather(
            *(
                reason_of(referrals.receiver(f"{each.provider_id}-desk").AnswerProbe(an_answer(each)))
                for each in made.offers
            )
        )

        assert sorted(map(str, reasons)) == ["ILLEGAL_MOVE", "ILLEGAL_MOVE", "None"]
    assert await referrals.rows("SELECT sum(held)::integer FROM place") == [(rounds,)]


async def test_a_yes_is_sent_with_a_consent_and_becomes_an_offer_like_any_other_r1(referrals: Running) -> None:
    await three_houses(referrals)
    sender, desk = referrals.sender(), referrals.receiver("one-desk")
    made = await sender.ProbeProviders(a_probe("one"))
    offer = made.offers[0]
    early = await reason_of(sender.SendOffer(a_sending(offer, consent_id=await referrals.consent())))
    await desk.AnswerProbe(an_answer(offer))
    referrals.clock.move(minutes=9)

    missing = await reason_of(sender.SendOffer(a_sending(offer)))
    uncovering = await reason_of(
        sender.SendOffer(
            a_sending(offer, consent_id=await referrals.consent(receiver_class=None, provider_ids=["another"]))
        )
    )
    request = a_sending(offer, consent_id=await referrals.consent(), briefing=pb.Briefing(risk=pb.RISK_ARMED))
    sent = await sender.SendOffer(request)
    again = await sender.SendOffer(request)

    assert early is Reason.ILLEGAL_MOVE
    assert missing is Reason.CONSENT_MISSING
    assert uncovering is Reason.CONSENT_NOT_COVERING
    assert (sent.offer.state, again.replayed) == (pb.OFFER_STATE_REQUESTED, True)
    unread = (await desk.ReadOffer(service_pb.ReadOfferRequest(offer_id=offer.offer_id))).offer
    assert (unread.code, unread.area_cell) == ("", "")
    # its clock runs from here: ten minutes to be read
    assert (unread.due_time.ToDatetime() - referrals.clock().replace(tzinfo=None)).total_seconds() == 600
    read = (await desk.AcknowledgeOffer(order("Acknowledge", offer))).offer
    assert (read.person.age.max_years, read.briefing.risk) == (17, pb.RISK_ARMED)
    accepted = await desk.AcceptOffer(order("Accept", offer))
    assert accepted.offer.hold.state == pb.HOLD_STATE_BOOKED
    assert await referrals.rows("SELECT state FROM referral") == [("active",)]


async def test_a_probe_that_nobody_answers_ends_in_ten_minutes_and_is_the_senders_then_a_task_r62(
    referrals: Running,
) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one", "two"))

    await referrals.pass_time(minutes=10)
    ended = await states(referrals, made.referral_id)
    await referrals.pass_time(hours=1)

    assert ended == {"one": "expired", "two": "expired"}
    assert await referrals.rows("SELECT kind, cause FROM task WHERE state = 'open'") == [
        ("match_by_hand", "sender_silent")
    ]
    assert referrals.matching.asked_next == []  # nobody may be told of a person by itself
    async with referrals.desk.read() as connection:
        assert await needs.asleep(connection) == []


async def test_a_yes_that_is_not_sent_in_time_gives_the_place_back(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one"))
    await referrals.receiver("one-desk").AnswerProbe(an_answer(made.offers[0]))

    await referrals.pass_time(minutes=31)

    assert await states(referrals, made.referral_id) == {"one": "expired"}
    assert await referrals.rows("SELECT held FROM place WHERE pool_id = 'one-pool'") == [(0,)]


async def test_a_house_that_must_see_her_first_holds_nothing_and_ends_no_other_question(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one", "two"))

    answered = await referrals.receiver("one-desk").AnswerProbe(an_answer(made.offers[0], assess_first=True))

    assert list(answered.offer.conditions) == ["assessment"]
    assert await states(referrals, made.referral_id) == {"one": "draft", "two": "probing"}
    assert await referrals.rows("SELECT sum(held)::integer FROM place") == [(0,)]


async def test_a_house_without_a_device_is_rung_and_its_answer_comes_by_telephone(referrals: Running) -> None:
    await three_houses(referrals, receiver_id="")
    made = await referrals.sender().ProbeProviders(a_probe("one", "two"))
    duty = referrals.duty()
    tasks = (await duty.ListTasks(service_pb.ListTasksRequest())).tasks
    offers = {each.provider_id: each for each in made.offers}

    read = await duty.ReadOffer(
        service_pb.ReadOfferRequest(offer_id=tasks[0].offer_id, on_behalf_of=tasks[0].provider_id, via=pb.VIA_PHONE)
    )
    answered = await duty.AnswerProbe(an_answer(offers["one"], on_behalf_of="one", via=pb.VIA_PHONE))

    assert {task.kind for task in tasks} == {pb.TASK_KIND_RING}
    assert {task.referral_id for task in tasks} == {""}
    assert read.offer.area_cell == AREA
    assert answered.offer.state == pb.OFFER_STATE_DRAFT
    assert (await duty.ListTasks(service_pb.ListTasksRequest())).tasks == []


async def test_a_no_has_its_reason_and_a_yes_needs_a_place_or_the_providers_word(referrals: Running) -> None:
    await three_houses(referrals, places=(a_report(1, 1),))
    made = await referrals.sender().ProbeProviders(a_probe("one", "two"))
    one, two = made.offers

    no = await referrals.receiver("one-desk").DeclineOffer(order("Decline", one, reason="staff_unavailable"))
    full = await reason_of(referrals.receiver("two-desk").AnswerProbe(an_answer(two)))
    word = await referrals.receiver("two-desk").AnswerProbe(an_answer(two, accept_beyond_report=True))

    assert no.offer.state == pb.OFFER_STATE_REJECTED
    assert full is Reason.NO_PLACE
    assert word.offer.state == pb.OFFER_STATE_DRAFT
    assert await referrals.rows("SELECT sum(held)::integer FROM place") == [(0,)]


async def test_a_yes_of_a_house_that_was_suspended_meanwhile_is_not_safe_r33(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one"))
    await three_houses(referrals, vetting=Vetting.SUSPENDED)

    refused = await reason_of(referrals.receiver("one-desk").AnswerProbe(an_answer(made.offers[0])))

    assert refused is Reason.PROVIDER_SUSPENDED


async def test_an_arrival_at_a_house_that_was_only_asked_is_not_refused(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one"))

    arrived = await referrals.receiver("one-desk").ArriveOffer(order("Arrive", made.offers[0]))

    assert arrived.offer.state == pb.OFFER_STATE_IN_PROGRESS
    assert not arrived.offer.HasField("person")


async def test_a_draft_waits_for_an_approval_by_another_worker(referrals: Running) -> None:
    await three_houses(referrals)
    sender = referrals.sender()
    made = await sender.ProbeProviders(a_probe("one"))
    offer = made.offers[0]
    await referrals.receiver("one-desk").AnswerProbe(an_answer(offer))
    defer = service_pb.DeferOfferRequest(
        offer_id=offer.offer_id, request_id=a_request_id(), awaiting=pb.OFFER_STATE_AWAITING_APPROVAL
    )

    waiting = await sender.DeferOffer(defer, metadata=(("x-ihala-actor", "worker-1"),))
    consent_id = await referrals.consent()
    alone = await reason_of(
        sender.SendOffer(a_sending(offer, consent_id=consent_id), metadata=(("x-ihala-actor", "worker-1"),))
    )
    sent = await sender.SendOffer(a_sending(offer, consent_id=consent_id), metadata=(("x-ihala-actor", "worker-2"),))

    assert waiting.offer.state == pb.OFFER_STATE_AWAITING_APPROVAL
    assert alone is Reason.SECOND_PERSON_NEEDED
    assert sent.offer.state == pb.OFFER_STATE_REQUESTED


async def test_a_draft_waits_for_consent_and_expires_for_a_senders_silence(referrals: Running) -> None:
    await three_houses(referrals)
    sender = referrals.sender()
    made = await sender.ProbeProviders(a_probe("one"))
    await referrals.receiver("one-desk").AnswerProbe(an_answer(made.offers[0]))
    defer = service_pb.DeferOfferRequest(
        offer_id=made.offers[0].offer_id, request_id=a_request_id(), awaiting=pb.OFFER_STATE_AWAITING_CONSENT
    )
    wrong = service_pb.DeferOfferRequest(
        offer_id=made.offers[0].offer_id, request_id=a_request_id(), awaiting=pb.OFFER_STATE_ACCEPTED
    )

    with pytest.raises(InvalidInput):
        await sender.DeferOffer(wrong)
    waiting = await sender.DeferOffer(defer)
    await referrals.pass_time(minutes=31)

    assert waiting.offer.state == pb.OFFER_STATE_AWAITING_CONSENT
    assert await states(referrals, made.referral_id) == {"one": "expired"}


async def test_a_probe_comes_again_as_it_was(referrals: Running) -> None:
    await three_houses(referrals)
    request = a_probe("one", "two")

    first, again = [await referrals.sender().ProbeProviders(request) for _time in range(2)]

    assert again.replayed
    assert (first.referral_id, first.offers) == (again.referral_id, again.offers)
    assert await referrals.rows("SELECT count(*) FROM offer") == [(2,)]


async def test_a_provider_that_shall_not_meet_her_is_not_asked_at_all_r8(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.refer("one")
    await referrals.receiver("one-desk").DeclineOffer(order("Decline", made.offers[0], reason="safety_risk_to_person"))

    assert await reason_of(referrals.sender().ProbeProviders(a_probe("one"))) is Reason.MATCH_STALE


async def test_a_sender_asks_no_more_than_its_quota_t9(referrals: Running) -> None:
    await three_houses(referrals)
    object.__setattr__(referrals.desk, "max_held", 2)

    assert await reason_of(referrals.sender().ProbeProviders(a_probe("one", "two", "three"))) is Reason.QUOTA
    assert await referrals.rows("SELECT count(*) FROM offer") == [(0,)]


async def test_no_late_yes_makes_an_offer_of_a_question_r1(referrals: Running) -> None:
    """Neither without a consent, nor by one that was given for another house."""
    await three_houses(referrals)
    sender = referrals.sender()
    made = await sender.ProbeProviders(a_probe("one", "two"))
    one, two = made.offers
    await referrals.receiver("two-desk").AnswerProbe(an_answer(two, assess_first=True))
    await referrals.pass_time(minutes=10)
    early = await reason_of(referrals.receiver("one-desk").AcceptOffer(order("Accept", one)))
    consent_id = await referrals.consent(receiver_class=None, provider_ids=["two"])
    await sender.SendOffer(a_sending(two, consent_id=consent_id))

    late = await reason_of(referrals.receiver("one-desk").AcceptOffer(order("Accept", one)))
    arrived = await referrals.receiver("one-desk").ArriveOffer(order("Arrive", one))

    assert early is late is Reason.ILLEGAL_MOVE
    assert not arrived.offer.HasField("person")


async def test_a_yes_elsewhere_ends_a_question_as_a_recall_would(referrals: Running) -> None:
    await three_houses(referrals)
    made = await referrals.sender().ProbeProviders(a_probe("one", "two"))
    one, two = made.offers
    await referrals.receiver("two-desk").AnswerProbe(an_answer(two, assess_first=True))
    await referrals.sender().SendOffer(a_sending(two, consent_id=await referrals.consent()))
    await referrals.receiver("two-desk").AcceptOffer(order("Accept", two))

    read = await referrals.receiver("one-desk").ReadOffer(service_pb.ReadOfferRequest(offer_id=one.offer_id))

    assert (read.offer.state, read.offer.reason) == (pb.OFFER_STATE_CANCELLED, "no_longer_needed")
