"""Notify that acknowledges a message before it has written it down."""

from collections.abc import Awaitable, Callable

from nats.aio.msg import Msg

from services.notify.__main__ import main
from services.runtime import jetstream


async def settle_first(message: Msg, handle: Callable[[Msg], Awaitable[None]]) -> None:
    await message.ack_sync()
    await handle(message)


jetstream._settle = settle_first
main()
