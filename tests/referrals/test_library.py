"""The library against real referrals: both sides come to terms, the duty sees its tasks."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ihala.client import Ihala, OverrideGround
from ihala.desk_client import Desk
from ihala.exceptions import NotFound
from ihala.profile import Profile, ReceiverProfile
from ihala.receiver import Receiver
from ihala.task_client import Tasks
from services.runtime.auth import Role
from tests.referrals.samples import Running, a_provider, order


def a_profile(referrals: Running, folder: Path, *roles: Role, client_id: str) -> Profile:
    token = folder / client_id
    token.write_text(referrals.serving.identity.token(*roles, client_id=client_id, receiver_ids=[client_id]))
    return Profile(
        addresses=dict.fromkeys(("directory", "matching", "referrals"), referrals.serving.address), token_file=token
    )


async def test_both_sides_come_to_terms(referrals: Running, tmp_path: Path) -> None:
    await referrals.know(a_provider(), a_provider("other"))
    made = await referrals.refer("house", "other")
    offer_id, other_id = (offer.offer_id for offer in made.offers)
    async with (
        asyncio.timeout(30),
        Ihala(a_profile(referrals, tmp_path, Role.CASE_SYSTEM, client_id="ministry")) as ihala,
        Desk(a_profile(referrals, tmp_path, Role.RECEIVER, client_id="house-desk")) as desk,
        Desk(a_profile(referrals, tmp_path, Role.RECEIVER, client_id="other-desk")) as other,
    ):
        asked = await desk.ask(offer_id, "language")
        await ihala.answer_info(offer_id, "not_known")
        waits = await other.waitlist(other_id, referrals.clock() + timedelta(hours=3))
        proposed = await desk.propose(offer_id, ["escort"])
        await ihala.agree(offer_id)
        await ihala.submit_handover(offer_id, b"sealed", "key")
        left = await desk.get_handover(offer_id)
        await desk.arrive(offer_id)
        with pytest.raises(NotFound):
            await desk.get_handover(offer_id)
        referral = await ihala.get_referral(made.referral_id)

    assert (asked.terms.question, proposed.terms.conditions) == ("language", ("escort",))
    assert waits.terms.wait_until_time is not None
    assert left.sealed == b"sealed"
    assert [(offer.state, offer.terms.answer) for offer in referral.offers] == [
        ("in_progress", "not_known"),
        ("superseded", ""),
    ]


async def test_the_duty_sees_its_tasks_and_lets_a_roster_rest(referrals: Running, tmp_path: Path) -> None:
    await referrals.know(a_provider(receiver_id=""))
    async with (
        asyncio.timeout(30),
        Ihala(a_profile(referrals, tmp_path, Role.CASE_SYSTEM, client_id="ministry")) as ihala,
        Tasks(a_profile(referrals, tmp_path, Role.DUTY_COORDINATOR, client_id="duty")) as tasks,
    ):
        consent_id = await ihala.override_consent(
            "case-1",
            ground=OverrideGround.DANGER_TO_LIFE,
            sealed_reason=b"sealed",
            provider_ids=["house"],
            second_person="supervisor",
        )
        made = await referrals.refer(consent_id=consent_id)
        seen = set()
        async for task in tasks.watch():
            seen.add(task.kind)
            if seen == {"ring", "tell_person"}:
                break
        rests = await tasks.pause("duty", referrals.clock() + timedelta(hours=1))
        rosters = await tasks.rosters()
        await ihala.refuse(made.offers[0].offer_id, "prefers_other")

    assert rests.paused_until_time is not None
    assert [roster.roster_id for roster in rosters] == ["duty", "manager"]


async def test_a_desks_software_goes_on_over_offers_that_were_over_before_it_read_them(
    referrals: Running, tmp_path: Path
) -> None:
    """An alert may come late, or again after a crash: it ends no loop, and no answer counts twice."""
    await referrals.know(a_provider())
    offer_ids = [(await referrals.refer()).offers[0].offer_id for _ in range(3)]
    recalled, refused, taken = offer_ids
    await referrals.sender().CancelOffer(order("Cancel", recalled, reason="moved"))
    profile = replace(
        a_profile(referrals, tmp_path, Role.RECEIVER, client_id="house-desk"),
        receiver=ReceiverProfile(receiver_id="house-desk", journal_file=tmp_path / "journal"),
    )
    receiver = Receiver(profile)

    states = []
    for offer_id, is_yes in ((recalled, True), (refused, False), (refused, False), (taken, True), (taken, True)):
        offer = await receiver.read(offer_id, by="night desk")
        view = await offer.accept() if is_yes else await offer.decline("staff_unavailable")
        states.append((view.state, offer.is_over))

    assert states == [
        ("cancelled", True),
        ("rejected", True),
        ("rejected", True),
        ("accepted", False),
        ("accepted", False),
    ]
    told = await referrals.rows("SELECT type FROM event WHERE type IN ('offer_accepted', 'offer_rejected') ORDER BY 1")
    assert told == [("offer_accepted",), ("offer_rejected",)]
