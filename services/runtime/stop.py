"""Ends a process in two stages: the first signal asks, the second does not."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
EXIT_CODE_BASE = 128  #: as shells count: plus the signal's number


@contextmanager
def on_signals() -> Iterator[asyncio.Event]:
    """
    Give the event that SIGINT or SIGTERM sets; a second signal ends the process at once.

    Call it in the main thread, with the loop running. The handlers that were there
    before come back at the end.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def request(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(EXIT_CODE_BASE + number)  # nothing that hangs may delay it further
        stop.set()

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        loop.add_signal_handler(number, request, number)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


async def first_of(seconds: float | None, *events: asyncio.Event) -> None:
    """Wait until one of the events happens, or for so long; None waits for as long as it takes."""
    waiting = [asyncio.ensure_future(each.wait()) for each in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
