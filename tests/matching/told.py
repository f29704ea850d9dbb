"""State that tells of every step, so that a test waits for it without polling."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from services.matching.index.snapshot import Snapshot
from services.matching.index.state import Directory, Taken
from services.matching.model.request import TakenPlaces


class ToldDirectory(Directory):
    def __init__(self, stepped: asyncio.Event) -> None:
        super().__init__()
        self._stepped = stepped

    def swap(self, snapshot: Snapshot) -> None:
        super().swap(snapshot)
        self._stepped.set()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "lines" and hasattr(self, "_stepped"):
            self._stepped.set()


class ToldTaken(Taken):
    def __init__(self, stepped: asyncio.Event) -> None:
        super().__init__()
        self._stepped = stepped
        self.times_lost = 0

    def replace(self, taken: TakenPlaces) -> None:
        super().replace(taken)
        self._stepped.set()

    def lose(self, now: datetime) -> None:
        super().lose(now)
        self.times_lost += 1
        self._stepped.set()


async def until(stepped: asyncio.Event, holds: Callable[[], bool]) -> None:
    """Wait for what a loop brings about; the test's timeout ends a wait in vain."""
    while not holds():
        stepped.clear()
        await stepped.wait()
