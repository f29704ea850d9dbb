"""Tests of who gets onto the answer page: by the code that was read out, and later by cookie and PIN."""

import asyncio

import pytest

from tests.notify.desk import CODE, PIN, Page
from tests.notify.fakes import CANARIES


async def test_a_code_connects_a_browser_once(page: Page) -> None:
    await page.make_code()
    async with page.browser() as first, page.browser() as second:
        assert "Nothing is waiting" in await first.post("/enrol", code="1234 5678", pin=PIN, pin_again=PIN)
        assert "This code is not known" in await second.post("/enrol", code=CODE, pin=PIN, pin_again=PIN)


async def test_a_code_is_too_old_after_half_an_hour(page: Page) -> None:
    await page.make_code()
    page.clock.advance(minutes=30)
    async with page.browser() as browser:
        assert "has expired" in await browser.post("/enrol", code=CODE, pin=PIN, pin_again=PIN)


async def test_a_new_code_ends_the_one_before(page: Page) -> None:
    await page.make_code("11112222")
    await page.make_code("33334444")
    async with page.browser() as browser:
        assert "not known" in await browser.post("/enrol", code="11112222", pin=PIN, pin_again=PIN)
        assert "Nothing is waiting" in await browser.post("/enrol", code="33334444", pin=PIN, pin_again=PIN)


async def test_arabic_figures_are_digits(page: Page) -> None:
    await page.make_code()
    async with page.browser("ar") as browser:
        await browser.post("/enrol", code="١٢٣٤٥٦٧٨", pin="٤٧١١", pin_again="4711")
        assert "لا شيء في الانتظار" in browser.text
        assert "الطلبات المفتوحة" in await browser.unlock("4711")


@pytest.mark.parametrize(("pin", "again"), [("123", "123"), ("1111", "1111"), ("1234", "1235"), ("12a4", "12a4")])
async def test_a_pin_that_is_none_is_refused_and_the_code_stays_good(page: Page, pin: str, again: str) -> None:
    await page.make_code()
    async with page.browser() as browser:
        assert "The PIN needs" in await browser.post("/enrol", code=CODE, pin=pin, pin_again=again)
        assert "Nothing is waiting" in await browser.post("/enrol", code=CODE, pin=PIN, pin_again=PIN)


async def test_whoever_guesses_codes_waits(page: Page) -> None:
    async with page.stores.pool.connection() as connection:
        for _ in range(60):
            await connection.execute("INSERT INTO wrong_code (attempt_time) VALUES (%s)", [page.clock()])
    await page.make_code()
    async with page.browser() as browser:
        assert "Too many wrong codes" in await browser.post("/enrol", code=CODE, pin=PIN, pin_again=PIN)
        page.clock.advance(minutes=10)
        assert "Nothing is waiting" in await browser.post("/enrol", code=CODE, pin=PIN, pin_again=PIN)


async def test_the_database_keeps_digests_of_codes_cookies_and_pins(page: Page) -> None:
    async with page.enrolled() as browser:
        token = browser.client.cookies["desk"]
    rows = await page.stores.rows("SELECT device::text FROM device UNION ALL SELECT audit::text FROM audit")
    dump = "\n".join(str(row) for row in rows)

    for secret in (token, token.encode().hex(), PIN.encode().hex(), CODE, CODE.encode().hex()):
        assert secret not in dump


async def test_the_cookie_cannot_be_read_by_scripts_nor_sent_from_elsewhere(page: Page) -> None:
    await page.make_code()
    async with page.browser() as browser:
        response = await browser.client.post("/enrol", data={"code": CODE, "pin": PIN, "pin_again": PIN})

    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_offers_close_after_ten_minutes_and_nothing_is_sent_unseen(page: Page) -> None:
    async with page.reading() as browser:
        page.clock.advance(minutes=10)

        assert "Ten minutes have passed" in await browser.press("/item/offer-1/acknowledge")
        await browser.get("/item/offer-1")
        assert browser.path.startswith("/pin")
    assert page.referrals.commands == []


async def test_after_five_wrong_pins_the_device_waits_even_with_the_right_one(page: Page) -> None:
    async with page.enrolled() as browser:
        for _ in range(4):
            assert "not right" in await browser.unlock("0000")
        assert "Try again in 5 min" in await browser.unlock("0000")
        assert "Try again in 5 min" in await browser.unlock(PIN)
        page.clock.advance(minutes=5)
        assert "Open requests" in await browser.unlock(PIN)


async def test_wrong_pins_at_once_are_counted_one_by_one(page: Page) -> None:
    async with page.enrolled() as browser:
        await browser.get("/pin")
        fields = browser.hidden_fields("/pin")
        await asyncio.gather(*(browser.client.post("/pin", data={**fields, "pin": "0000"}) for _ in range(8)))

    assert await page.stores.rows("SELECT wrong_pin_count FROM device") == [(5,)]


async def test_a_device_that_was_ended_is_at_the_beginning_again(page: Page) -> None:
    async with page.enrolled() as browser:
        async with page.stores.pool.connection() as connection:
            await connection.execute("UPDATE device SET end_time = now()")
        assert "Connect this device" in await browser.get("/")
        assert (await browser.client.get("/count")).status_code == 403


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
async def test_before_the_pin_no_screen_says_what_this_is_about(page: Page, language: str) -> None:
    """R11: every screen that can be reached without the PIN, scanned for need, name and place."""
    forbidden = (
        *CANARIES,
        *("referral", "shelter", "traffick", "victim", "migrant", "refuge", "orientation", "traite", "victime"),
        *("إحالة", "ملجأ", "اتجار", "ضحية", "مهاجر", "لاجئ", "مأوى"),
    )
    async with page.enrolled(language) as browser:
        await page.ring()
        for path in ("/", "/count", "/pin", "/pin?e=wrong", "/list", "/item/offer-1", "/places", "/nowhere"):
            await browser.get(path)
        await browser.get("/static/page.css")
        for path in ("/static/icon.svg", "/worker.js", "/app.webmanifest"):
            await browser.get(path)
        page.clock.advance(minutes=30)
        await browser.get("/")
        async with page.browser(language) as stranger:
            await stranger.get("/")
            screens = browser.seen + stranger.seen

    for path, text in screens:
        for word in forbidden:
            assert word.casefold() not in text.casefold(), (path, word)
