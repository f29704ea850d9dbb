"""The gRPC server of a process: its options, health, TLS, and how it starts and stops."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.errors import FailedPrecondition
from services.runtime.auth import Principal
from services.runtime.health import Health
from services.runtime.interceptors import Gate
from services.runtime.methods import METHODS, Rule
from services.runtime.telemetry import CallMetrics
from services.runtime.tls import server_credentials

STOP_GRACE_S: Final = 20.0
MAX_CONCURRENT_CALLS: Final = 200

#: measured; the keepalive names are those that grpc reads, others are ignored without a word
SERVER_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # a second process on the port is an error, not a silent share
    # the transport's hard limit: the gate's own is lower and says what was too large
    ("grpc.max_receive_message_length", 1_048_576),
    ("grpc.max_send_message_length", 1_048_576),
    ("grpc.max_metadata_size", 8_192),
    ("grpc.absolute_max_metadata_size", 16_384),
    ("grpc.max_concurrent_streams", 100),
    # a dead peer is noticed within 15 s
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    # whoever connects and does not speak HTTP/2 is let go; by default it is kept for two minutes
    ("grpc.server_handshake_timeout_ms", 10_000),
    # connections end now and then, so that replicas share the load and tokens are shown again
    ("grpc.max_connection_age_ms", 900_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
)


@dataclass(frozen=True, slots=True)
class Server:
    """
    A server and what belongs to it.

    Servicers are added to `grpc` by their generated functions:
    `add_MatchingServiceServicer_to_server(servicer, server.grpc)`.
    """

    grpc: grpc.aio.Server
    health: Health
    gate: Gate = field(repr=False)

    def listen(self, address: str, tls_dir: Path | None = None) -> int:
        """
        Open a port, and return its number: useful where the address says 0.

        Raises:
            FailedPrecondition: The address is taken or not of this machine.
        """
        try:
            if tls_dir is None:
                return self.grpc.add_insecure_port(address)
            return self.grpc.add_secure_port(address, server_credentials(tls_dir))
        except RuntimeError as error:
            raise FailedPrecondition("listen_address must be free and of this machine") from error


def new_server(
    verify: Callable[[str], Principal],
    *,
    services: Sequence[str] = (),
    dependencies: Collection[str] = (),
    rules: Mapping[str, Rule] = METHODS,
    metrics: CallMetrics | None = None,
    interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    with_reflection: bool = False,
    max_concurrent_calls: int = MAX_CONCURRENT_CALLS,
) -> Server:
    """
    Make a server with the house's gate and health; it needs a port and its servicers yet.

    Args:
        verify: Turns a token into a principal, for example `Verifier.verify`.

        services: Full names of the services that will be added, for health and reflection.

        dependencies: What must be there before the process serves, see `Health`.

        rules: Who may call what.

        metrics: Where calls are counted; a registry of its own by default.

        interceptors: More, inside the gate: what they raise is translated by it.

        with_reflection: Whether callers with a role may ask for the descriptors.

        max_concurrent_calls: Beyond this many at once a call is refused with
            RESOURCE_EXHAUSTED; streams are counted apart, and health as well.
    """
    gate = Gate(verify, rules, metrics or CallMetrics(), max_concurrent_calls)
    server = grpc.aio.server(
        interceptors=(gate, *interceptors),
        options=SERVER_OPTIONS,
        # beyond the gate's three rooms, which say what they refuse, grpc sheds without a word
        maximum_concurrent_rpcs=4 * max_concurrent_calls,
    )
    health = Health(services, dependencies)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    if with_reflection:
        reflection.enable_server_reflection((*services, reflection.SERVICE_NAME), server)
    return Server(server, health, gate)


async def serve(server: Server, stop: asyncio.Event, grace_s: float = STOP_GRACE_S) -> None:
    """
    Serve until a stop is requested, then finish what runs.

    Health turns first, so that nobody new is sent here; streams are told to
    connect elsewhere; calls in hand have `grace_s` seconds to end. Cancelling
    this ends the calls at once.
    """
    await server.grpc.start()
    try:
        await stop.wait()
        server.health.stop()
        server.gate.streams.end()
        await server.grpc.stop(grace_s)
    finally:
        await server.grpc.stop(None)
