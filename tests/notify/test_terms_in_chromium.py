"""Tests in a real browser, narrow and wide, of asking back, waiting, meeting, by eyes, keyboard and screen reader."""

import re
from itertools import product
from pathlib import Path

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from ihala.referrals.v1 import referrals_pb2 as pb
from services.notify.duty.parts import WORDS as DUTY_WORDS
from services.notify.pages.screens import static_file
from services.notify.pages.words import Words
from tests.notify.desk import PIN, Page
from tests.notify.duty_desk import a_duty_page
from tests.notify.fakes import stamp
from tests.notify.stores import NOON, Clock, Stores
from tests.notify.test_in_chromium import CHROMIUM, DESK, OLD_TELEPHONE, WORDS, a_tab, enrol, fits, nameless, picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not here: make browser"),
]
SIZES = {"narrow": OLD_TELEPHONE, "wide": DESK}
#: from right to left and narrow always, the others with the long tests
EACH = [
    pytest.param(language, name, marks=() if (language, name) == ("ar", "narrow") else pytest.mark.long)
    for language, name in product(("ar", "en", "fr"), SIZES)
]


async def looks_right(tab: Tab, name: str) -> None:
    await picture(tab, name)
    assert await fits(tab), name
    assert await nameless(tab) == [], name


@pytest.mark.parametrize(("language", "size"), EACH)
async def test_without_javascript_a_desk_asks_back_waits_and_gets_the_sealed_note(
    page: Page, language: str, size: str
) -> None:
    words, name = Words(language), f"{size}-{language}"
    async with a_tab(page, language, javascript=False, size=SIZES[size]) as (tab, seen):
        await page.ring()
        await enrol(tab, page, WORDS[language])
        await looks_right(tab, f"{name}-ringing")
        await tab.get_by_role("button", name=words["reading"], exact=True).click()
        await looks_right(tab, f"{name}-pin")
        await tab.fill("#pin", "0000")
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_role("alert")).to_have_text(words["pin_wrong"])
        await tab.fill("#pin", PIN)
        await tab.keyboard.press("Enter")

        await tab.get_by_text(words["ask_back"], exact=True).click()
        await tab.select_option("#question", "documents")
        await looks_right(tab, f"{name}-ask")
        await tab.get_by_role("button", name=words["send_question"], exact=True).click()
        await expect(tab.get_by_text(words["state_info_requested"])).to_be_visible()
        await looks_right(tab, f"{name}-asked")
        await tab.get_by_role("button", name=words["go_on"], exact=True).click()

        await tab.get_by_text(words["later"], exact=True).click()
        await tab.select_option("#wait_until", index=2)
        await looks_right(tab, f"{name}-later")
        await tab.get_by_role("button", name=words["send_later"], exact=True).click()
        await expect(tab.get_by_text(words["state_waitlisted"])).to_be_visible()
        await looks_right(tab, f"{name}-waiting")

        page.referrals.handovers["offer-1"] = pb.Handover(
            offer_id="offer-1", sealed=b"sealed", key_id="harbour-2026", create_time=stamp(NOON)
        )
        await tab.get_by_role("button", name=words["yes"], exact=True).click()
        await expect(tab.get_by_text(words["meeting"], exact=True)).to_be_visible()
        await tab.get_by_text(words["not_arrived"], exact=True).click()
        await looks_right(tab, f"{name}-meeting")
        async with tab.expect_download() as started:
            await tab.get_by_text(words["meeting_file"], exact=True).click()
        kept = await (await started.value).path()
        assert kept.read_bytes() == b"sealed"

    assert [verb for verb, _ in page.referrals.commands] == [
        "Acknowledge", "RequestInfo", "Acknowledge", "Waitlist", "Accept",
    ]  # fmt: skip
    assert (seen.strangers, seen.complaints) == ([], [])


@pytest.mark.parametrize(("language", "size"), EACH)
async def test_those_on_duty_see_whom_to_ring_and_record_a_question(
    stores: Stores, clock: Clock, tmp_path: Path, language: str, size: str
) -> None:
    words, name = Words(language, DUTY_WORDS), f"duty-{size}-{language}"
    async with a_duty_page(stores, clock, tmp_path) as page:
        page.referrals.ring_task(sender="ministry")
        async with stores.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO sender_contact VALUES ('ministry', ARRAY['+218911234567', '+218917654321'], now())"
            )
        async with a_tab(page, language, javascript=True, size=SIZES[size]) as (tab, seen):
            await tab.goto(page.url)
            await looks_right(tab, f"{name}-sign-in")
            await tab.fill("#code", page.code())
            await tab.keyboard.press("Enter")
            await expect(tab.locator("#count")).to_have_text("1")
            await expect(tab.locator("#sound")).to_be_visible()
            await looks_right(tab, f"{name}-tasks")
            await tab.locator("#tasks a").click()
            await tab.get_by_text(words["ask_back"], exact=True).click()
            await tab.select_option("#question", "risk")
            await looks_right(tab, f"{name}-task")
            assert await tab.locator("a[href^='tel:']").count() == 3
            await tab.get_by_role("button", name=words["send_question"], exact=True).click()
            await expect(tab.get_by_text(words["no_tasks"])).to_be_visible()  # it ends by itself
            await tab.goto(f"{page.url}/rosters")
            await looks_right(tab, f"{name}-rosters")

    verb, request = page.referrals.commands[-1]
    assert (verb, request.question, request.via) == ("RequestInfo", "risk", pb.VIA_PHONE)
    assert (seen.strangers, seen.complaints) == ([], [])


async def test_the_focus_stays_on_a_task_while_another_comes(stores: Stores, clock: Clock, tmp_path: Path) -> None:
    async with a_duty_page(stores, clock, tmp_path) as page:
        page.referrals.ring_task()
        async with a_tab(page, "en", javascript=True) as (tab, _):
            await tab.goto(page.url)
            await tab.fill("#code", page.code())
            await tab.keyboard.press("Enter")
            await expect(tab.locator("#tasks a")).to_have_count(1)
            await tab.locator("#tasks a").focus()
            page.referrals.task("task-2", kind="WELFARE_CHECK", minutes=1)
            await expect(tab.locator("#tasks a")).to_have_count(2)  # at once: nobody waits for a look
            await tab.keyboard.press("Enter")
            await expect(tab.get_by_role("heading", name="Ring the provider")).to_be_visible()
            await expect(tab.get_by_role("button", name="I take it", exact=True)).to_be_visible()


COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6})")
#: what is written on what
PAIRS = (
    *(("ink", "ground"), ("ink", "card"), ("ink", "note"), ("soft", "ground"), ("soft", "card")),
    *(("on-accent", "accent"), ("accent", "ground"), ("accent", "card"), ("call", "card"), ("bad", "card")),
    *(("call", "call-ground"), ("accent", "note")),
)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_what_is_written_stands_out_from_what_it_is_written_on(scheme: int) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    found = COLOUR.findall(static_file("page.css").decode())
    half = len(found) // 2
    colours = dict(found[scheme * half : (scheme + 1) * half])
    for text, ground in PAIRS:
        light, dark = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
