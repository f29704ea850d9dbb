"""
Begin anew after the database was restored from a backup (F29).

What NATS has may tell of offers that the database has never made, and under ids that it will give out again. So both
streams are made anew before anything is sent or heard; what exists is told again from PostgreSQL, as after a loss of
the disk. What rings is rung once more, since an answer to it may have been given after the backup.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from services.errors import Unavailable
from services.notify.reconciler import Provisioner
from services.notify.store.begun import BegunStore
from services.runtime.stop import first_of

RETRY_S: Final = 1.0

log = structlog.get_logger(__name__)


async def ring_anew(store: BegunStore, now: Callable[[], datetime], stop: asyncio.Event) -> None:
    """Ring for what is open if the database was restored, before anything is sent; it is tried until it works."""
    while not stop.is_set():
        try:
            count = await store.ring_anew(now())
        except Unavailable:
            await first_of(RETRY_S, stop)
        else:
            if count is not None:
                log.warning("alerts.rung_anew", count=count)
            return


async def begin_streams(store: BegunStore, provisioner: Provisioner | None) -> None:
    """
    Make the streams anew if the database was restored, before anything is sent or heard.

    Args:
        store: Knows whether it was.

        provisioner: Who may; None: streams are made elsewhere, and an operator must do it.

    Raises:
        Unavailable: PostgreSQL or NATS is away.
    """
    count = await store.begin_streams(_nothing if provisioner is None else provisioner.begin_streams)
    if count is None:
        return
    if provisioner is None:
        log.error("bus.not_begun_anew")
    else:
        log.warning("bus.begun_anew", count=count)


async def _nothing() -> int:
    return 0
