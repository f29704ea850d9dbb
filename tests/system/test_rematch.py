"""A no asks the next provider by itself, through the real matching, as far as the consent goes (R1, R46)."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ihala.client import EMERGENCY, PERSON, SPOKEN, Ihala, Point
from ihala.desk_client import Desk
from ihala.referral import Referral, Via
from tests.house import House

TRIPOLI = Point(32.8874, 13.1873)
CODE = "HEA-PRI"
PATIENCE_S = 30


async def referred(ihala: Ihala, case_ref: str, covered: slice) -> tuple[str, Sequence[Any]]:
    """Ask the nearest provider, on a consent that covers some of the nearest."""
    answer = await ihala.find_matches([CODE], TRIPOLI, urgency=EMERGENCY)
    rows = [row for row in answer[CODE].matches if row.reach_out != "enrolled"]  # answered for by telephone
    consent = await ihala.record_consent(
        case_ref, [row.provider_id for row in rows[covered]], rows[0].needed_fields, given_by=PERSON, method=SPOKEN
    )
    made = await ihala.refer(answer.token, rows[0], case_ref=case_ref, consent=consent)
    return made.referral_id, rows


async def decline(house: House, referral: Referral) -> None:
    """Say no for the first provider, on the telephone."""
    (offer,) = referral.offers
    profile = house.profile("coordinator")
    async with Desk(profile, actor="duty", on_behalf_of=offer.provider_id, via=Via.PHONE) as desk:
        await desk.decline(offer.offer_id, "access_blocked")


async def until_changed(ihala: Ihala, referral_id: str) -> Referral:
    """Wait until the loop has gone on with the need."""
    async with asyncio.timeout(PATIENCE_S):
        async for event in ihala.watch():
            if event.referral.referral_id == referral_id and event.type in {"offer_requested", "referral_exhausted"}:
                referral = await ihala.get_referral(referral_id)
                if len(referral.offers) > 1 or referral.state == "exhausted":
                    return referral
    raise AssertionError


async def test_the_next_of_the_match_is_asked_and_nobody_beyond_the_consent(house: House) -> None:
    async with Ihala(house.profile("ministry")) as ihala:
        wide_id, rows = await referred(ihala, "rematch-1", slice(0, 5))
        narrow_id, _rows = await referred(ihala, "rematch-2", slice(0, 1))
        for referral_id in (wide_id, narrow_id):
            await decline(house, await ihala.get_referral(referral_id))
        wide, narrow = await until_changed(ihala, wide_id), await until_changed(ihala, narrow_id)

    assert [offer.provider_id for offer in wide.offers] == [rows[0].provider_id, rows[1].provider_id]
    assert wide.state == "active"
    assert ([offer.provider_id for offer in narrow.offers], narrow.state) == ([rows[0].provider_id], "exhausted")
