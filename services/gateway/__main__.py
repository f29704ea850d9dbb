"""The gateway: `python -m services.gateway`."""

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Final

import structlog

from services.gateway.settings import Settings
from services.runtime import log as logs
from services.runtime import settings as environment
from services.runtime.stop import on_signals

#: a peer that has not acknowledged anything for so long is gone: streams are not kept for it
DEAD_PEER_MS: Final = 20_000

log = structlog.get_logger(__name__)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until the stop is requested."""
    from services.gateway.app import create_app
    from services.gateway.clients import Peers
    from services.runtime import web
    from services.runtime.channel import open_channel

    addresses = {
        "directory": settings.directory_address,
        "matching": settings.matching_address,
        "referrals": settings.referrals_address,
    }
    listener = web.listen(settings.listen_address)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MS)
    async with AsyncExitStack() as stack:
        channels = {
            name: await stack.enter_async_context(
                open_channel(address, tls_dir=settings.tls_dir, allow_plaintext=settings.allow_plaintext)
            )
            for name, address in addresses.items()
        }
        app = create_app(
            Peers(channels),
            stop,
            max_concurrent_calls=settings.max_concurrent_calls,
            has_tls=settings.tls_dir is not None,
        )
        log.info("service.started", port=listener.getsockname()[1])
        await web.serve(app, listener, stop, tls_dir=settings.tls_dir, grace_s=settings.stop_grace_s)
    log.info("service.stopped")


async def _main(settings: Settings) -> None:
    with on_signals() as stop:
        await run(settings, stop)


def main() -> None:
    """Start the gateway."""
    settings = environment.load(Settings)
    logs.configure("gateway", settings.log_level)
    asyncio.run(_main(settings))


if __name__ == "__main__":
    main()
