"""The demo's second case: a provider with a browser and nothing else answers, at the width of an old telephone."""

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Route, async_playwright, expect

from ihala.cli.referral_documents import referral_document
from ihala.client import PERSON, SPOKEN, Ihala
from ihala.notify_client import Notify
from tests.house import ROOT, House

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
OLD_TELEPHONE = {"width": 320, "height": 640}
CASE = json.loads((ROOT / "demo" / "cases" / "2-oujda.json").read_text(encoding="utf-8"))
CODE = "LEG-ADV"
PIN = "2486"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not here: make browser"),
]


async def referred(house: House, case_ref: str) -> tuple[str, str]:
    """Ask the Oujda desk for legal advice; return the referral and where the desk answers."""
    async with Ihala(house.profile("ministry")) as ihala:
        answer = await ihala.find_matches_for(CASE["request"])
        row = answer[CODE].matches[0]
        consent = await ihala.record_consent(
            case_ref, row.receiver_class, row.needed_fields, given_by=PERSON, method=SPOKEN
        )
        made = await ihala.refer(answer.token, row, case_ref=case_ref, consent=consent)
    return made.referral_id, row.source_key


async def state_of(house: House, referral_id: str) -> list[str]:
    async with Ihala(house.profile("ministry")) as ihala:
        referral = await ihala.get_referral(referral_id)
    return [offer["state"] for offer in referral_document(referral)["offers"]]


@pytest.mark.parametrize("javascript", [False, True], ids=["without JavaScript", "with JavaScript"])
async def test_a_desk_with_a_browser_alone_answers_the_second_case(
    house: House, tmp_path: Path, *, javascript: bool
) -> None:
    desk = house.desks["oujda-desk"]
    async with Notify(house.profile("coordinator")) as notify:
        code = await notify.create_enrolment_code(desk.receiver_id)
    complaints: list[str] = []
    strangers: list[str] = []

    async def pass_or_block(route: Route) -> None:
        if route.request.url.startswith(code.page_url):
            await route.continue_()
        else:
            strangers.append(route.request.url)
            await route.abort()

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context(
            viewport=OLD_TELEPHONE,  # type: ignore[arg-type]  # a size is a size
            locale="fr",
            java_script_enabled=javascript,
        )
        await context.route("**/*", pass_or_block)
        tab = await context.new_page()
        tab.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))

        await tab.goto(code.page_url)
        await tab.fill("#code", code.code)
        await tab.fill("#pin", PIN)
        await tab.fill("#pin_again", PIN)
        await tab.get_by_role("button", name="Connecter", exact=True).click()
        await expect(tab.get_by_text("Rien n’est en attente")).to_be_visible()

        referral_id, source_key = await referred(house, f"page-{int(javascript)}")
        assert source_key in desk.provider_keys
        if javascript:
            await expect(tab.locator("body")).to_have_attribute("data-ringing", "true", timeout=20_000)
        else:
            await expect(tab.locator("#count")).to_have_text("1", timeout=20_000)  # the page reloads by itself
        await expect(tab.locator("#count")).to_have_text("1")
        waiting = await tab.content()
        await tab.get_by_role("button", name="Je le lis", exact=True).click()
        await tab.fill("#pin", PIN)
        await tab.get_by_role("button", name="Ouvrir", exact=True).click()
        await expect(tab.get_by_role("button", name="Oui", exact=True)).to_be_visible()
        assert await state_of(house, referral_id) == ["received"]
        await tab.get_by_role("button", name="Oui", exact=True).click()
        await expect(tab.get_by_text("Vous avez dit oui.")).to_be_visible()
        await browser.close()

    assert await state_of(house, referral_id) == ["accepted"]
    assert not re.search("LEG|ff|Pular|Oujda", re.sub(r"<[^>]*>", "", waiting))  # R11: nothing before it is read
    assert (complaints, strangers) == ([], [])
