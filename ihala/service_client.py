"""What every client of one service is: a channel that is open as long as the client is used."""

from types import TracebackType
from typing import Self

from ihala.profile import Profile


class ServiceClient:
    """
    An asynchronous context manager over the channel to one service.

    Args:
        profile: Where the service is and who calls.

        service: One of `ihala.profile.SERVICES`.

        actor: The worker on whose behalf calls are made, opaque.
    """

    def __init__(self, profile: Profile, service: str, *, actor: str | None = None) -> None:
        self._channel = profile.open_channel(service, actor=actor)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()
