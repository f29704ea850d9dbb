"""Tests of the answer page in a real browser at the width of an old telephone, with JavaScript and without."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import Route, async_playwright, expect

from tests.notify.desk import CODE, PIN, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=user-gesture-required"]
OLD_TELEPHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 800}
WORDS = {
    "en": ("Connect", "I am reading it", "Open", "Yes", "You said yes. The person is expected.", "Nothing is waiting"),
    "fr": (
        "Connecter",
        "Je le lis",
        "Ouvrir",
        "Oui",
        "Vous avez dit oui. La personne est attendue.",
        "Rien n’est en attente",
    ),
    "ar": ("ربط", "أنا أقرأه الآن", "فتح", "نعم", "أجبتم بنعم. الشخص متوقَّع وصوله.", "لا شيء في الانتظار"),
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not here: make browser"),
]


@dataclass
class Seen:
    """What a browser complained of, and where it wanted to go."""

    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    bytes_by_path: dict[str, int] = field(default_factory=dict)


class Served(Protocol):
    """Anything at an address."""

    @property
    def url(self) -> str:
        """Where it is."""


@asynccontextmanager
async def a_tab(
    page: Served, language: str, *, javascript: bool, dark: bool = False, size: dict[str, int] = OLD_TELEPHONE
) -> AsyncIterator[tuple[Tab, Seen]]:
    """Open a tab that can reach the page and nothing else."""
    seen = Seen()

    async def pass_or_block(route: Route) -> None:
        if route.request.url.startswith(page.url):
            await route.continue_()
        else:
            seen.strangers.append(route.request.url)
            await route.abort()

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale=language,
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
        )
        await context.route("**/*", pass_or_block)
        tab = await context.new_page()
        tab.on("console", lambda said: seen.complaints.append(said.text) if said.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
        try:
            yield tab, seen
        finally:
            await browser.close()


async def picture(tab: Tab, name: str) -> None:
    """Keep a picture for people to look at, where one is asked for."""
    if folder := os.environ.get("IHALA_PICTURES"):
        await tab.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def enrol(tab: Tab, page: Page, words: tuple[str, ...]) -> None:
    await page.make_code()
    await tab.goto(page.url)
    await tab.fill("#code", CODE)
    await tab.fill("#pin", PIN)
    await tab.fill("#pin_again", PIN)
    await tab.get_by_role("button", name=words[0], exact=True).click()


async def read_and_say_yes(tab: Tab, name: str, words: tuple[str, ...]) -> None:
    _, reading, opens, yes, said_yes, _ = words
    await tab.get_by_role("button", name=reading, exact=True).click()
    await picture(tab, f"{name}-pin")
    await tab.fill("#pin", PIN)
    await tab.get_by_role("button", name=opens, exact=True).click()
    await expect(tab.get_by_role("button", name=yes, exact=True)).to_be_visible()
    await picture(tab, f"{name}-offer")
    await tab.locator("summary").last.click()
    await picture(tab, f"{name}-no")
    await tab.get_by_role("button", name=yes, exact=True).click()
    await expect(tab.get_by_text(said_yes)).to_be_visible()
    await picture(tab, f"{name}-yes")


async def fits(tab: Tab) -> bool:
    """Say whether nothing sticks out at the side; measured from outside, since the page may run no script."""
    session = await tab.context.new_cdp_session(tab)
    metrics = await session.send("Page.getLayoutMetrics")
    return bool(metrics["cssContentSize"]["width"] <= metrics["cssLayoutViewport"]["clientWidth"])


async def nameless(tab: Tab) -> list[str]:
    """List what can be pressed or filled in and has no name that a screen reader could say."""
    session = await tab.context.new_cdp_session(tab)
    await session.send("Accessibility.enable")
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    return [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in {"button", "link", "textbox", "combobox", "checkbox", "DisclosureTriangle"}
        and not node["name"]["value"].strip()
    ]


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
async def test_without_javascript_a_desk_enrols_waits_reads_and_says_yes(page: Page, language: str) -> None:
    words = WORDS[language]
    async with a_tab(page, language, javascript=False) as (tab, seen):
        await page.make_code("99990000")
        await tab.goto(page.url)
        await picture(tab, f"{language}-enrol")
        assert await fits(tab)
        await enrol(tab, page, words)
        await expect(tab.get_by_text(words[5])).to_be_visible()
        await picture(tab, f"{language}-quiet")
        await page.ring()
        await tab.reload()
        await expect(tab.locator("#count")).to_have_text("1")
        await picture(tab, f"{language}-ringing")
        assert await fits(tab)
        await read_and_say_yes(tab, language, words)
        assert await fits(tab)
        await tab.goto(f"{page.url}/places")
        await picture(tab, f"{language}-places")
        assert await fits(tab)
        await tab.goto(f"{page.url}/list")
        await picture(tab, f"{language}-list")
        assert await fits(tab)

    assert page.referrals.commands[-1][0] == "Accept"
    assert seen.strangers == []
    assert seen.complaints == []


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_with_javascript_a_page_left_open_rings_by_itself_until_somebody_presses(
    page: Page, language: str
) -> None:
    words = WORDS[language]
    async with a_tab(page, language, javascript=True, dark=True) as (tab, seen):
        await enrol(tab, page, words)
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "false")
        await tab.locator("#sound").click()
        await expect(tab.locator("body")).to_have_attribute("data-sound", "on")
        await picture(tab, f"{language}-dark-quiet")

        await page.ring()

        await expect(tab.locator("body")).to_have_attribute("data-ringing", "true", timeout=15_000)
        await expect(tab.locator("body")).to_have_attribute("data-rings", re.compile(r"[1-9]"), timeout=15_000)
        await expect(tab.locator("#count")).to_have_text("1")
        await expect(tab).to_have_title(re.compile(r"\(1\)"), timeout=15_000)
        await picture(tab, f"{language}-dark-ringing")
        assert await fits(tab)
        await read_and_say_yes(tab, f"{language}-dark", words)
        await tab.goto(page.url)
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "false")

    assert page.referrals.commands[-1][0] == "Accept"
    assert seen.strangers == []
    assert seen.complaints == []


async def test_with_javascript_a_lost_connection_is_said_and_comes_back_by_itself(page: Page) -> None:
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await enrol(tab, page, WORDS["en"])
        await expect(tab.locator("body")).to_have_attribute("data-sound", "off")
        await expect(tab.locator("#offline")).to_be_hidden()
        await tab.context.set_offline(True)
        await expect(tab.locator("#offline")).to_be_visible(timeout=15_000)
        await picture(tab, "en-offline")

        await tab.context.set_offline(False)

        await expect(tab.locator("#offline")).to_be_hidden(timeout=15_000)


async def test_what_the_browser_shows_is_delivered(page: Page) -> None:
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await enrol(tab, page, WORDS["en"])
        await page.ring()
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "true", timeout=15_000)
        async with tab.expect_response(lambda response: "/count?seen=" in response.url and response.url[-1] != "="):
            pass

    assert await page.stores.rows("SELECT state FROM delivery") == [("delivered",)]
