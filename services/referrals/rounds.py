"""How a loop of this service goes round: work, rest, and an orderly end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from services.errors import IhalaError
from services.runtime.feed import FeedWaker
from services.runtime.stop import first_of

REST_S: Final = 0.5  #: between rounds in which nothing was to be done
TROUBLE_REST_S: Final = 2.0  #: after one that failed

log = structlog.get_logger(__name__)


async def rounds(
    work: Callable[[], Awaitable[int]],
    stop: asyncio.Event,
    *,
    kind: str,
    waker: FeedWaker | None = None,
    rest_s: float = REST_S,
) -> None:
    """
    Go round until a stop is requested; the round that runs then is finished.

    Args:
        work: Does what is to be done, and returns how much that was; while it is
            more than nothing, the next round follows at once.

        stop: Ends it.

        kind: Names the loop in the log.

        waker: Ends a rest early.

        rest_s: Between rounds in which nothing was to be done.
    """
    while not stop.is_set():
        ticket = asyncio.Event() if waker is None else waker.ticket()
        try:
            pause_s = 0.0 if await work() else rest_s
        except IhalaError as error:
            log.warning("round.failed", kind=kind, reason=error.reason)
            pause_s = TROUBLE_REST_S
        except Exception as error:  # whatever it was, the next round may do: a loop that is gone helps nobody
            log.exception("round.failed", kind=kind, exc_info=error)
            pause_s = TROUBLE_REST_S
        if pause_s:
            await first_of(pause_s, stop, ticket)
