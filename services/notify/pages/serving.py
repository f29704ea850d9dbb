"""Serve the page until a stop is requested."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette

from services.errors import FailedPrecondition

GRACE_S: Final = 5
BACKLOG: Final = 128


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process has one way to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def listen(address: str) -> socket.socket:
    """
    Open the page's port.

    Args:
        address: HOST:PORT; port 0 takes a free one.

    Raises:
        FailedPrecondition: it is taken, or not of this machine.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except OSError as error:
        listener.close()
        raise FailedPrecondition("page_address must be free and of this machine") from error
    listener.listen(BACKLOG)
    return listener


async def serve(app: Starlette, listener: socket.socket, tls_dir: Path | None, stop: asyncio.Event) -> None:
    """Serve an application on a port that is open; requests in hand are finished first."""
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,  # addresses and offer ids are nobody's business
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
            h11_max_incomplete_event_size=16_384,
            limit_concurrency=500,
            ssl_certfile=None if tls_dir is None else tls_dir / "tls.crt",
            ssl_keyfile=None if tls_dir is None else tls_dir / "tls.key",
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
