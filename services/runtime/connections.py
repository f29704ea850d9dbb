"""
Connections over HTTP whose caller does not come to the point: they are closed, so that they keep nobody else out.

A connection waits while its request is not whole. It may do so for a bounded time; and of those that wait
only so many are kept, the newest: whoever opens more shuts out itself first.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 10.0  #: from the first word, or the answer before, to the end of the head
BODY_S: Final = 60.0  #: from the end of the head to that of the body, which may be a file on a slow line
MAX_WAITING: Final = 250


@dataclass(frozen=True, slots=True)
class Patience:
    """What the connections of one server are given, and which of them wait."""

    most: int
    seconds: dict[Any, float]  #: by the state of a request that is not whole
    waiting: dict["Impatient", None] = field(default_factory=dict)  #: the longest first


class Impatient(H11Protocol):
    """A connection that is ended if its request does not become whole."""

    patience: ClassVar[Patience]
    _timer: TimerHandle | None = None
    _state: Any = None  # of the request, when it was looked at last

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait."""
        super().connection_made(cast("Transport", transport))
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """End with it."""
        super().connection_lost(exc)
        self._wait_no_more()

    def handle_events(self) -> None:
        """See how far the request is, after each word and after each answer."""
        super().handle_events()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP after all; whoever was about to answer is told that nobody is there any more."""
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:  # an answer has begun: a second one would be an error of ours
            self.transport.close()

    def _look(self) -> None:
        state, patience = self.conn.their_state, self.patience
        if state is self._state:
            return
        self._state = state
        self._wait_no_more()
        if state in patience.seconds and not self.transport.is_closing():
            self._timer = self.loop.call_later(patience.seconds[state], self.give_up)
            patience.waiting[self] = None
            if len(patience.waiting) > patience.most:
                next(iter(patience.waiting)).give_up()

    def give_up(self) -> None:
        """End it without a word."""
        self._wait_no_more()
        self.transport.abort()

    def _wait_no_more(self) -> None:
        self.patience.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()


def impatient(most: int = MAX_WAITING, head_s: float = HEAD_S, body_s: float = BODY_S) -> type[Impatient]:
    """
    Make the class of the connections of one server.

    Args:
        most: How many may wait at once; one more ends the one that has waited longest.

        head_s: Time in seconds for the head of a request.

        body_s: Time in seconds for its body.
    """

    class Connection(Impatient):
        patience = Patience(most, {h11.IDLE: head_s, h11.SEND_BODY: body_s})

    return Connection
