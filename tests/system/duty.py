"""A task that rings those on duty, and the page on which they see it, in a whole house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from ihala.answer import Row
from ihala.client import EMERGENCY, PERSON, SPOKEN, Ihala, Point, Referred
from ihala.task_client import Tasks
from tests.house import House
from tests.notify.desk import Browser

TRIPOLI = Point(32.8874, 13.1873)
CODE = "HEA-PRI"


async def refer_by_telephone(ihala: Ihala, case_ref: str) -> tuple[Row, Referred]:
    """Refer to a provider that only the telephone reaches, in an emergency: it rings day and night."""
    answer = await ihala.find_matches([CODE], TRIPOLI, urgency=EMERGENCY)
    row = next(row for row in answer[CODE].matches if row.reach_out != "enrolled")
    consent = await ihala.record_consent(case_ref, [row.provider_id], row.needed_fields, given_by=PERSON, method=SPOKEN)
    return row, await ihala.refer(answer.token, row, case_ref=case_ref, consent=consent)


async def task_to_ring(house: House, row: Row, made: Referred) -> str:
    """Find the task by which somebody rings the provider."""
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
