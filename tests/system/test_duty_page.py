"""Those on duty ring a provider that has no device, and write down its yes: through the whole house (R46, R62)."""

import asyncio
import re

import httpx

from ihala.client import EMERGENCY, PERSON, SPOKEN, Ihala, Point
from ihala.task_client import Tasks
from tests.house import House
from tests.notify.desk import Browser

TRIPOLI = Point(32.8874, 13.1873)
CODE = "HEA-PRI"


async def test_a_yes_by_telephone_is_written_down_by_whoever_took_the_task(house: House) -> None:
    async with Ihala(house.profile("ministry")) as ihala:
        answer = await ihala.find_matches([CODE], TRIPOLI, urgency=EMERGENCY)
        row = next(row for row in answer[CODE].matches if row.reach_out != "enrolled")
        consent = await ihala.record_consent(
            "duty-1", [row.provider_id], row.needed_fields, given_by=PERSON, method=SPOKEN
        )
        made = await ihala.refer(answer.token, row, case_ref="duty-1", consent=consent)
        await asyncio.to_thread(house.json, "contact", "set", "--phone", "+218 91 123 4567")
        code = house.json("token", "sign-in", "amal", "--duty")["code"]
        async with Tasks(house.profile("coordinator")) as duty:
            offer_id = made.offer_ids[row.provider_id]
            [task_id] = [task.task_id async for task in duty.list(["ring"]) if task.offer_id == offer_id]

        async with httpx.AsyncClient(base_url=f"http://{house.parts.address('duty')}") as client:
            browser = Browser(client)
            assert f'href="/task/{task_id}"' in await browser.post("/sign-in", code=code)
            await browser.get(f"/task/{task_id}")
            await browser.press(f"/task/{task_id}/take")
            taken = browser.text
            await browser.press(f"/task/{task_id}/said/accept")
            assert browser.status == 200
            assert task_id not in browser.text
            rosters = await browser.get("/rosters")

        referral = await ihala.get_referral(made.referral_id)
        async for event in ihala.watch():
            if event.referral_id == made.referral_id and event.type == "offer_accepted":
                break

    assert "amal" in taken
    assert 'href="tel:+218911234567"' in taken  # whom to ring at the sender
    assert "only the telephone reaches them" in taken
    assert re.search(r"<strong>duty</strong>", rosters)
    assert [offer.state for offer in referral.offers] == ["accepted"]
    assert (event.actor, event.via, event.on_behalf_of) == ("amal", "phone", row.provider_id)
