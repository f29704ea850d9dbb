"""SIGKILL in the middle of referrals: none is lost, none is doubled, no place is given twice."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence

import pytest

from ihala.client import Ihala
from tests.faults.storm import PATIENCE_S, Storm
from tests.house import House

SERVICES = ("directory", "matching", "referrals", "notify")
POLL_S = 0.02


def await_referrals(storm: Storm, count: int) -> None:
    """Wait until so many cases have their answer."""
    end_s = time.monotonic() + PATIENCE_S
    while len(storm.referred) < count and storm.fault is None:
        assert time.monotonic() < end_s, f"{len(storm.referred)} of {count} referrals"
        time.sleep(POLL_S)


def kill_in_turn(house: House, storm: Storm, victims: Sequence[str]) -> None:
    """Kill one service after the other, spread over the whole storm, and start each again."""
    for number, name in enumerate(victims, start=1):
        await_referrals(storm, number * storm.cases // (len(victims) + 1))
        house.kill(name)
        house.start_again(name)


async def repeated(storm: Storm) -> dict[str, str]:
    """Send every referral once more, and return what was told: the referral by case."""
    async with Ihala(storm.house.profile("ministry")) as ihala:
        return {case_ref: (await storm.refer(ihala, case_ref)).referral_id for case_ref in storm.referred}


async def kept(storm: Storm) -> dict[str, list[str]]:
    """Return the states of the offers that referrals has, by case."""
    async with Ihala(storm.house.profile("ministry")) as ihala:
        found: dict[str, list[str]] = {}
        async for referral in ihala.list_referrals():
            if referral.case_ref.startswith(f"{storm.prefix}-"):
                found.setdefault(referral.case_ref, []).extend(offer.state for offer in referral.offers)
        return found


def weather(storm: Storm, victims: Sequence[str]) -> None:
    """Let a storm blow, kill meanwhile, and hold the end to what was promised."""
    thread = storm.begin()
    kill_in_turn(storm.house, storm, victims)
    thread.join(PATIENCE_S)
    assert storm.fault is None, storm.fault
    assert not thread.is_alive()

    made = {case_ref: each for case_ref, each in storm.referred.items() if each.referral_id}
    offer_ids = [offer_id for each in made.values() for offer_id in each.offer_ids.values()]
    assert len(storm.referred) == storm.cases  # every case had an answer
    assert len(made) == storm.places  # no place was given twice, and none was left empty
    assert asyncio.run(kept(storm)) == {case_ref: ["accepted"] for case_ref in made}  # none lost, none doubled
    assert storm.heard == dict.fromkeys(offer_ids, 1)  # each rang once
    revisions = [event.cursor.revision for event in storm.seen]
    assert revisions == sorted(set(revisions))  # the sender heard each event once and in its order
    told = Counter(event.type for event in storm.seen)
    assert [told[name] for name in ("referral_created", "offer_requested", "offer_received", "offer_accepted")] == (
        [storm.places] * 4
    )
    again = asyncio.run(repeated(storm))
    assert {case_ref: again[case_ref] for case_ref in made} == {case: each.referral_id for case, each in made.items()}


def test_each_service_killed_once_in_200_referrals(house: House) -> None:
    weather(Storm(house, "storm", cases=200, places=120), SERVICES)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_thirty_kills_of_any_service_in_a_thousand_referrals(house: House, seed: int) -> None:
    victims = random.Random(seed).choices(SERVICES, k=30)
    weather(Storm(house, f"gale-{seed}", cases=1000, places=600), victims)
