"""What notify forgets by itself: answers that nobody asks for again, and alerts that are over for long enough (R13)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.errors import Unavailable
from services.notify.store.requests import forget_old
from services.notify.store.retention import forget_over
from services.runtime.postgres import Pool
from services.runtime.stop import first_of

DAILY_S: Final = 86_400.0
AGAIN_S: Final = 60.0  #: after the database was away

log = structlog.get_logger(__name__)


async def run(pool: Pool, retention: timedelta, now: Callable[[], datetime], stop: asyncio.Event) -> None:
    """
    Forget what is old, at once and then daily, until a stop is requested.

    Args:
        pool: Of the service.

        retention: How long what is over is kept, for those who look into what was done.

        now: The clock.

        stop: Ends it.
    """
    while not stop.is_set():
        wait_s = DAILY_S
        try:
            while count := await forget_old(pool, now()):
                log.info("answers.forgotten", rows=count)
            while count := await forget_over(pool, now() - retention):
                log.info("alerts.forgotten", rows=count)
        except Unavailable:
            wait_s = AGAIN_S
        await first_of(wait_s, stop)
