"""Let the database work on one thing while this process prepares the next."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def meanwhile(doing: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """
    Do something while the block runs; both are done when it ends.

    The block must not use the connection that `doing` uses, and gives it turns by awaiting.
    If either fails or is cancelled, so is the other, and what failed first is raised.

    Args:
        doing: Usually statements on a connection.
    """
    task = asyncio.create_task(doing)
    try:
        yield
        await task
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):  # what has failed first is told already
                await task
