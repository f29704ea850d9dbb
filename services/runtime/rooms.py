"""How many calls run at once, so that a flood is shed at once and what was let in is answered in time."""

from collections.abc import Callable
from time import perf_counter
from types import TracebackType
from typing import Final

from services.errors import DeadlineExceeded, Exhausted

RETRY_AFTER_S: Final = 1.0
#: so many at once are let in however slow they seem: a few that took long say nothing of the next
UNWEIGHED: Final = 32
NEWEST_WEIGHT: Final = 0.05  #: of a call that ended, in what is expected of the next


class Room:
    """
    A bounded number of calls at once, each in its `place`.

    Args:
        limit: How many may be in it.

        clock: Seconds, of any origin.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = perf_counter) -> None:
        self._limit = limit
        self._clock = clock
        self._taken = 0
        self._looked_s = clock()
        self._share_s = 0.0  # of the time so far, what one call had that was in the room throughout
        self._pace_s = 0.0  # what one more call in the room adds to the time until all have ended

    def place(self, remaining_s: float | None = None) -> "Place":
        """
        Return a place for one call, to be entered by `with`.

        Entering is refused when the room is full, and when what is in it will take longer than
        the caller waits: work for an answer that comes too late delays all others.

        Args:
            remaining_s: Time in seconds that the caller still waits; None for one who waits for ever.
        """
        return Place(self, remaining_s)

    def enter(self, remaining_s: float | None) -> float:
        """
        Let a call in, and return what `leave` needs.

        Raises:
            Exhausted: With the time in seconds after which there may be room.

            DeadlineExceeded: The caller waits no more.
        """
        expected_s = self._taken * self._pace_s
        if self._taken >= self._limit:
            raise Exhausted("the server is at its limit of calls at once", retry_after_s=max(RETRY_AFTER_S, expected_s))
        if remaining_s is not None:
            if remaining_s <= 0.0:
                raise DeadlineExceeded("the deadline had passed before the call began: nothing was done")
            if self._taken >= UNWEIGHED and expected_s >= remaining_s:
                raise Exhausted(
                    "the server has more calls than it can answer in time",
                    retry_after_s=max(RETRY_AFTER_S, expected_s),
                )
        self._look()
        self._taken += 1
        return self._share_s

    def leave(self, entered: float) -> None:
        """Let a call go."""
        self._look()
        self._taken -= 1
        # calls run beside each other: a call has taken its share of the time, not all of it
        self._pace_s += NEWEST_WEIGHT * (self._share_s - entered - self._pace_s)

    def _look(self) -> None:
        now_s = self._clock()
        if self._taken:
            self._share_s += (now_s - self._looked_s) / self._taken
        self._looked_s = now_s


class Place:
    """Where one call is in a room."""

    __slots__ = ("_entered", "_remaining_s", "_room")

    def __init__(self, room: Room, remaining_s: float | None) -> None:
        self._room = room
        self._remaining_s = remaining_s

    def __enter__(self) -> None:
        self._entered = self._room.enter(self._remaining_s)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._room.leave(self._entered)
