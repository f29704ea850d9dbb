"""Many at once: exactly as many places as there are, one yes, and nobody waits for ever."""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import IhalaError, Reason
from tests.referrals.samples import Running, a_provider, a_report, a_request_id, order, running
from tests.serving import an_identity

ROUNDS = 30
CLIENTS = 64
PLACES = 10
RACES_AT_ONCE = 4


async def outcome(call: Any) -> Reason | None:
    try:
        await call
    except IhalaError as error:
        return error.reason
    return None


async def test_64_clients_for_10_places_get_exactly_10(referrals: Running) -> None:
    stubs = [referrals.sender(f"client-{number}") for number in range(CLIENTS)]
    consents = [await referrals.consent(stub) for stub in stubs]
    for number in range(ROUNDS):
        name = f"house-{number}"
        await referrals.know(a_provider(name, places=(a_report(PLACES),)))

        made = await asyncio.gather(
            *(
                referrals.refer(name, sender=stub, consent_id=consent_id)
                for stub, consent_id in zip(stubs, consents, strict=True)
            )
        )

        assert sum(bool(each.referral_id) for each in made) == PLACES
        held = await referrals.rows("SELECT held FROM place WHERE pool_id = %s", f"{name}-pool")
        assert held == [(PLACES,)]


@pytest.mark.parametrize(
    "rounds", [pytest.param(10, id="short"), pytest.param(1000, id="long", marks=pytest.mark.long)]
)
async def test_two_replicas_give_64_clients_exactly_10_places(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path, rounds: int
) -> None:
    url, identity, keys = await migrated_url("referrals"), an_identity(tmp_path), (os.urandom(32), os.urandom(32))
    async with running(url, identity, keys=keys) as one, running(url, identity, keys=keys) as two:
        replicas = [(one, two)[number % 2] for number in range(CLIENTS)]
        stubs = [each.sender(f"client-{number}") for number, each in enumerate(replicas)]
        consents = [await one.consent(one.sender(f"client-{number}")) for number in range(CLIENTS)]
        for number in range(rounds):
            name = f"house-{number}"
            await one.know(a_provider(name, places=(a_report(PLACES),)))

            made = await asyncio.gather(
                *(
                    each.refer(name, sender=stub, consent_id=consent_id)
                    for each, stub, consent_id in zip(replicas, stubs, consents, strict=True)
                )
            )

            assert sum(bool(each.referral_id) for each in made) == PLACES
            held = await one.rows("SELECT held FROM place WHERE pool_id = %s", f"{name}-pool")
            assert held == [(PLACES,)]


async def test_two_yeses_at_once_make_one(referrals: Running) -> None:
    await referrals.know(
        *(a_provider(name, places=(a_report(100),), pool_id=f"{name}-pool") for name in ("one", "two"))
    )
    consent_id = await referrals.consent()
    one, two = referrals.receiver("one-desk"), referrals.receiver("two-desk")
    for _ in range(25):
        made = await referrals.refer("one", "two", consent_id=consent_id)

        reasons = await asyncio.gather(
            outcome(one.AcceptOffer(order("Accept", made.offers[0]))),
            outcome(two.AcceptOffer(order("Accept", made.offers[1]))),
        )

        assert sorted(map(str, reasons)) == [str(Reason.ALREADY_PLACED), "None"]
    assert await referrals.rows("SELECT sum(held)::integer, sum(booked)::integer FROM place") == [(0, 25)]


async def test_moves_on_shared_pools_in_any_order_never_wait_in_a_ring(referrals: Running) -> None:
    await referrals.know(
        *(a_provider(f"p{number}", pool_id=f"pool-{number % 2}", places=(a_report(500),)) for number in range(4))
    )
    consent_id = await referrals.consent()
    names = [f"p{number}" for number in range(4)]
    chance = random.Random(7)

    async def live(number: int) -> list[Reason | None]:
        chosen = chance.sample(names, 4)
        made = await referrals.refer(*chosen, consent_id=consent_id)
        calls = [
            outcome(
                referrals.receiver(f"{name}-desk").AcceptOffer(order("Accept", offer))
                if chance.random() < 0.5
                else referrals.receiver(f"{name}-desk").DeclineOffer(order("Decline", offer, reason="access_blocked"))
            )
            for name, offer in zip(chosen, made.offers, strict=True)
        ]
        if number % 3 == 0:
            request = service_pb.RevokeReferralRequest(
                request_id=a_request_id(), referral_id=made.referral_id, reason="moved"
            )
            calls.append(outcome(referrals.sender().RevokeReferral(request)))
        return await asyncio.gather(*calls)

    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(*map(live, range(24)))

    met = {reason for each in outcomes for reason in each}
    assert met <= {None, Reason.ILLEGAL_MOVE, Reason.ALREADY_PLACED}
    told = await referrals.rows(
        """
        SELECT DISTINCT ON (event.offer_id) offer.state = event.state AND offer.version = event.offer_version
        FROM event JOIN offer USING (offer_id) ORDER BY event.offer_id, event.revision DESC
        """
    )
    assert told == [(True,)] * 96
    claims = await referrals.rows(
        """
        SELECT count(*) FILTER (WHERE state = 'held')::integer, count(*) FILTER (WHERE state = 'booked')::integer
        FROM hold
        """
    )
    assert await referrals.rows("SELECT sum(held)::integer, sum(booked)::integer FROM place") == claims


@pytest.mark.parametrize(
    "rounds", [pytest.param(40, id="short"), pytest.param(10_000, id="long", marks=pytest.mark.long)]
)
async def test_a_withdrawal_against_a_yes_leaves_one_of_two_worlds_within_a_second(
    referrals: Running, rounds: int
) -> None:
    """R3: either nobody was told any more, or she is expected and the place is kept."""
    await referrals.know(a_provider(places=(a_report(rounds),)))
    took_s: list[float] = []
    sender, receiver = referrals.sender(), referrals.receiver()

    async def race(number: int) -> str:
        case_ref = f"case-{number}"
        consent_id = await referrals.consent(sender, case_ref=case_ref)
        made = await referrals.refer(sender=sender, consent_id=consent_id, case_ref=case_ref)

        async def withdraw() -> Reason | None:
            begins_s = time.perf_counter()
            request = service_pb.WithdrawConsentRequest(
                request_id=a_request_id(), consent_id=consent_id, withdrawal=pb.WITHDRAWAL_STOP_SHARING
            )
            refused = await outcome(sender.WithdrawConsent(request))
            took_s.append(time.perf_counter() - begins_s)
            return refused

        calls = [outcome(receiver.AcceptOffer(order("Accept", made.offers[0]))), withdraw()]
        if number % 2:
            calls.reverse()
        answers = await asyncio.gather(*calls)
        accepted, withdrawn = reversed(answers) if number % 2 else answers
        ((state, hold),) = await referrals.rows(
            "SELECT offer.state, hold.state FROM offer JOIN hold USING (offer_id) WHERE referral_id = %s",
            made.referral_id,
        )
        assert withdrawn is None
        if accepted is None:
            assert (state, hold) == ("accepted", "booked")
        else:
            assert accepted in {Reason.CONSENT_WITHDRAWN, Reason.ILLEGAL_MOVE}
            assert (state, hold) == ("cancelled", "released")
        # and nothing new goes out
        again = await outcome(referrals.refer(sender=sender, consent_id=consent_id, case_ref=case_ref))
        assert again is Reason.CONSENT_WITHDRAWN
        return str(state)

    worlds = set()
    for start in range(0, rounds, RACES_AT_ONCE):
        worlds |= set(await asyncio.gather(*map(race, range(start, min(start + RACES_AT_ONCE, rounds)))))

    assert worlds == {"accepted", "cancelled"}
    # a few calls on a busy machine say nothing of the slowest
    slow_s = statistics.median(took_s) if rounds < 1000 else statistics.quantiles(took_s, n=100)[-1]
    assert slow_s < 1.0
    expected = await referrals.rows("SELECT count(*)::integer FROM offer WHERE state = 'accepted'")
    assert await referrals.rows("SELECT booked FROM place") == expected
    assert await referrals.rows("SELECT held FROM place") == [(0,)]


async def test_a_yes_after_a_withdrawal_is_refused(referrals: Running) -> None:
    await referrals.know(a_provider())
    sender = referrals.sender()
    consent_id = await referrals.consent(sender)
    made = await referrals.refer(consent_id=consent_id)
    await sender.WithdrawConsent(
        service_pb.WithdrawConsentRequest(
            request_id=a_request_id(), consent_id=consent_id, withdrawal=pb.WITHDRAWAL_STOP_SHARING
        )
    )

    assert await outcome(referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))) is Reason.CONSENT_WITHDRAWN
    assert await outcome(referrals.refer(consent_id=consent_id)) is Reason.CONSENT_WITHDRAWN


async def test_a_yes_without_a_place_needs_the_providers_word(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(1),)))
    made = await referrals.refer()
    await referrals.rows(
        "WITH freed AS (UPDATE hold SET state = 'lapsed' RETURNING 1) UPDATE place SET held = 0 RETURNING total"
    )
    other = await referrals.refer()
    receiver = referrals.receiver()
    await receiver.AcceptOffer(order("Accept", other.offers[0]))

    refused = await outcome(receiver.AcceptOffer(order("Accept", made.offers[0])))
    beyond = await receiver.AcceptOffer(order("Accept", made.offers[0], accept_beyond_report=True))

    assert refused is Reason.NO_PLACE
    assert beyond.offer.version == 2
    assert await referrals.rows("SELECT total, booked FROM place") == [(1, 2)]
    assert await referrals.rows("SELECT count(*) FROM event WHERE type = 'hold_overcommitted'") == [(1,)]
    assert await referrals.rows("SELECT kind FROM task") == [("overcommitted",)]
