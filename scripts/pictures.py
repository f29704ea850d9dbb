"""
Takes the README's pictures from a demo that is started for them, for `make pictures`.

Needs the Chromium of `make browser`. The pictures show made-up providers and cases at real towns.
"""

import asyncio
import base64
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from ihala.client import EMERGENCY, PERSON, SPOKEN, Ihala, Point
from ihala.profile import read_profile

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"
DESK: Final = {"width": 1120, "height": 690}
TELEPHONE: Final = {"width": 340, "height": 640}
PIN: Final = "2486"
READY: Final = re.compile(r"^READY maps=(\S+) answer=(\S+)", re.MULTILINE)
ENROLMENT: Final = re.compile(r"type (\d{8}) to answer")
SIGN_IN: Final = re.compile(r"sign in once with (\S+)")
DUTY: Final = re.compile(r"(http://\S+) opens once with (\S+)")


def main() -> None:
    """Start a demo in a folder of its own, take the pictures, end it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("pictures: no Chromium here: `make browser` installs it")
    PICTURES.mkdir(exist_ok=True)
    ihala = Path(sysconfig.get_path("scripts")) / "ihala"
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([ihala, "run", "--home", folder], stdout=subprocess.PIPE, text=True) as demo,
    ):
        try:
            told = _until_ready(demo)
            asyncio.run(_take(chromium, told, Path(folder) / ".ihala" / "profiles" / "ministry.toml"))
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()


def _until_ready(demo: "subprocess.Popen[str]") -> str:
    told = ""
    for line in demo.stdout or ():
        told += line
        if READY.match(line):
            return told
    sys.exit(f"pictures: the demo did not come up\n{told}")


async def _take(chromium: str, told: str, sender: Path) -> None:
    (maps, answer), (enrolment,), (sign_in,), duty = (
        found.groups() for each in (READY, ENROLMENT, SIGN_IN, DUTY) if (found := each.search(told))
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        await _map(browser, maps, sign_in)
        await _answer_page(browser, answer, enrolment)
        await _ask_by_telephone(sender)
        await _duty_page(browser, *duty)
        await browser.close()


async def _map(browser: Browser, address: str, code: str) -> None:
    page = await browser.new_page(viewport=DESK, locale="en")  # type: ignore[arg-type]  # a size is a size
    await page.goto(address)
    await page.fill("#code", code)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#map[data-drawn=yes]")
    await page.screenshot(path=PICTURES / "map.png", animations="disabled")


async def _answer_page(browser: Browser, address: str, code: str) -> None:
    context = await browser.new_context(viewport=TELEPHONE, locale="en")  # type: ignore[arg-type]  # the same
    page = await context.new_page()
    await page.goto(address)
    await page.fill("#code", code)
    await page.fill("#pin", PIN)
    await page.fill("#pin_again", PIN)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("body[data-ringing=true]")
    shots = [await _shot(page)]
    await page.get_by_role("button", name="I am reading it", exact=True).click()
    await page.fill("#pin", PIN)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Yes", exact=True).wait_for()
    shots.append(await _shot(page))
    await page.goto(f"{page.url.partition('?')[0]}?l=ar")
    shots.append(await _shot(page))
    await context.close()
    await _side_by_side(browser, shots, "answer-page")


async def _ask_by_telephone(sender: Path) -> None:
    """Refer somebody to a provider that has no device, so that those on duty are rung."""
    async with Ihala(read_profile(sender)) as ihala:
        answer = await ihala.find_matches(["HEA-PRI"], Point(32.8874, 13.1873), urgency=EMERGENCY)
        row = next(row for row in answer["HEA-PRI"].matches if row.reach_out != "enrolled")
        consent = await ihala.record_consent(
            "picture-1", [row.provider_id], row.needed_fields, given_by=PERSON, method=SPOKEN
        )
        await ihala.refer(answer.token, row, case_ref="picture-1", consent=consent)


async def _duty_page(browser: Browser, address: str, code: str) -> None:
    context = await browser.new_context(viewport=TELEPHONE, locale="en")  # type: ignore[arg-type]  # the same
    page = await context.new_page()
    await page.goto(address)
    await page.fill("#code", code)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("body[data-ringing=true]")
    shots = [await _shot(page)]
    await page.locator("#tasks a").first.click()
    await page.get_by_role("button", name="I take it", exact=True).click()
    await page.get_by_role("button", name="I take it", exact=True).wait_for(state="detached")
    shots.append(await _shot(page))
    await page.goto(f"{page.url.partition('?')[0]}?l=ar")
    shots.append(await _shot(page))
    await context.close()
    await _side_by_side(browser, shots, "duty-page")


async def _shot(page: Page) -> str:
    return base64.b64encode(await page.screenshot(animations="disabled")).decode()


async def _side_by_side(browser: Browser, shots: list[str], name: str) -> None:
    images = "".join(f'<img src="data:image/png;base64,{shot}">' for shot in shots)
    style = "body{margin:0;padding:20px;display:inline-flex;gap:20px;background:#e9ecef}img{border-radius:12px}"
    page = await browser.new_page()
    await page.set_content(f"<style>{style}</style><body>{images}")
    await page.locator("body").screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
