"""The map in a real browser: nothing from the directory runs, nobody else is asked, everything is drawn."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from ihala.directory.v1 import directory_pb2
from services.maps.standalone import render_standalone
from tests.maps.scene import (
    BENGHAZI,
    CAIRO,
    CASABLANCA,
    TRIPOLI,
    TUNIS,
    Scene,
    a_directory,
    a_provider,
    a_scene,
    area_cell,
    some_referrals,
)

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium here: `make browser` installs it"),
]

#: each would set window.pwned if it ran
PAYLOADS = [
    "<img src=x onerror='window.pwned=1'>",
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "${window.pwned=1}",
    "`+(window.pwned=1)+`",
    "'+(window.pwned=1)+'",
    '"+(window.pwned=1)+"',
    "\\x3cimg src=x onerror=window.pwned=1\\x3e",
    "{{ 7 * 191 }}",
    "{% raw %}{{ cycler.__init__.__globals__ }}",
    "<svg/onload=window.pwned=1>",
    "<a href='javascript:window.pwned=1'>x</a>",
    "\u2028window.pwned=1\u2029*/window.pwned=1/*",
]
DRAWN = "#map[data-drawn=yes]"


@dataclass
class Watched:
    """A page and everything that went wrong on it."""

    page: Page
    faults: list[str] = field(default_factory=list)
    asked_elsewhere: list[str] = field(default_factory=list)

    async def is_unharmed(self) -> bool:
        pwned = await self.page.evaluate("window.pwned === undefined")
        return bool(pwned) and self.faults == [] and self.asked_elsewhere == []


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def a_page(chromium: Browser, own: str, *, width: int = 1280, height: int = 800) -> AsyncIterator[Watched]:
    """Open a page that reaches nothing but what begins with `own`, and watch it."""
    context = await chromium.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    watched = Watched(page)

    async def only_here(route: Route) -> None:
        if route.request.url.startswith((own, "data:")):
            await route.continue_()
        else:
            watched.asked_elsewhere.append(route.request.url)
            await route.abort()

    await context.route("**/*", only_here)
    page.on("console", lambda said: watched.faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: watched.faults.append(str(error)))
    await page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
    )
    yield watched
    await context.close()


async def sign_in(watched: Watched, scene: Scene, query: str = "lang=en") -> None:
    await watched.page.goto(f"{scene.url}/?{query}")
    await watched.page.fill("#code", scene.code())
    await watched.page.click("main button")
    await watched.page.wait_for_selector(DRAWN)


async def test_no_text_of_the_directory_runs(tmp_path: Path, chromium: Browser) -> None:
    providers = []
    for number, payload in enumerate(PAYLOADS):
        provider = a_provider(payload, (20.0 + number, 10.0), ["HEA-EMG", payload], places=(3, 1))
        provider.contacts.add(kind=directory_pb2.CONTACT_KIND_PHONE, value=payload)
        provider.claims.add(code=f"X-{payload}", claim=directory_pb2.CLAIM_UNKNOWN)
        providers.append(provider)
    referrals = some_referrals({(area_cell(TRIPOLI), payload): (9, 5) for payload in PAYLOADS})
    directory = a_directory(providers, {area_cell(TRIPOLI): 9})
    async with (
        a_scene(tmp_path, directory=directory, referrals=referrals) as scene,
        a_page(chromium, scene.url) as watched,
    ):
        await sign_in(watched, scene)
        page = watched.page
        for number, payload in enumerate(PAYLOADS):
            await page.evaluate(f"map.closePopup(); void map.setView([{20 + number}, 10], 12, {{animate: false}})")
            await expect(page.locator(".card")).to_have_count(0)
            find = "text => [...document.querySelectorAll('.dot')].find(each => each.title === text)"
            dot = (await page.wait_for_function(find, arg=payload)).as_element()
            assert dot is not None
            await dot.click()
            assert await page.locator(".card h3").text_content() == payload
            assert payload in (await page.locator(".card").text_content() or "")
        await page.evaluate("map.closePopup(); void map.setView([32.9, 13.2], 7, {animate: false})")
        await expect(page.locator(".card")).to_have_count(0)
        await page.locator("path.leaflet-interactive[fill='#0f6cab']").click(position={"x": 34, "y": 8})
        told = await page.locator(".leaflet-popup-content table").text_content() or ""
        assert [payload for payload in PAYLOADS if payload not in told] == []

        assert await watched.is_unharmed(), (watched.faults, watched.asked_elsewhere)


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
async def test_every_layer_is_drawn_with_all_other_hosts_blocked(
    tmp_path: Path, chromium: Browser, language: str
) -> None:
    directory = a_directory(
        [a_provider("a", TRIPOLI, places=(5, 1)), a_provider("b", CAIRO, ["LEG-ADV"], places=(5, 5))],
        {area_cell(BENGHAZI): 8, area_cell(CASABLANCA): 6},
    )
    referrals = some_referrals({(area_cell(TUNIS), "HEA"): (30, 12)})
    async with (
        a_scene(tmp_path, directory=directory, referrals=referrals) as scene,
        a_page(chromium, scene.url) as watched,
    ):
        await sign_in(watched, scene, f"lang={language}")
        page = watched.page

        assert await page.locator(".leaflet-marker-pane .dot").count() == 2
        assert sorted(await page.locator(".cell-count").all_text_contents()) == ["6", "8"]
        assert await page.locator(".leaflet-control-layers-base label").count() == 2
        overlays = page.locator(".leaflet-control-layers-overlays input")
        assert await overlays.count() == 2
        await overlays.first.uncheck()
        await expect(page.locator(".cell-count")).to_have_count(0)
        colours = "[...document.querySelectorAll('.dot')].map(e => e.style.background).sort()"
        by_service = await page.evaluate(colours)
        await page.locator(".leaflet-control-layers-base input").nth(1).check()
        await expect(page.locator(".leaflet-marker-pane .dot")).to_have_count(2)
        assert await page.evaluate(colours) != by_service
        assert await watched.is_unharmed(), (watched.faults, watched.asked_elsewhere)


async def test_choosing_a_filter_shows_what_is_left_and_says_so_in_the_address(
    tmp_path: Path, chromium: Browser
) -> None:
    directory = a_directory([a_provider("a", TRIPOLI), a_provider("b", CAIRO, ["LEG-ADV"])])
    async with a_scene(tmp_path, directory=directory) as scene, a_page(chromium, scene.url) as watched:
        await sign_in(watched, scene)
        await watched.page.select_option("select[name=service]", "LEG")
        await watched.page.wait_for_url("**service=LEG**")
        await watched.page.wait_for_selector(DRAWN)

        assert await watched.page.locator(".leaflet-marker-pane .dot").count() == 1
        assert await watched.is_unharmed(), watched.faults


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_the_page_fits_a_telephone(tmp_path: Path, chromium: Browser, language: str) -> None:
    directory = a_directory([a_provider("W" * 300, TRIPOLI)], {area_cell(CAIRO): 5})
    async with (
        a_scene(tmp_path, directory=directory) as scene,
        a_page(chromium, scene.url, width=390) as watched,
    ):
        await sign_in(watched, scene, f"lang={language}")

        assert await watched.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert await watched.is_unharmed(), watched.faults


async def test_six_thousand_providers_draw_in_seconds(tmp_path: Path, chromium: Browser) -> None:
    directory = a_directory(
        [
            a_provider(f"clinic {number}", (20 + number % 97 / 8, -10 + number % 83 / 2), places=(9, number % 10))
            for number in range(6000)
        ]
    )
    async with a_scene(tmp_path, directory=directory) as scene, a_page(chromium, scene.url) as watched:
        await sign_in(watched, scene)
        start_s = time.monotonic()
        await watched.page.reload()
        await watched.page.wait_for_selector(DRAWN)
        drawn_s = time.monotonic() - start_s
        total = await watched.page.evaluate(
            "[...document.querySelectorAll('.ring span')].reduce((sum, e) => sum + Number(e.textContent), 0)"
            " + document.querySelectorAll('.dot').length"
        )

        assert total == 6000
        assert drawn_s < 15  # some 2 s on an idle machine; this one may be busy
        assert await watched.is_unharmed(), watched.faults


async def test_a_map_that_cannot_be_drawn_says_so(tmp_path: Path, chromium: Browser) -> None:
    async with a_scene(tmp_path) as scene, a_page(chromium, scene.url) as watched:
        await sign_in(watched, scene)
        await watched.page.route("**/map.js*", lambda route: route.abort())
        await watched.page.reload()
        await watched.page.wait_for_function("document.getElementById('map-status').textContent.includes('could not')")


async def test_a_map_in_one_file_draws_from_disk_and_asks_nobody(tmp_path: Path, chromium: Browser) -> None:
    directory = a_directory([a_provider(each, (20.0 + n, 10.0)) for n, each in enumerate(PAYLOADS)])
    directory.areas[area_cell(CAIRO)] = 7
    async with a_scene(tmp_path, directory=directory) as scene:
        html = await render_standalone(scene.to_directory, scene.to_referrals, now=scene.clock, language="ar")
    file = tmp_path / "map.html"
    file.write_text(html, encoding="utf-8")
    async with a_page(chromium, file.as_uri()) as watched:
        await watched.page.goto(file.as_uri())
        await watched.page.wait_for_selector(DRAWN)

        assert await watched.page.locator(".cell-count").all_text_contents() == ["7"]
        assert await watched.page.locator(".dot, .ring").count() > 0
        assert await watched.is_unharmed(), (watched.faults, watched.asked_elsewhere)
