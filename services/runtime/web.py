"""Serves pages to browsers in the house's way: no second pair of signal handlers, no log of addresses asked for."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn

from services.errors import FailedPrecondition
from services.runtime.connections import impatient
from services.runtime.rpc import STOP_GRACE_S

BACKLOG: Final = 512


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # `services.runtime.stop` has them


def listen(address: str, *, backlog: int = BACKLOG) -> socket.socket:
    """
    Open a port; `getsockname()[1]` is its number, useful where the address says 0.

    Raises:
        FailedPrecondition: The address is taken or not of this machine.
    """
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, where = found[0]
        return socket.create_server(where[:2], family=family, backlog=backlog)
    except OSError as error:
        raise FailedPrecondition("the address must be free and of this machine") from error


async def serve(
    app: Any,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    tls_dir: Path | None = None,
    grace_s: float = STOP_GRACE_S,
    date_header: bool = False,
    max_head_bytes: int | None = None,
    max_concurrent: int | None = None,
    connections: type[asyncio.Protocol] | None = None,
) -> None:
    """
    Serve an ASGI application until a stop is requested, then finish the requests in hand.

    Args:
        app: The application.

        listener: An open port, closed at the end.

        stop: Set when it is time.

        tls_dir: Folder with `tls.crt` and `tls.key`; None for plain text. Browsers
            need no certificate of their own.

        grace_s: Time in seconds that requests in hand have.

        date_header: Whether answers say when they were made.

        max_head_bytes: How long the head of a request may be; None: as long as uvicorn takes.

        max_concurrent: How many are served at once, the others being refused; None: all.

        connections: Made by `impatient`; None for those of its own patience.
    """
    config = uvicorn.Config(
        app,
        http=connections or impatient(),
        log_config=None,
        access_log=False,  # the address of a page says what somebody looks for
        server_header=False,
        date_header=date_header,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=max(1, round(grace_s)),
        ssl_certfile=None if tls_dir is None else tls_dir / "tls.crt",
        ssl_keyfile=None if tls_dir is None else tls_dir / "tls.key",
        h11_max_incomplete_event_size=max_head_bytes,
        limit_concurrency=max_concurrent,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await running
    finally:
        stopping.cancel()
        running.cancel()
        listener.close()
