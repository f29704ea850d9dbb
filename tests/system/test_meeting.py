"""A desk with a browser alone asks back, says yes, and gets the sealed note: through the whole house (R20)."""

import httpx

from ihala.client import PERSON, SPOKEN, Ihala
from ihala.notify_client import Notify
from tests.house import House
from tests.notify.desk import Browser
from tests.system.test_answer_page import CASE, CODE, PIN

SEALED = b"\x00sealed by the sender's own tool\xff"


async def test_a_question_its_answer_a_yes_and_the_sealed_note_until_the_arrival(house: House) -> None:
    desk = house.desks["oujda-desk"]
    async with Notify(house.profile("coordinator")) as notify:
        code = await notify.create_enrolment_code(desk.receiver_id)
    async with (
        Ihala(house.profile("ministry")) as ihala,
        httpx.AsyncClient(base_url=code.page_url, headers={"accept-language": "en"}) as client,
    ):
        browser = Browser(client)
        await browser.post("/enrol", code=code.code, pin=PIN, pin_again=PIN)
        await browser.unlock(PIN)
        answer = await ihala.find_matches_for(CASE["request"])
        row = answer[CODE].matches[0]
        consent = await ihala.record_consent(
            "meeting-1", row.receiver_class, row.needed_fields, given_by=PERSON, method=SPOKEN
        )
        made = await ihala.refer(answer.token, row, case_ref="meeting-1", consent=consent)
        offer_id = made.offer_ids[row.provider_id]

        await browser.get(f"/item/{offer_id}")
        await browser.press(f"/item/{offer_id}/acknowledge")
        await browser.press(f"/item/{offer_id}/ask", question="documents")
        assert "You asked something" in browser.text
        await ihala.answer_info(offer_id, "not_known")
        assert "<dt>Answer</dt><dd>not known</dd>" in await browser.get(f"/item/{offer_id}")
        assert "Nothing was left for you" in await browser.press(f"/item/{offer_id}/accept")

        await ihala.submit_handover(offer_id, SEALED, "oujda-2026")
        assert "oujda-2026" in await browser.get(f"/item/{offer_id}")
        assert (await client.get(f"/item/{offer_id}/note")).content == SEALED
        assert "How you meet" not in await browser.press(f"/item/{offer_id}/arrive")
        assert (await client.get(f"/item/{offer_id}/note")).status_code == 404
