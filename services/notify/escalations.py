"""Have tasks opened for people where nothing else is heard any more; asked for until referrals has answered."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import structlog

from services.errors import IhalaError, NotFound, Unavailable
from services.notify.history import WantedTask
from services.notify.store.wanted import WantedTaskStore
from services.runtime.stop import first_of

POLL_S: Final = 1.0

log = structlog.get_logger(__name__)


class Duty(Protocol):
    """Where people's tasks are."""

    async def open_task(self, wanted: WantedTask) -> None:
        """Have a task opened, once; NotFound for an offer that is not known there."""


async def run(store: WantedTaskStore, duty: Duty, now: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Ask until a stop is requested; what is away is waited for."""
    while not stop.is_set():
        try:
            await ask_due(store, duty, now)
        except Unavailable:
            log.warning("task.database_away")
        await first_of(POLL_S, stop)


async def ask_due(store: WantedTaskStore, duty: Duty, now: Callable[[], datetime]) -> int:
    """Ask for each task that is due; say for how many."""
    due = await store.claim_due(now())
    for wanted in due:
        try:
            await duty.open_task(wanted)
        except NotFound:  # an offer of a database that was restored: there is nobody to ring for
            log.error("task.offer_unknown")  # noqa: TRY400 -- there is nothing to trace
            await store.mark_open(wanted)
        except IhalaError as error:
            log.warning("task.not_opened", reason=error.reason, attempt=wanted.attempt_count)
            await store.mark_failed(wanted, now())
        else:
            await store.mark_open(wanted)
    return len(due)
