"""How many calls run at once, so that a flood is shed at once and what was let in is answered."""

from types import TracebackType
from typing import Final

from services.errors import Exhausted

RETRY_AFTER_S: Final = 1.0


class Room:
    """
    A bounded number of calls; entering it when it is full is refused.

    Args:
        limit: How many may be in it at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    def __enter__(self) -> None:
        if self._taken >= self._limit:
            raise Exhausted("the server is at its limit of calls at once", retry_after_s=RETRY_AFTER_S)
        self._taken += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._taken -= 1
