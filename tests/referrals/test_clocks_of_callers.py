"""A caller whose clock is wrong is served as any other: `now` is the server's (contracts 5.5)."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import FailedPrecondition, InvalidInput, Reason
from services.runtime.times import time_to_wire
from tests.referrals.samples import NOON, Running, a_consent, a_provider, a_request_id, order


def recording(referrals: Running, **changes: Any) -> Any:
    consent = a_consent("case-1", referrals.clock(), **{"start_time": None, "end_time": None} | changes)
    return service_pb.RecordConsentRequest(request_id=a_request_id(), consent=consent)


async def recorded(referrals: Running, **changes: Any) -> Any:
    return (await referrals.sender().RecordConsent(recording(referrals, **changes))).consent


async def test_a_consent_of_now_needs_no_clock_of_the_caller(referrals: Running) -> None:
    """R1: it begins when the server records it, and holds as long as was said, two hours slow or fast."""
    await referrals.know(a_provider())

    consent = await recorded(referrals, valid_for=Duration(seconds=3600))
    made = await referrals.refer(consent_id=consent.consent_id)

    now = referrals.clock()
    assert consent.start_time.ToDatetime(now.tzinfo) == now
    assert consent.end_time.ToDatetime(now.tzinfo) == now + timedelta(hours=1)
    assert not consent.HasField("valid_for")
    assert made.referral_id


async def test_two_clocks_that_are_kept_right_differ_by_less_than_a_minute(referrals: Running) -> None:
    await referrals.know(a_provider())
    ahead = time_to_wire(referrals.clock() + timedelta(seconds=59))

    consent = await recorded(referrals, start_time=ahead, valid_for=Duration(seconds=3600))

    assert (await referrals.refer(consent_id=consent.consent_id)).referral_id


async def test_a_start_that_is_to_come_is_never_brought_forward(referrals: Running) -> None:
    """R1: nothing widens a consent; who says tonight means tonight, and is told why it does not cover."""
    await referrals.know(a_provider())
    tonight = time_to_wire(referrals.clock() + timedelta(hours=2))
    consent = await recorded(referrals, start_time=tonight, valid_for=Duration(seconds=3600))

    with pytest.raises(FailedPrecondition, match="has not begun") as caught:
        await referrals.refer(consent_id=consent.consent_id)

    assert caught.value.reason is Reason.CONSENT_NOT_COVERING
    referrals.clock.move(hours=2)
    assert (await referrals.refer(consent_id=consent.consent_id)).referral_id


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"valid_for": Duration(seconds=3600), "end_time": time_to_wire(NOON)},
        {"valid_for": Duration(seconds=-1)},
        {"valid_for": Duration(seconds=367 * 86_400)},
        {"valid_for": Duration(seconds=315_576_000_000)},
    ],
)
async def test_how_long_it_holds_is_said_once_and_is_not_for_ever(referrals: Running, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"consent\.(end_time|valid_for)"):
        await recorded(referrals, **changes)


async def test_no_answer_is_lost_because_a_desks_clock_is_fast(referrals: Running) -> None:
    """A time on the wall sent as UTC: nothing has happened yet that is to come, so it has happened now."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    fast = time_to_wire(referrals.clock() + timedelta(hours=2))

    accepted = await referrals.receiver().AcceptOffer(order("Accept", made.offers[0], occurred_time=fast))

    now = referrals.clock()
    assert accepted.offer.read_time.ToDatetime(now.tzinfo) == now
    tomorrow = time_to_wire(now + timedelta(hours=15))
    with pytest.raises(InvalidInput, match="future"):
        await referrals.receiver().ArriveOffer(order("Arrive", made.offers[0], occurred_time=tomorrow))
