"""The running response streams of a server, so that a stop can end them in order."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from services.errors import Unavailable


@dataclass(slots=True)
class Stream:
    """One call that streams its answer."""

    task: asyncio.Task[Any]
    is_sending: bool = False  #: a message of it is in grpc's hands
    is_told: bool = False  #: it was woken to be ended


class Streams:
    """Those that run now."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Any], Stream] = {}
        self._is_ending = False

    @contextmanager
    def running(self) -> Iterator[Stream]:
        """
        Count the running task as a stream while it answers.

        Raises:
            Unavailable: The server is stopping, now or while it answered.
        """
        self.check()
        task = cast("asyncio.Task[Any]", asyncio.current_task())  # a call runs in a task of its own
        stream = self._running[task] = Stream(task)
        try:
            yield stream
        except asyncio.CancelledError:
            # ours unless the caller went away as well
            if stream.is_told and task.uncancel() == 0:
                raise _stopping() from None
            raise
        finally:
            del self._running[task]

    def check(self) -> None:
        """Refuse to go on once the server is stopping."""
        if self._is_ending:
            raise _stopping()

    def end(self) -> None:
        """
        Wake every stream that waits for something to say, and let none begin.

        One that is sending is left alone, because grpc ends a call that is
        cancelled there without any status: it meets `check` when it comes back.
        """
        self._is_ending = True
        for stream in self._running.values():
            if not stream.is_sending:
                stream.is_told = True
                stream.task.cancel()


def _stopping() -> Unavailable:
    return Unavailable("the server is stopping: connect again", retry_after_s=1.0)
