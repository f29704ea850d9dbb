"""Tests of a page that was away: it tells once what passed, in one sentence; and of a browser that is woken."""

import json
from datetime import datetime, timedelta

import pytest

from services.notify.model import PageDevice
from services.notify.pages.away import away_in, away_of
from tests.notify.desk import Page
from tests.notify.stores import NOON

ADDRESS = "https://push.example.org/wake/abc"


async def two_passed_and_one_rings(page: Page) -> None:
    for number in range(3):
        await page.ring(f"offer-{number}")
    page.clock.advance(minutes=20)
    for number in range(2):
        await page.stores.alerts.settle(f"offer-{number}", page.clock())
    page.clock.advance(minutes=20)


async def test_after_an_outage_one_sentence_says_what_passed_and_the_rest_rings(page: Page) -> None:
    async with page.enrolled() as browser:
        await two_passed_and_one_rings(page)
        first = await browser.get("/")
        again = await browser.get("/")

    said = (
        "Not connected from \u206614:00\u2069 to \u206614:40\u2069. Meanwhile 2 came to an end elsewhere; 1 wait now."
    )
    assert said in first
    assert '<b id="count">1</b>' in first
    assert "Not connected" not in again


async def test_a_page_without_javascript_goes_on_telling_until_somebody_has_understood(page: Page) -> None:
    async with page.enrolled() as browser:
        await two_passed_and_one_rings(page)
        text = await browser.get("/")
        address = text.split('content="15; url=')[1].split('"')[0].replace("&amp;", "&")
        page.clock.advance(seconds=15)
        assert "Meanwhile 2 came to an end elsewhere" in await browser.get(address)
        assert "Not connected" not in await browser.get("/")


async def test_a_script_hears_of_it_once(page: Page) -> None:
    async with page.enrolled() as browser:
        await two_passed_and_one_rings(page)
        first = json.loads(await browser.get("/count"))
        again = json.loads(await browser.get("/count"))

    assert "Meanwhile 2 came to an end" in first["missed"]
    assert (first["count"], again["missed"]) == (1, "")


async def test_somebody_who_reads_for_nine_minutes_was_not_away(page: Page) -> None:
    async with page.enrolled() as browser:
        await browser.unlock()
        page.clock.advance(minutes=9)
        assert "Not connected" not in await browser.get("/")


@pytest.mark.parametrize(
    ("heard_s", "unlocked_s", "away_s"),
    [(None, None, None), (60, None, None), (180, None, 180), (3600, -60, None), (3600, 600, 600), (600, 3600, 600)],
)
def test_a_device_was_away_since_it_was_heard_or_its_shift_closed(
    heard_s: int | None, unlocked_s: int | None, away_s: int | None
) -> None:
    def ago(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOON - timedelta(seconds=seconds)

    device = PageDevice(
        device_id="device-1",
        receiver_id="house-1",
        time_zone="UTC",
        unlocked_until=ago(unlocked_s),
        heard_time=ago(heard_s),
    )
    found = away_of(device, NOON)

    assert (None if found is None else (NOON - found.start_time).total_seconds()) == away_s


@pytest.mark.parametrize(
    ("since", "until"),
    [("", ""), ("x", "1"), ("1", "2"), ("-5", "3"), ("99999999999", "1"), ("1772625600", "1772625500"), ("٣", "٤")],
)
def test_a_span_that_is_none_tells_nothing(since: str, until: str) -> None:
    assert away_in(since, until, NOON) is None


async def test_a_browser_is_woken_from_the_moment_it_asks_until_it_says_otherwise(page: Page) -> None:
    async with page.enrolled() as browser:
        await browser.get("/")
        form = browser.hidden_fields("/reading")["form"]
        kept = await browser.client.post("/push", data={"form": form, "url": ADDRESS})
        assert await page.stores.rows("SELECT receiver_id, channel, state FROM endpoint") == [
            ("house-1", "push", "active")
        ]
        ended = await browser.client.post("/push/end", data={"form": form})

    assert (kept.status_code, ended.status_code) == (200, 200)
    assert await page.stores.rows("SELECT state, sealed_address FROM endpoint") == [("ended", None)]


@pytest.mark.parametrize(
    "url", ["", "http://push.example.org/", "https://127.0.0.1/", "https://a@b.org/", "javascript:1"]
)
async def test_an_address_that_is_no_push_service_is_not_kept(page: Page, url: str) -> None:
    async with page.enrolled() as browser:
        await browser.get("/")
        form = browser.hidden_fields("/reading")["form"]
        refused = await browser.client.post("/push", data={"form": form, "url": url})
        foreign = await browser.client.post("/push", data={"form": "0" * 32, "url": ADDRESS})

    assert (refused.status_code, foreign.status_code) == (400, 403)
    assert await page.stores.rows("SELECT 1 FROM endpoint") == []


@pytest.mark.parametrize(("language", "name"), [("en", "Desk"), ("fr", "Bureau"), ("ar", "المكتب")])
async def test_an_installed_page_has_a_name_that_says_nothing(page: Page, language: str, name: str) -> None:
    async with page.browser(language) as browser:
        found = json.loads(await browser.get("/app.webmanifest"))

    assert (found["name"], found["short_name"], found["display"]) == (name, name, "standalone")
