"""Those on duty ring a provider that has no device, and write down its yes: through the whole house (R46, R62)."""

import asyncio
import re

from ihala.client import Ihala
from tests.house import House
from tests.system.duty import refer_by_telephone, signed_in, task_to_ring


async def test_a_yes_by_telephone_is_written_down_by_whoever_took_the_task(house: House) -> None:
    async with Ihala(house.profile("ministry")) as ihala:
        row, made = await refer_by_telephone(ihala, "duty-1")
        await asyncio.to_thread(house.json, "contact", "set", "--phone", "+218 91 123 4567")
        task_id = await task_to_ring(house, row, made)

        async with signed_in(house, "amal") as browser:
            assert f'href="/task/{task_id}"' in browser.text
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
