"""Tasks as they come and go, for the duty coordinator's page."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from services.referrals.servicer.desk import Desk
from services.referrals.store import tasks
from services.referrals.wire import responses
from services.referrals.wire.tasks import kinds_from_wire, task_to_wire
from services.runtime import feed

BATCH: Final = 500
MOST: Final = 10_000  #: tasks that are not closed; more than any roster can do
HEARTBEAT_S: Final = 15.0
GATHER_S: Final = 0.2  #: a look reads every task that is open; a person is not faster


class DutyMethods:
    """The method that follows tasks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def WatchTasks(self, request: Any, context: Any) -> AsyncIterator[Any]:
        kinds = kinds_from_wire(request)
        loop = asyncio.get_running_loop()
        told: dict[str, int] = {}
        is_first, beat_s = True, loop.time()
        while True:
            ticket = self._desk.waker.ticket()
            async with self._desk.read(snapshot=True) as connection:
                present = await tasks.to_do(connection, kinds=kinds, client_id=None, after=None, limit=MOST)
                gone = await tasks.of(connection, told.keys() - {task.task_id for task in present})
                whose = await tasks.senders(connection, [*present, *gone])
            changed = [task for task in present if told.get(task.task_id) != task.version] + gone
            if changed or is_first or loop.time() >= beat_s:
                beat_s = loop.time() + HEARTBEAT_S
                for start in range(0, max(len(changed), 1), BATCH):
                    yield responses.WatchTasks(
                        tasks=[
                            task_to_wire(task, sender=whose[task.task_id], for_sender=False)
                            for task in changed[start : start + BATCH]
                        ],
                        caught_up=not is_first or start + BATCH >= len(changed),
                    )
            told, is_first = {task.task_id: task.version for task in present}, False
            await feed.news(ticket, GATHER_S)
