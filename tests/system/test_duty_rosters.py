"""A task rings its roster, the stand-in while that is paused, and else everybody: through the whole house."""

import asyncio
from datetime import timedelta
from typing import Any

from ihala.client import Ihala
from tests.house import House, utc_now
from tests.notify.desk import Browser
from tests.system.duty import refer_by_telephone, signed_in, task_to_ring


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
        async with Ihala(house.profile("ministry")) as ihala:
            task_id = await task_to_ring(house, *await refer_by_telephone(ihala, "rosters-1"))
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
