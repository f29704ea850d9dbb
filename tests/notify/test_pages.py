"""Tests of the answer page without JavaScript, over real HTTP: from ringing to the answer."""

import asyncio
import json

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from services.errors import DeadlineExceeded
from tests.notify.desk import EXIT_URL, PIN, Page
from tests.notify.fakes import already_placed, no_place

#: what a browser loads besides a screen
SHARED = ("/static/page.css", "/static/page.js", "/static/icon.svg", "/worker.js", "/app.webmanifest")


async def test_from_ringing_to_yes(page: Page) -> None:
    async with page.enrolled() as browser:
        await page.ring()
        assert '<b id="count">1</b>' in await browser.get("/")
        assert "(10\u00a0min)" in browser.text
        await browser.press("/reading")
        assert browser.path == "/pin?next=reading"
        await browser.press("/pin", pin=PIN)

        assert browser.path == "/item/offer-1"
        for words in ("15 to 17 years", "Female", "Tigrinya", "with a worker", "Girls × 1", "Refuge of the Hill"):
            assert words in browser.text
        assert "14:25" in browser.text  # noon in UTC and 25 min, in Tripoli
        assert "You said yes" in await browser.press("/item/offer-1/accept")
        assert "The person has arrived" in await browser.press("/item/offer-1/arrive")
        assert "Finished. Thank you." in await browser.press("/item/offer-1/complete", outcome="provided_here")

    assert [verb for verb, _ in page.referrals.commands] == ["Acknowledge", "Accept", "Arrive", "Complete"]
    assert {request.on_behalf_of for _, request in page.referrals.commands} == {"house-1"}
    assert [(actor,) for actor in set(page.referrals.actors)] == await page.stores.rows("SELECT device_id FROM device")
    assert (await page.stores.alerts.waiting("house-1")).count == 0


async def test_a_no_carries_its_coded_reason(page: Page) -> None:
    async with page.enrolled() as browser:
        await page.ring()
        await browser.unlock()
        await browser.get("/")
        await browser.press("/reading")
        assert "Nothing was chosen" in await browser.press("/item/offer-1/decline", reason="")
        fields = {"reason": "no_capacity", "population": "girls", "places_without_staff": "1"}
        assert "You said no" in await browser.press("/item/offer-1/decline", **fields)

    verb, request = page.referrals.commands[-1]
    assert (verb, request.reason, request.population, request.places_without_staff) == (
        "Decline",
        "no_capacity",
        "girls",
        True,
    )


async def test_one_who_did_not_arrive_is_told_with_a_reason(page: Page) -> None:
    page.referrals.offer().state = pb.OFFER_STATE_ACCEPTED
    async with page.enrolled() as browser:
        await browser.unlock()
        await browser.get("/item/offer-1")
        await browser.press("/item/offer-1/fail", failure="no_show")

    verb, request = page.referrals.commands[-1]
    assert (verb, request.reason) == ("Fail", "no_show")


async def test_pressing_twice_is_once(page: Page) -> None:
    async with page.reading() as browser:
        fields = browser.hidden_fields("/item/offer-1/acknowledge")
        await asyncio.gather(
            *(browser.client.post("/item/offer-1/acknowledge", data=fields) for _ in range(5)),
        )

    assert len(page.referrals.commands) == 1


async def test_a_full_house_may_say_yes_all_the_same(page: Page) -> None:
    async with page.reading() as browser:
        await browser.press("/item/offer-1/acknowledge")
        page.referrals.refuse_next = no_place()
        assert "no place is free" in await browser.press("/item/offer-1/accept")
        assert "Yes all the same" in browser.text
        assert "You said yes" in await browser.press("/item/offer-1/accept")

    assert page.referrals.commands[-1][1].accept_beyond_report is True


async def test_a_yes_that_comes_second_is_told_in_plain_words(page: Page) -> None:
    async with page.reading() as browser:
        await browser.press("/item/offer-1/acknowledge")
        page.referrals.refuse_next = already_placed()

        assert "Another place was found a moment ago" in await browser.press("/item/offer-1/accept")


async def test_a_yes_that_could_not_be_sent_is_sent_again_with_one_press(page: Page) -> None:
    async with page.reading() as browser:
        await browser.press("/item/offer-1/acknowledge")
        page.referrals.refuse_next = DeadlineExceeded("too late")  # not repeated by the client itself
        await browser.press("/item/offer-1/accept")
        assert browser.status == 503
        assert "Send again" in browser.text

        assert "You said yes" in await browser.press("/item/offer-1/accept")

    assert [verb for verb, _ in page.referrals.commands] == ["Acknowledge", "Accept"]


async def test_another_desks_offer_is_not_there(page: Page) -> None:
    await page.ring("offer-2", receiver_id="house-2")
    async with page.enrolled() as browser:
        await browser.unlock()
        foreign = await browser.get("/item/offer-2")
        assert browser.status == 404
        absent = await browser.get("/item/offer-3")

    assert foreign == absent


async def test_the_waiting_screen_counts_and_asks_for_nothing(page: Page) -> None:
    async with page.enrolled() as browser:
        for number in range(3):
            await page.ring(f"offer-{number}")
        assert '<b id="count">3</b>' in await browser.get("/")

    assert 'type="password"' not in browser.text
    assert '<meta http-equiv="refresh" content="15;' in browser.text


async def test_an_alert_is_delivered_when_the_browser_says_that_it_shows_it(page: Page) -> None:
    async with page.enrolled() as browser:
        await page.ring()
        waiting = json.loads((await browser.client.get("/count")).text)
        assert await page.stores.rows("SELECT state FROM delivery") == [("sent",)]

        again = json.loads((await browser.client.get(f"/count?seen={waiting['seen']}")).text)

    assert (again["count"], again["seen"], again["missed"]) == (1, "", "")
    assert await page.stores.rows("SELECT state FROM delivery") == [("delivered",)]
    assert len(await page.stores.rows("SELECT 1 FROM receipt")) == 1


async def test_places_are_reported_by_population(page: Page) -> None:
    async with page.enrolled() as browser:
        await browser.unlock()
        assert 'name="total:girls" value="6"' in await browser.get("/places")
        fields = {"total:girls": "٦", "occupied:girls": "6", "other": "women", "total:": "3", "occupied:": ""}
        assert "Kept. Thank you." in await browser.press("/places", **fields)

    [report] = page.directory.reports
    girls, women = report.reports
    assert (girls.population, girls.total, girls.occupied) == ("girls", 6, 6)
    assert (women.population, women.total, women.HasField("occupied")) == ("women", 3, False)


@pytest.mark.parametrize("number", ["-1", "many", "100001", "1.5"])
async def test_places_that_are_no_number_are_asked_for_again(page: Page, number: str) -> None:
    async with page.enrolled() as browser:
        await browser.unlock()
        await browser.get("/places")
        assert "Write whole numbers" in await browser.press("/places", **{"total:girls": number, "occupied:girls": "1"})

    assert page.directory.reports == []


async def test_an_answer_does_not_wait_for_the_directory(page: Page) -> None:
    page.directory.is_away = True
    async with page.enrolled() as browser:
        await page.ring()
        await browser.unlock()
        await browser.get("/")
        await browser.press("/reading")

        assert "15 to 17 years" in browser.text


async def test_leaving_closes_the_shift_and_leads_elsewhere(page: Page) -> None:
    async with page.enrolled() as browser:
        await browser.unlock()
        response = await browser.client.get("/leave")
        assert (response.status_code, response.headers["location"]) == (303, EXIT_URL)
        await browser.get("/list")

    assert browser.path.startswith("/pin")


async def test_a_form_from_elsewhere_is_refused(page: Page) -> None:
    async with page.reading() as browser:
        fields = browser.hidden_fields("/item/offer-1/acknowledge")
        statuses = [
            (await browser.client.post("/item/offer-1/acknowledge", data={**fields, "form": "0" * 32})).status_code,
            (await browser.client.post("/item/offer-1/acknowledge")).status_code,
            (
                await browser.client.post(
                    "/item/offer-1/acknowledge", data=fields, headers={"sec-fetch-site": "cross-site"}
                )
            ).status_code,
            (await browser.client.post("/item/offer-1/acknowledge", data=fields | {"x": "y" * 9000})).status_code,
            (await browser.client.post("/item/offer-1/nonsense", data=fields)).status_code,
        ]

    assert statuses == [403, 403, 403, 413, 404]
    assert page.referrals.commands == []


async def test_every_answer_forbids_keeping_framing_and_foreign_parts(page: Page) -> None:
    async with page.enrolled() as browser:
        for path in (
            "/",
            "/count",
            "/list",
            "/nowhere",
            "/worker.js",
            "/app.webmanifest",
            "/static/page.js",
            "/ring.wav",
            "/static/../settings.py",
        ):
            headers = (await browser.client.get(path)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store" or path.startswith(("/static/page.js", "/ring.wav"))
            assert "server" not in headers


async def test_a_hostile_name_is_shown_and_not_run(page: Page) -> None:
    page.directory.places = {}
    page.referrals.offer(reason="<script>alert(1)</script>").state = pb.OFFER_STATE_ACCEPTED
    async with page.enrolled() as browser:
        await browser.unlock()
        text = await browser.get("/item/offer-1?e=<script>alert(1)</script>")
        text += await browser.get("/list?l=<script>")

    assert "<script>alert" not in text


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
async def test_a_page_with_all_its_parts_weighs_at_most_50_kb(page: Page, language: str) -> None:
    async with page.enrolled(language) as browser:
        await page.ring()
        parts = [await browser.client.get(path) for path in SHARED]
        parts.append(await browser.client.get("/ring.wav"))
        shared = sum(len(part.content) for part in parts)
        await browser.get("/")
        await browser.press("/reading")
        await browser.press("/pin", pin=PIN)
        await browser.get("/places")

    for path, text in browser.seen:
        assert shared + len(text.encode()) <= 50_000, path
