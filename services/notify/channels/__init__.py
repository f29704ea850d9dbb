"""Channels: each has one method and one error, whose word it is whether to try again."""

from typing import Protocol

from services.notify.model import Attempt


class SendFailed(Exception):
    """
    An attempt did not go out.

    Args:
        code: What was wrong, a constant of the channel.

        permanent: No later attempt can succeed.
    """

    def __init__(self, code: str, *, permanent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent


class Sender(Protocol):
    """A channel that pushes."""

    async def send(self, attempt: Attempt) -> None:
        """
        Hand an alert to the channel.

        Raises:
            SendFailed: it did not go out.
        """
