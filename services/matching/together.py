"""
Answer calls that come close to each other one right after the other.

What it takes to answer then lies in the processor's caches. Between two answers stands the transport, which takes as
much room there as they do: an answer that follows another takes half the time of one that follows a call.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

ENOUGH: Final = 5  #: calls; more in a row gain nothing, and let the callers wait
LINGER_S: Final = 0.00005  #: since the last call came; less than an answer takes


class Together:
    """
    Gathers calls where several callers call at a time; whoever calls alone is answered at once.

    Args:
        answer: Answers one.

        linger_s: How long to wait for others since the last came.
    """

    def __init__(self, answer: Callable[[Any], Any], linger_s: float = LINGER_S) -> None:
        self._answer = answer
        self._linger_s = linger_s
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._were_several = False  #: at the last time

    async def answered(self, request: Any) -> Any:
        """
        Answer a call.

        Raises:
            Exception: whatever answering it raises.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((request, answer))
        if len(self._waiting) == 1:
            loop.call_soon(self._look, loop, 1, loop.time())
        return await answer

    def _look(self, loop: asyncio.AbstractEventLoop, count: int, since_s: float) -> None:
        """Look whether others have come since there were so many, and answer when that is enough of waiting."""
        now = len(self._waiting)
        now_s = loop.time()
        if now > count:
            since_s = now_s
        if now < ENOUGH and self._were_several and now_s - since_s < self._linger_s:
            loop.call_soon(self._look, loop, now, since_s)
            return
        waiting, self._waiting = self._waiting, []
        self._were_several = len(waiting) > 1
        for request, answer in waiting:
            if answer.done():  # nobody waits for it any more
                continue
            try:
                answer.set_result(self._answer(request))
            except Exception as error:  # noqa: BLE001 -- whoever called gets it
                answer.set_exception(error)
