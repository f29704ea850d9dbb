"""Notify that acknowledges a message before it has written it down."""

from collections.abc import Awaitable, Callable, Sequence

from nats.aio.msg import Msg

from services.notify.__main__ import main
from services.runtime import consuming


async def settle_first(message: Msg, handle: Callable[[Msg], Awaitable[None]]) -> None:
    await message.ack_sync()
    await handle(message)


async def settle_all_first(messages: Sequence[Msg], handle_all: Callable[[Sequence[Msg]], Awaitable[None]]) -> bool:
    for message in messages:
        await message.ack_sync()
    await handle_all(messages)
    return True


consuming._settle = settle_first
consuming._settle_all = settle_all_first
main()
