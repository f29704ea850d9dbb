"""What notify forgets by itself: answers to commands that nobody repeats any more."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from services.errors import Unavailable
from services.notify.store.requests import forget_old
from services.runtime.postgres import Pool

DAILY_S: Final = 86_400.0
AGAIN_S: Final = 60.0  #: after the database was away

log = structlog.get_logger(__name__)


async def run(pool: Pool, now: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Forget old answers, at once and then daily, until a stop is requested."""
    while not stop.is_set():
        wait_s = DAILY_S
        try:
            while count := await forget_old(pool, now()):
                log.info("answers.forgotten", rows=count)
        except Unavailable:
            wait_s = AGAIN_S
        try:
            async with asyncio.timeout(wait_s):
                await stop.wait()
        except TimeoutError:
            continue
