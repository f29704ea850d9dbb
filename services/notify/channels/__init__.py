"""Channels: each has one method and one error, whose word it is whether to try again."""

from datetime import timedelta
from typing import Protocol

from services.notify.model import Attempt


class SendFailed(Exception):
    """
    An attempt did not go out.

    Args:
        code: What was wrong, a constant of the channel; never an address.

        permanent: No later attempt can succeed: the next channel's turn is now.

        asked: How long the other side asked us to stay away.

        pauses: The other side wants nothing more: the endpoint is to be paused.
    """

    def __init__(self, code: str, *, permanent: bool, asked: timedelta | None = None, pauses: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.asked = asked
        self.pauses = pauses


class Sender(Protocol):
    """A channel that pushes."""

    async def send(self, attempt: Attempt) -> bool:
        """
        Hand an alert to the channel.

        Returns:
            Whether the receiver's software has said in its answer that it has the alert; False where a
            receipt follows, or none ever does.

        Raises:
            SendFailed: it did not go out.
        """
