"""Tests in a real browser of what meets an outage, wakes a closed page, and asks more than yes or no."""

from datetime import timedelta

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as pb
from services.notify.pages.words import Words
from tests.notify.desk import PIN, Page
from tests.notify.test_in_chromium import CHROMIUM, WORDS, a_tab, enrol, fits, picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not here: make browser"),
]

#: from right to left always, the others with the long tests
EACH_LANGUAGE = ["ar", *(pytest.param(each, marks=pytest.mark.long) for each in ("en", "fr"))]


async def open_first(tab: Tab, page: Page, language: str) -> None:
    """Enrol, and open what rings."""
    await enrol(tab, page, WORDS[language])
    await tab.goto(page.url)
    await tab.get_by_role("button", name=WORDS[language][1], exact=True).click()
    await tab.fill("#pin", PIN)
    await tab.get_by_role("button", name=WORDS[language][2], exact=True).click()


async def worker_is_there(tab: Tab) -> None:
    """Wait until the page's worker answers for it."""
    await tab.evaluate("navigator.serviceWorker.ready")
    await tab.reload()
    await tab.wait_for_function("navigator.serviceWorker.controller !== null")


@pytest.mark.parametrize("language", EACH_LANGUAGE)
async def test_without_javascript_a_desk_says_yes_if(page: Page, language: str) -> None:
    words = Words(language)
    async with a_tab(page, language, javascript=False) as (tab, seen):
        await page.ring()
        await open_first(tab, page, language)
        await tab.get_by_text(words["yes_if"], exact=True).click()
        await tab.select_option("#arrive_start", index=2)
        await tab.select_option("#stay_end", index=1)
        await tab.get_by_label(words["if_escort"]).check()
        await picture(tab, f"{language}-yes-if")
        assert await fits(tab)
        await tab.get_by_role("button", name=words["send_yes_if"], exact=True).click()
        await expect(tab.get_by_text(words["state_proposed"])).to_be_visible()
        await picture(tab, f"{language}-proposed")
        assert await fits(tab)

    verb, request = page.referrals.commands[-1]
    assert (verb, sorted(request.conditions)) == ("Propose", ["earliest_arrival", "escort", "longest_stay"])
    assert seen.complaints == []


@pytest.mark.parametrize("language", EACH_LANGUAGE)
async def test_without_javascript_a_question_and_a_group_are_answered(page: Page, language: str) -> None:
    words = Words(language)
    async with a_tab(page, language, javascript=False) as (tab, seen):
        await page.ring()
        page.referrals.offers["offer-1"].state = pb.OFFER_STATE_PROBING
        await open_first(tab, page, language)
        await picture(tab, f"{language}-question")
        assert await fits(tab)
        await tab.get_by_role("button", name=words["could"], exact=True).click()
        await expect(tab.get_by_text(words["state_draft"])).to_be_visible()

        await page.ring("offer-2")
        offer = page.referrals.offers["offer-2"]
        offer.state, offer.divisible = pb.OFFER_STATE_RECEIVED, True
        offer.items.add(population="women", count=8)
        await tab.goto(f"{page.url}/item/offer-2")
        await tab.locator("[name='take:women']").fill("5")
        await picture(tab, f"{language}-group")
        assert await fits(tab)
        await tab.get_by_role("button", name=words["yes"], exact=True).click()

    assert list(page.referrals.commands[-1][1].accept_items) == [
        match_pb.PlaceItem(population="girls", count=1),
        match_pb.PlaceItem(population="women", count=5),
    ]
    assert seen.complaints == []


async def test_after_its_server_was_away_a_page_tells_once_what_passed_and_rings_for_the_rest(page: Page) -> None:
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await enrol(tab, page, WORDS["en"])
        await expect(tab.locator("body")).to_have_attribute("data-sound", "off")
        await page.server.stop()
        await expect(tab.locator("#offline")).to_be_visible(timeout=15_000)
        for number in range(3):
            await page.ring(f"offer-{number}")
        page.clock.advance(minutes=30)
        for number in range(2):
            await page.stores.alerts.settle(f"offer-{number}", page.clock())
        page.clock.time += timedelta(minutes=1)

        await page.server.start()

        await expect(tab.locator("#missed")).to_be_visible(timeout=15_000)
        await expect(tab.locator("#missed")).to_contain_text("Meanwhile 2 came to an end elsewhere; 1 wait now.")
        await expect(tab.locator("#count")).to_have_text("1")
        await expect(tab.locator("body")).to_have_attribute("data-ringing", "true")
        await picture(tab, "en-missed")
        await tab.get_by_text("Understood").click()
        await expect(tab.locator("#missed")).to_be_hidden()
        assert tab.url == f"{page.url}/"


@pytest.mark.parametrize("language", EACH_LANGUAGE)
async def test_a_page_that_is_opened_while_there_is_no_connection_comes_back_by_itself(
    page: Page, language: str
) -> None:
    words = Words(language)
    async with a_tab(page, language, javascript=True) as (tab, _):
        await enrol(tab, page, WORDS[language])
        await worker_is_there(tab)
        await page.server.stop()
        await tab.reload()
        await expect(tab.get_by_text(words["offline"])).to_be_visible()
        await picture(tab, f"{language}-no-server")

        await page.server.start()

        await expect(tab.get_by_text(words["nothing"])).to_be_visible(timeout=20_000)


async def test_a_yes_that_met_an_outage_is_sent_again_with_one_press_and_counts_once(page: Page) -> None:
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await page.ring()
        await enrol(tab, page, WORDS["en"])
        await worker_is_there(tab)
        await tab.get_by_role("button", name="I am reading it", exact=True).click()
        await tab.fill("#pin", PIN)
        await tab.get_by_role("button", name="Open", exact=True).click()
        await expect(tab.get_by_role("button", name="Yes", exact=True)).to_be_visible()
        await page.server.stop()
        await tab.get_by_role("button", name="Yes", exact=True).click()
        await expect(tab.get_by_text("No connection")).to_be_visible()
        await tab.get_by_role("button", name="Send again", exact=True).click()
        await expect(tab.get_by_text("No connection")).to_be_visible()

        await page.server.start()
        await tab.get_by_role("button", name="Send again", exact=True).click()

        await expect(tab.get_by_text("You said yes. The person is expected.")).to_be_visible()

    assert [verb for verb, _ in page.referrals.commands] == ["Acknowledge", "Accept"]


async def test_a_browser_that_is_woken_says_that_something_waits_and_nothing_else(page: Page) -> None:
    """R11, in what a locked screen shows."""
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await tab.context.grant_permissions(["notifications"], origin=page.url)
        await enrol(tab, page, WORDS["en"])
        await worker_is_there(tab)
        session = await tab.context.new_cdp_session(tab)
        found: list[str] = []
        session.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda said: found.extend(each["registrationId"] for each in said["registrations"]),
        )
        await session.send("ServiceWorker.enable")
        await tab.wait_for_function("document.body !== null")
        while not found:
            await tab.evaluate("1")
        push = {"origin": page.url, "registrationId": found[0], "data": "whatever comes is not shown"}
        await session.send("ServiceWorker.deliverPushMessage", push)
        shown = await tab.evaluate(
            """async () => {
                const registration = await navigator.serviceWorker.ready;
                for (;;) {
                    const [shown] = await registration.getNotifications();
                    if (shown) return [shown.title, shown.body, shown.tag, shown.data];
                    await new Promise((go) => setTimeout(go, 50));
                }
            }"""
        )

    assert shown == ["Desk", "Something is waiting", "desk", None]


async def test_a_browser_subscribes_with_our_key_and_its_address_is_kept_sealed(page: Page) -> None:
    async with a_tab(page, "en", javascript=True) as (tab, _):
        await tab.context.grant_permissions(["notifications"], origin=page.url)
        # no push service can be reached from here: the browser's own part is stood in for, nothing of ours
        await tab.add_init_script(
            """let made = null;
            PushManager.prototype.getSubscription = async () => made;
            PushManager.prototype.subscribe = async (options) => {
                window.asked = options;
                made = { endpoint: "https://push.example.org/wake/abc", unsubscribe: async () => { made = null; } };
                return made;
            };"""
        )
        await enrol(tab, page, WORDS["en"])
        button = tab.locator("#push")
        await expect(button).to_have_text("Ring when this page is closed too")
        await button.click()
        await expect(button).to_have_text("Rings when this page is closed too")
        asked = await tab.evaluate("window.asked")
        rows = await page.stores.rows("SELECT channel, state, encode(sealed_address, 'escape') FROM endpoint")
        await button.click()
        await expect(button).to_have_text("Ring when this page is closed too")

    assert asked["userVisibleOnly"] is True
    assert len(asked["applicationServerKey"]) == 87
    [(channel, state, address)] = rows
    assert (channel, state) == ("push", "active")
    assert "push.example.org" not in str(address)
    assert await page.stores.rows("SELECT state FROM endpoint") == [("ended",)]
