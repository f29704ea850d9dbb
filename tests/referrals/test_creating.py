"""A match turned into a referral: what refuses it, and that it happens once."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import IhalaError, InvalidInput, NotFound, Reason
from services.referrals.model import Choice, ReachOut, Status, Vetting
from services.runtime.times import time_to_wire
from tests.referrals.samples import (
    AREA,
    NOON,
    Clock,
    Running,
    a_match_request,
    a_provider,
    a_report,
    order,
    running,
)
from tests.serving import an_identity


async def refusal(referrals: Running, **changes: Any) -> IhalaError:
    with pytest.raises(IhalaError) as caught:
        await referrals.refer(**changes)
    assert await referrals.rows("SELECT 1 FROM referral UNION ALL SELECT 1 FROM event") == []
    assert await referrals.rows("SELECT 1 FROM request_key WHERE referral_id IS NOT NULL") == []
    return caught.value


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": Status.PAUSED}, Reason.PROVIDER_NOT_REFERABLE),
        ({"status": Status.DO_NOT_REFER}, Reason.PROVIDER_NOT_REFERABLE),
        ({"reach_out": ReachOut.NONE}, Reason.PROVIDER_NOT_REFERABLE),
        ({"end_time": NOON}, Reason.PROVIDER_NOT_REFERABLE),
        ({"vetting": Vetting.SUSPENDED}, Reason.PROVIDER_SUSPENDED),
    ],
)
async def test_a_provider_that_may_not_be_asked_is_refused(
    referrals: Running, changes: dict[str, Any], reason: Reason
) -> None:
    await referrals.know(a_provider(**changes))
    consent_id = await referrals.consent(provider_ids=["house"])

    assert (await refusal(referrals, consent_id=consent_id)).reason is reason


async def test_a_referral_names_a_consent(referrals: Running) -> None:
    """R1."""
    await referrals.know(a_provider())

    assert (await refusal(referrals, consent_id="")).reason is Reason.CONSENT_MISSING
    assert (await refusal(referrals, consent_id="none")).reason is Reason.CONSENT_MISSING


@pytest.mark.parametrize(
    "changes",
    [
        {"receiver_class": pb.ReceiverClass(codes=["LEG-ADV"])},
        {"receiver_class": pb.ReceiverClass(codes=["ACC-EMG"], area_cells=["833f4efffffffff"])},
        {"receiver_class": None, "provider_ids": ["another"]},
        {"fields": ["age", "risk", "arrival", "brought_by"]},
        {"fields": ["need"]},
        {"purposes": ["statistics"]},
        {"case_ref": "case-2"},
        {
            "start_time": time_to_wire(NOON + timedelta(days=36500)),
            "end_time": time_to_wire(NOON + timedelta(days=36501)),
        },
    ],
)
async def test_a_consent_that_does_not_cover_the_offer_refuses_it(referrals: Running, changes: dict[str, Any]) -> None:
    """R1: receiver, fields, purpose, time, case."""
    await referrals.know(a_provider())
    consent_id = await referrals.consent(**changes)

    assert (await refusal(referrals, consent_id=consent_id)).reason is Reason.CONSENT_NOT_COVERING


async def test_another_clients_consent_does_not_exist(referrals: Running) -> None:
    await referrals.know(a_provider())
    consent_id = await referrals.consent(referrals.sender("another"))

    assert (await refusal(referrals, consent_id=consent_id)).reason is Reason.CONSENT_MISSING
    with pytest.raises(NotFound):
        await referrals.sender().GetConsent(service_pb.GetConsentRequest(consent_id=consent_id))


async def test_a_constraint_that_has_turned_is_named(referrals: Running) -> None:
    await referrals.know(a_provider())
    referrals.matching.turned["house"] = ("places", "vetting")

    error = await refusal(referrals)

    assert (error.reason, error.metadata) == (Reason.MATCH_STALE, {"constraint": "vetting"})


async def test_r22_a_site_whose_cell_touches_a_zone_needs_a_word_of_its_front_gate(referrals: Running) -> None:
    await referrals.know(a_provider())
    referrals.matching.asks_gate.add("house")

    assert (await refusal(referrals)).reason is Reason.GATE_NOT_CONFIRMED
    confirmed = service_pb.OfferChoice(provider_id="house", gate_confirmed=True)
    assert (await referrals.refer(choices=[confirmed])).referral_id


async def test_an_unknown_provider_is_not_found_and_named_by_its_field(referrals: Running) -> None:
    error = await refusal(referrals)

    assert isinstance(error, NotFound)
    assert [violation.field for violation in error.fields] == ["choices[0].provider_id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"request_id": ""}, "request_id"),
        ({"case_ref": "Jane Doe"}, "case_ref"),
        ({"person_ref": "x" * 65}, "person_ref"),
        ({"choices": []}, "choices"),
        ({"choices": [service_pb.OfferChoice(need_no=3, provider_id="house")]}, "choices[0].need_no"),
        ({"match_request": a_match_request("NO-SUCH")}, "match_request.needs[0].code"),
        ({"match_request": a_match_request(urgency="UNSPECIFIED")}, "match_request.needs[0].urgency"),
        ({"occurred_time": time_to_wire(NOON + timedelta(days=36500))}, "occurred_time"),
    ],
)
async def test_a_malformed_field_is_named_and_its_value_is_not(
    referrals: Running, changes: dict[str, Any], field: str
) -> None:
    await referrals.know(a_provider())

    error = await refusal(referrals, **changes)

    assert isinstance(error, InvalidInput)
    assert [violation.field for violation in error.fields] == [field]
    assert "Jane" not in str(error)


async def test_a_place_lost_in_the_race_is_an_answer_with_who_comes_next(referrals: Running) -> None:
    await referrals.know(
        a_provider("full", places=(a_report(0),)), a_provider("free", places=(a_report(1),)), a_provider("next")
    )
    referrals.matching.turned["full"] = ("places",)
    referrals.matching.following = [Choice(0, "next")]

    made = await referrals.refer("full", "free")

    assert [offer.provider_id for offer in made.offers] == ["free"]
    assert [choice.provider_id for choice in made.lost_places] == ["full"]
    assert [choice.provider_id for choice in made.next_candidates] == ["next"]
    assert referrals.matching.calls == 2  # who comes next is looked for where somebody needs it, and not before


async def test_a_place_lost_while_matching_is_away_is_an_answer_without_who_comes_next(referrals: Running) -> None:
    await referrals.know(a_provider("full", places=(a_report(0),)), a_provider("free", places=(a_report(1),)))
    referrals.matching.turned["full"] = ("places",)
    referrals.matching.is_away_for_next = True

    made = await referrals.refer("full", "free")

    assert [choice.provider_id for choice in made.lost_places] == ["full"]
    assert list(made.next_candidates) == []
    assert len(made.offers) == 1


async def test_nothing_is_made_when_every_place_is_lost(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(0),)))

    made = await referrals.refer()

    assert (made.referral_id, len(made.lost_places)) == ("", 1)
    for table in ("referral", "offer", "event", "case_facts", "hold"):
        assert await referrals.rows(f"SELECT 1 FROM {table}") == []  # noqa: S608


async def test_places_that_nobody_counts_are_not_held(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(None),)))

    await referrals.refer()

    assert await referrals.rows("SELECT 1 FROM hold") == []


async def test_fifty_at_once_with_one_request_id_make_one_referral(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(60),)))
    request = referrals.a_referral(consent_id=await referrals.consent())
    sender = referrals.sender()

    answers = await asyncio.gather(*(sender.CreateReferral(request) for _ in range(50)))

    assert len({(answer.referral_id, answer.offers[0].offer_id) for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    for answer in answers:
        answer.replayed = False
    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert await referrals.rows("SELECT count(*) FROM referral") == [(1,)]
    assert await referrals.rows("SELECT held FROM place") == [(1,)]


async def test_a_request_id_with_another_body_is_refused_and_changes_nothing(referrals: Running) -> None:
    await referrals.know(a_provider())
    request = referrals.a_referral(consent_id=await referrals.consent())
    await referrals.sender().CreateReferral(request)
    request.briefing.risk = pb.RISK_ARMED

    with pytest.raises(InvalidInput) as caught:
        await referrals.sender().CreateReferral(request)

    assert caught.value.reason is Reason.REQUEST_ID_REUSED
    assert await referrals.rows("SELECT count(*) FROM referral") == [(1,)]


async def test_request_ids_are_each_clients_own(referrals: Running) -> None:
    await referrals.know(a_provider())
    one, two = referrals.sender("one"), referrals.sender("two")

    made = [
        await referrals.refer(sender=stub, consent_id=await referrals.consent(stub), request_id="same")
        for stub in (one, two)
    ]

    assert made[0].referral_id != made[1].referral_id
    with pytest.raises(NotFound):
        await two.GetReferral(service_pb.GetReferralRequest(referral_id=made[0].referral_id))
    found = await one.LookUpRequest(service_pb.LookUpRequestRequest(request_id="same"))
    assert found.referral_id == made[0].referral_id


async def test_a_replay_after_a_restart_equals_the_first_answer(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    url, identity = await migrated_url("referrals"), an_identity(tmp_path)
    keys, clock = (os.urandom(32), os.urandom(32)), Clock()
    async with running(url, identity, clock, keys=keys) as before:
        await before.know(a_provider("one"), a_provider("two"))
        request = before.a_referral("one", "two", consent_id=await before.consent())
        first = await before.sender().CreateReferral(request)

    clock.move(hours=1)
    async with running(url, identity, clock, keys=keys) as after:
        again = await after.sender().CreateReferral(request)

    assert again.replayed
    again.replayed = False
    assert again == first


async def test_a_referral_made_before_the_line_was_up_says_when(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer(occurred_time=time_to_wire(referrals.clock() - timedelta(days=9)))

    (event,) = await referrals.rows("SELECT occurred_time FROM event WHERE type = 'referral_created'")
    assert event[0] == referrals.clock() - timedelta(days=9)
    (offer,) = await referrals.rows("SELECT due_time FROM offer")
    assert offer[0] > referrals.clock()
    assert made.create_time.ToSeconds() == int(referrals.clock().timestamp())


async def test_r35_a_need_that_matching_has_added_is_referred_with_the_others(referrals: Running) -> None:
    await referrals.know(a_provider(), a_provider("guardian", codes=("LEG-GRD",), pool_id="none"))
    choices = [
        service_pb.OfferChoice(need_no=0, provider_id="house"),
        service_pb.OfferChoice(need_no=1, provider_id="guardian"),
    ]
    uncovered = await refusal(referrals, choices=choices)
    consent_id = await referrals.consent(
        receiver_class=pb.ReceiverClass(codes=["ACC-EMG", "LEG-GRD"], area_cells=[AREA], vetted=True)
    )

    made = await referrals.refer(choices=choices, consent_id=consent_id)
    await referrals.receiver("guardian-desk").DeclineOffer(order("Decline", made.offers[1], reason="staff_unavailable"))
    await referrals.pass_time()

    assert uncovered.reason is Reason.CONSENT_NOT_COVERING
    rows = await referrals.rows("SELECT need_no, code, urgency FROM need ORDER BY need_no")
    assert rows == [(0, "ACC-EMG", "immediate"), (1, "LEG-GRD", "immediate")]
    # the next one is looked for as for any need
    assert [need.code for need in referrals.matching.asked_next[-1].needs] == ["LEG-GRD"]
    beyond = service_pb.OfferChoice(need_no=3, provider_id="house")
    with pytest.raises(InvalidInput):
        await referrals.refer(choices=[beyond], consent_id=consent_id)
