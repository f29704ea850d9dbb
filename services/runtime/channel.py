"""
The client side of gRPC, for the SDK and for services that call each other.

A `Channel` is handed to the generated stubs. Each call gets a deadline, the
token and the actor, is repeated where that is safe, and fails with the errors
of `services.errors` that the server raised.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import grpc

from services.errors import InvalidInput
from services.runtime.auth import OPAQUE_ID
from services.runtime.calls import READING_VERBS, Caller, Streaming, TokenSource, Unary
from services.runtime.tls import channel_credentials, require_private
from services.runtime.watched import WatchedFile

TIMEOUT_S: Final = 10.0  #: of a unary call that names none

CHANNEL_OPTIONS: Final = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # a connection of its own, else all channels of a process share the 100 calls that a server lets in by one
    ("grpc.use_local_subchannel_pool", 1),
    # repeats are ours: grpc would repeat by method, and safety is a matter of the request
    ("grpc.enable_retries", 0),
)


def open_channel(
    address: str,
    token_source: TokenSource | None = None,
    tls_dir: Path | None = None,
    *,
    actor: str | None = None,
    timeout_s: float = TIMEOUT_S,
    allow_plaintext: bool = False,
    jitter: Callable[[], float] = random.random,
) -> "Channel":
    """
    Open a channel; it is an asynchronous context manager and connects by itself.

    Args:
        address: "host:port".

        token_source: Returns the token of each call, for example `token_file(path)`.

        tls_dir: Folder with `ca.crt`, see `services.runtime.tls`; None for plain
            text, on this machine alone.

        actor: The worker on whose behalf calls are made; an opaque id.

        timeout_s: Time in seconds that a unary call has if it names none.

        allow_plaintext: Vouches that the network between encrypts by itself.

        jitter: Random numbers in [0, 1) that spread repeats.

    Raises:
        InvalidInput: The actor is no opaque id, or tokens would cross the network in the clear.
    """
    require_private(address, tls_dir, allow_plaintext=allow_plaintext)
    if actor is not None and OPAQUE_ID.fullmatch(actor) is None:
        raise InvalidInput("actor must be an opaque id of 1 to 64 characters")
    if tls_dir is None:
        inner = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
    else:
        credentials = channel_credentials(tls_dir)
        inner = grpc.aio.secure_channel(address, credentials, options=CHANNEL_OPTIONS)
    return Channel(inner, Caller(token_source, actor, timeout_s, jitter))


def token_file(path: Path) -> TokenSource:
    """Read a token from a file, again whenever it changes: tokens are renewed while we run."""
    watched = WatchedFile(path, lambda each: each.read_text(encoding="ascii").strip())

    def token() -> str:
        watched.refresh()
        return watched.value

    return token


class Channel(grpc.aio.Channel):
    """A channel whose calls carry who calls, end in time and fail with our errors."""

    def __init__(self, inner: grpc.aio.Channel, caller: Caller) -> None:
        self._inner = inner
        self._caller = caller

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        """Close it; calls that run have `grace` seconds, and end at once without."""
        await self._inner.close(grace)

    def get_state(
        self,
        try_to_connect: bool = False,  # noqa: FBT001, FBT002 -- grpc's signature
    ) -> grpc.ChannelConnectivity:
        """Say how the connection is; see grpc."""
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Wait until the connection is otherwise than it was; see grpc."""
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Wait until the server is reached."""
        await self._inner.channel_ready()

    def unary_unary(self, method: str, *args: Any, **options: Any) -> Any:
        """Make the call of a method, for a stub."""
        reads = method.rpartition("/")[2].startswith(READING_VERBS)
        return Unary(self._caller, self._inner.unary_unary(method, *args, **options), reads=reads)

    def stream_unary(self, method: str, *args: Any, **options: Any) -> Any:
        """Make the call of a method, for a stub; requests that streamed cannot be repeated."""
        return Unary(self._caller, self._inner.stream_unary(method, *args, **options), reads=False)

    def unary_stream(self, method: str, *args: Any, **options: Any) -> Any:
        """Make the call of a method, for a stub."""
        return Streaming(self._caller, self._inner.unary_stream(method, *args, **options))

    def stream_stream(self, method: str, *args: Any, **options: Any) -> Any:
        """Make the call of a method, for a stub."""
        return Streaming(self._caller, self._inner.stream_stream(method, *args, **options))
