"""A task rings its roster, the stand-in while that is paused, and else everybody: through the whole house."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from ihala.client import EMERGENCY, PERSON, SPOKEN, Ihala, Point
from ihala.task_client import Tasks
from tests.house import House, utc_now
from tests.notify.desk import Browser

TRIPOLI = Point(32.8874, 13.1873)
CODE = "HEA-PRI"


async def a_task_to_ring(house: House) -> str:
    """Refer to a provider that only the telephone reaches, in an emergency: it rings day and night."""
    async with Ihala(house.profile("ministry")) as ihala:
        answer = await ihala.find_matches([CODE], TRIPOLI, urgency=EMERGENCY)
        row = next(row for row in answer[CODE].matches if row.reach_out != "enrolled")
        consent = await ihala.record_consent(
            "rosters-1", [row.provider_id], row.needed_fields, given_by=PERSON, method=SPOKEN
        )
        made = await ihala.refer(answer.token, row, case_ref="rosters-1", consent=consent)
    async with Tasks(house.profile("coordinator")) as duty:
        offer_id = made.offer_ids[row.provider_id]
        [task_id] = [task.task_id async for task in duty.list(["ring"]) if task.offer_id == offer_id]
    return task_id


@asynccontextmanager
async def signed_in(house: House, name: str) -> AsyncIterator[Browser]:
    """Open the duty page as somebody, who leaves in the end."""
    code = house.json("token", "sign-in", name, "--duty")["code"]
    async with httpx.AsyncClient(base_url=f"http://{house.parts.address('duty')}") as client:
        browser = Browser(client)
        await browser.post("/sign-in", code=code)
        yield browser
        await client.get("/leave")


async def test_a_task_rings_its_roster_and_the_stand_in_while_that_rests(house: House) -> None:
    """R61, R62: nobody else is woken, all see it, and it is silent for nobody's absence."""

    async def rosters(*words: str) -> Any:
        return await asyncio.to_thread(house.json, "rosters", *words)

    def shift(name: str) -> str:
        start_time = utc_now() - timedelta(minutes=5)
        return f"--shift={name}={start_time.isoformat()}/{(start_time + timedelta(hours=1)).isoformat()}"

    async def rung(*browsers: Browser) -> list[bool]:
        pages = [await browser.get("/") for browser in browsers]
        assert all(f'href="/task/{task_id}"' in page for page in pages)
        return [f'href="/task/{task_id}"><strong class="urgent"' in page for page in pages]

    await rosters("set", "second", shift("salma"))
    await rosters("set", "duty", shift("hawa"), "--stand-in=second")
    try:
        task_id = await a_task_to_ring(house)
        async with signed_in(house, "salma") as salma:
            absent = await rung(salma)
            async with signed_in(house, "hawa") as hawa:
                own = await rung(hawa, salma)
                await rosters("pause", "duty", f"--until={(utc_now() + timedelta(hours=2)).isoformat()}")
                stand_in = await rung(hawa, salma)
            await salma.get(f"/task/{task_id}")
            await salma.press(f"/task/{task_id}/take")
    finally:
        await rosters("resume", "duty")
        await rosters("set", "duty")

    assert (absent, own, stand_in) == ([True], [True, False], [False, True])
