"""Tests of the duty page in a real browser at the width of an old telephone, with JavaScript and without."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from services.notify.duty.parts import WORDS
from services.notify.pages.words import Words
from tests.notify.duty_desk import DutyPage, a_duty_page
from tests.notify.stores import Clock, Stores
from tests.notify.test_in_chromium import CHROMIUM, a_tab, fits, picture
from tests.notify.test_outages_in_chromium import EACH_LANGUAGE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not here: make browser"),
]


@pytest.fixture
async def page(stores: Stores, clock: Clock, tmp_path: Path) -> AsyncIterator[DutyPage]:
    async with a_duty_page(stores, clock, tmp_path) as running:
        yield running


@pytest.mark.parametrize("language", EACH_LANGUAGE)
async def test_without_javascript_a_task_is_taken_and_a_yes_recorded(page: DutyPage, language: str) -> None:
    words = Words(language, WORDS)
    page.referrals.ring_task()
    async with a_tab(page, language, javascript=False) as (tab, seen):
        await tab.goto(page.url)
        await picture(tab, f"duty-{language}-sign-in")
        assert await fits(tab)
        await tab.fill("#code", page.code())
        await tab.get_by_role("button", name=words["pin_submit"], exact=True).click()
        await expect(tab.locator("#count")).to_have_text("1")
        await picture(tab, f"duty-{language}-tasks")
        assert await fits(tab)
        await tab.locator("#tasks a").click()
        await tab.get_by_role("button", name=words["take"], exact=True).click()
        await expect(tab.get_by_role("button", name=words["yes"], exact=True)).to_be_visible()
        await tab.locator("summary").first.click()
        await picture(tab, f"duty-{language}-task")
        assert await fits(tab)
        await tab.get_by_role("button", name=words["yes"], exact=True).click()
        await expect(tab.get_by_text(words["no_tasks"])).to_be_visible()
        await tab.goto(f"{page.url}/rosters")
        await tab.locator("summary").click()
        await picture(tab, f"duty-{language}-rosters")
        assert await fits(tab)

    assert page.referrals.commands[-1][0] == "Accept"
    assert seen.strangers == []
    assert seen.complaints == []


async def test_with_javascript_a_page_left_open_rings_by_itself_until_somebody_takes_it(page: DutyPage) -> None:
    async with a_tab(page, "en", javascript=True, dark=True) as (tab, seen):
        await tab.goto(page.url)
        await tab.fill("#code", page.code())
        await tab.get_by_role("button", name="Open", exact=True).click()
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "false")
        await tab.locator("#sound").click()
        await expect(tab.locator("body")).to_have_attribute("data-sound", "on")

        page.referrals.ring_task()

        await expect(tab.locator("body")).to_have_attribute("data-ringing", "true", timeout=15_000)
        await expect(tab.locator("body")).to_have_attribute("data-rings", re.compile(r"[1-9]"), timeout=15_000)
        await expect(tab.locator("#tasks li")).to_have_count(1)
        await picture(tab, "duty-en-dark-ringing")
        async with page.signed_in("nadia") as nadia:
            await nadia.get("/task/task-1")
            await nadia.press("/task/task-1/take")
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "false", timeout=15_000)
        await expect(tab.get_by_text("nadia has it")).to_be_visible()

    assert seen.strangers == []
    assert seen.complaints == []


async def test_a_page_whose_time_is_over_rings_until_somebody_signs_in_again(page: DutyPage) -> None:
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await tab.goto(page.url)
        await tab.fill("#code", page.code())
        await tab.get_by_role("button", name="Open", exact=True).click()
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "false")
        page.clock.advance(hours=14)

        await expect(tab.locator("body")).to_have_attribute("data-ringing", "true", timeout=15_000)
        await tab.get_by_text("nothing rings any more").click()
        await expect(tab.locator("#code")).to_be_visible()


async def test_with_javascript_it_comes_back_after_its_server_was_away(page: DutyPage) -> None:
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await tab.goto(page.url)
        await tab.fill("#code", page.code())
        await tab.get_by_role("button", name="Open", exact=True).click()
        await expect(tab.locator("body")).to_have_attribute("data-sound", "off")
        await page.server.stop()
        await expect(tab.locator("#offline")).to_be_visible(timeout=15_000)
        page.referrals.ring_task()
        await page.server.start()

        await expect(tab.locator("#offline")).to_be_hidden(timeout=15_000)
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "true", timeout=15_000)
