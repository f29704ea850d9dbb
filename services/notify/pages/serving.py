"""Serve the pages of notify until a stop is requested: few at a time, since nobody has to sign in to reach them."""

import asyncio
import socket
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from services.runtime import web

GRACE_S: Final = 5
BACKLOG: Final = 128
MAX_CONCURRENT: Final = 500
MAX_HEAD_BYTES: Final = 16_384


def listen(address: str) -> socket.socket:
    """
    Open the port of a page.

    Args:
        address: HOST:PORT; port 0 takes a free one.

    Raises:
        FailedPrecondition: it is taken, or not of this machine.
    """
    return web.listen(address, backlog=BACKLOG)


async def serve(app: Starlette, listener: socket.socket, tls_dir: Path | None, stop: asyncio.Event) -> None:
    """Serve an application on a port that is open; requests in hand are finished first."""
    await web.serve(
        app,
        listener,
        stop,
        tls_dir=tls_dir,
        grace_s=GRACE_S,
        date_header=True,
        max_head_bytes=MAX_HEAD_BYTES,
        max_concurrent=MAX_CONCURRENT,
    )
