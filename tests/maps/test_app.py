"""The door: who comes in, what every answer carries, and what is said when something is missing."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.maps.assets import assets
from services.maps.headers import HEADERS
from tests.maps.scene import (
    TRIPOLI,
    a_browser_without_scripts,
    a_directory,
    a_provider,
    a_scene,
    area_cell,
    some_referrals,
)

INSIDE = ["/", "/map.js", "/tables/services.csv", "/tables/areas.csv", "/tables/referrals.csv"]


@pytest.mark.parametrize("path", INSIDE)
async def test_nothing_of_the_directory_is_told_without_a_session(tmp_path: Path, path: str) -> None:
    directory = a_directory([a_provider("Harbour clinic")])
    async with (
        a_scene(tmp_path, directory=directory) as scene,
        a_browser_without_scripts(scene, signed_in=False) as browser,
    ):
        answer = await browser.get(path, params={"service": "HEA"})

    assert answer.status_code == (303 if path == "/" else 401)
    assert "Harbour" not in answer.text
    assert directory.searches == []


async def test_a_code_opens_the_map_once_and_leaves_no_secret_in_an_address(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene, signed_in=False) as browser:
        code = scene.code()
        answer = await browser.post("/sign-in?service=HEA&lang=fr", data={"code": code})
        page = await browser.get(answer.headers["location"])
        async with httpx.AsyncClient(base_url=scene.url, trust_env=False) as another:
            again = await another.post("/sign-in", data={"code": code})

    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=fr&service=HEA")
    assert page.status_code == 200
    assert again.status_code == 403
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert code not in page.text


async def test_a_code_in_an_address_opens_nothing(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene, signed_in=False) as browser:
        answer = await browser.get("/sign-in", params={"code": scene.code()})

    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


async def test_signing_out_and_waiting_both_close_the_door(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        async with a_browser_without_scripts(scene) as browser:
            kept = dict(browser.cookies)
            await browser.post("/sign-out")
            browser.cookies.update(kept)
            assert (await browser.get("/")).status_code == 303
        async with a_browser_without_scripts(scene) as browser:
            assert (await browser.get("/")).status_code == 200
            scene.clock.now += timedelta(minutes=15)
            assert (await browser.get("/")).status_code == 303


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
async def test_a_form_of_another_site_is_refused(tmp_path: Path, path: str, headers: dict[str, str]) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene) as browser:
        answer = await browser.post(path, data={"code": scene.code()}, headers=headers)
        still = await browser.get("/")

    assert (answer.status_code, still.status_code) == (403, 200)


async def test_a_form_that_is_too_long_is_refused(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene, signed_in=False) as browser:
        answer = await browser.post("/sign-in", data={"code": "A" * 100_000})

    assert answer.status_code == 400


@pytest.mark.parametrize("path", [*INSIDE, "/sign-in", "/nowhere", "/static/old/ihala.js", "/?service=XXX", "/health"])
async def test_every_answer_carries_the_headers_and_is_kept_by_nobody(tmp_path: Path, path: str) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene) as browser:
        answer = await browser.get(path)

    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_files_are_kept_for_a_year_under_the_digest_of_what_they_say(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene, signed_in=False) as browser:
        for name in assets().contents:
            answer = await browser.get(f"/static/{assets().digest}/{name}")
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
            assert answer.content == assets().contents[name]
        for path in ("/static/old/ihala.js", f"/static/{assets().digest}/../app.py"):
            assert (await browser.get(path)).status_code == 404


async def test_the_page_names_no_other_host_and_has_no_script_of_its_own(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene) as browser:
        page = (await browser.get("/")).text
        script = (await browser.get("/map.js")).text

    assert re.findall(r"(?:src|href|action)=\"(?!/|data:,\")[^\"]*", page) == []
    assert re.findall(r"<script(?! src=\"/)", page) == []
    assert "://" not in page + script


@pytest.mark.parametrize(
    ("path", "field"),
    [("/?service=XXX", "service"), ("/?speaks=qqq", "speaks"), ("/map.js?zoom=4", "filter"), ("/?lang=de", "lang")],
)
async def test_a_filter_that_is_not_known_is_an_error_that_names_it(tmp_path: Path, path: str, field: str) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene) as browser:
        answer = await browser.get(path)

    assert answer.status_code == 400
    assert field in answer.text
    assert scene.directory.searches == []


async def test_a_missing_directory_is_said_and_not_drawn_as_an_empty_map(tmp_path: Path) -> None:
    async with a_scene(tmp_path, directory_is_there=False) as scene, a_browser_without_scripts(scene) as browser:
        page = await browser.get("/?lang=en")
        script = await browser.get("/map.js")
        table = await browser.get("/tables/areas.csv")

    assert (page.status_code, script.status_code, table.status_code) == (503, 503, 503)
    assert "Providers: the directory does not answer." in page.text
    assert "Confidential sites by area: the directory does not answer." in page.text
    assert 'id="map"' not in page.text


async def test_missing_referrals_are_said_above_the_rest_of_the_map(tmp_path: Path) -> None:
    async with a_scene(tmp_path, referrals_are_there=False) as scene, a_browser_without_scripts(scene) as browser:
        page = await browser.get("/?lang=en")
        table = await browser.get("/tables/referrals.csv")

    assert (page.status_code, table.status_code) == (200, 503)
    assert "Referrals by area: the referrals service does not answer." in page.text
    assert 'id="map"' in page.text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr"), ("ar", "rtl")])
async def test_the_page_is_read_the_way_its_language_is(tmp_path: Path, language: str, direction: str) -> None:
    async with a_scene(tmp_path) as scene, a_browser_without_scripts(scene) as browser:
        asked = await browser.get(f"/?lang={language}")
        preferred = await browser.get("/", headers={"accept-language": language})

    for page in (asked, preferred):
        assert f'<html lang="{language}" dir="{direction}">' in page.text


async def test_the_tables_and_the_files_tell_the_same_numbers(tmp_path: Path) -> None:
    cell = area_cell(TRIPOLI)
    directory = a_directory([a_provider("a clinic", places=(10, 3)), a_provider("no point", where=None)], {cell: 11})
    referrals = some_referrals({(cell, "HEA"): (23, 17)})
    async with (
        a_scene(tmp_path, directory=directory, referrals=referrals) as scene,
        a_browser_without_scripts(scene) as browser,
    ):
        page = (await browser.get("/?lang=en")).text
        files = {name: await browser.get(f"/tables/{name}.csv?lang=en") for name in ("services", "areas", "referrals")}

    cells = set(re.findall(r'class="number">([^<]+)<', page))
    for answer in files.values():
        _, *rows = csv.reader(io.StringIO(answer.text))
        assert rows
        assert {value for row in rows for value in row if value.isdigit()} <= cells
        assert "attachment" in answer.headers["content-disposition"]
    assert "1\u2069 without a known position" in page


async def test_a_hostile_name_is_text_in_the_list(tmp_path: Path) -> None:
    directory = a_directory([a_provider("<script>alert(1)</script>")])
    async with a_scene(tmp_path, directory=directory) as scene, a_browser_without_scripts(scene) as browser:
        page = (await browser.get("/")).text
        script = (await browser.get("/map.js")).text

    assert "&lt;script&gt;alert(1)" in page
    assert "<" not in script.replace("i < data.length", "")


async def test_nothing_of_the_wire_is_a_template_to_folium(tmp_path: Path) -> None:
    """Branca renders what a layer rendered once more: what stands in braces would run on the server."""
    cell = area_cell(TRIPOLI)
    referrals = some_referrals({(cell, "{{ 7 * 191 }}"): (9, 5), (cell, "{% raw %}"): (9, 5)})
    directory = a_directory([a_provider("{{ 7 * 191 }}{% raw %}", codes=["{{ 7 * 191 }}"])], {cell: 9})
    async with (
        a_scene(tmp_path, directory=directory, referrals=referrals) as scene,
        a_browser_without_scripts(scene) as browser,
    ):
        for path in ("/", "/map.js", "/tables/referrals.csv"):
            answer = await browser.get(path)
            assert answer.status_code == 200
            assert "1337" not in answer.text
