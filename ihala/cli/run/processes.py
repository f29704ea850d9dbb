"""Start every process of a run in order, and wait until each serves."""

import importlib.util
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihala.cli.run.identities import Identities
from ihala.cli.run.plan import PORT_NAMES, RPC, SERVICES, Parts, environment_of
from ihala.cli.run.story import Story
from services.errors import IhalaError, Unavailable
from services.runtime.embedded import nats, postgres
from services.runtime.embedded.files import write_private
from services.runtime.embedded.nats_accounts import USERS
from services.runtime.embedded.ports import is_free
from services.runtime.embedded.processes import Child, Supervisor

READY_WITHIN_S: Final = 60.0
WAIT_S: Final = 1.0
#: a process that is still loading refuses connections; the default asks again after a second and more
CHANNEL_OPTIONS: Final = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200))
POSTGRES_STAGE, NATS_STAGE, SERVICE_STAGE = range(3)  # children of a higher stage end first


@dataclass(frozen=True, slots=True)
class Started:
    """A run whose processes serve."""

    parts: Parts
    children: Mapping[str, Child]


def start(supervisor: Supervisor, identities: Identities, story: Story) -> Started:
    """
    Start PostgreSQL, NATS and the services.

    Raises:
        Unavailable: a part is missing, ended, or did not become ready; the last lines of its log are in the message.

        FailedPrecondition: this user cannot run PostgreSQL in this folder.
    """
    _require_parts()
    with story.step("PostgreSQL"):
        database = postgres.start(supervisor, stage=POSTGRES_STAGE)
    with story.step("NATS"):
        broker = nats.start(supervisor, stage=NATS_STAGE)
        write_private(broker.folder / "nats.pid", str(broker.child.pid))
    parts = Parts(
        folder=supervisor.folder,
        ports={name: supervisor.ports.get(name) for name in PORT_NAMES},
        database_url=database.url(),
        nats_url=broker.url,
        nats_seed_files={user: broker.seed_file(user) for user in USERS},
    )
    children = {name: _spawn(name, supervisor, parts, identities) for name in SERVICES}
    with story.step("services", detail=", ".join(SERVICES)), ExitStack() as channels:
        for name, child in children.items():
            _await_serving(name, child, supervisor, parts, channels)
    return Started(parts, children)


def restart(name: str, supervisor: Supervisor, parts: Parts, identities: Identities) -> Child:
    """Start a service that has ended again, where it was, and wait until it serves."""
    child = _spawn(name, supervisor, parts, identities)
    with ExitStack() as channels:
        _await_serving(name, child, supervisor, parts, channels)
    return child


def _require_parts() -> None:
    missing = [name for name in SERVICES if importlib.util.find_spec(f"services.{name}.__main__") is None]
    if missing:
        raise Unavailable(f"missing parts: {', '.join(missing)}")


def _spawn(name: str, supervisor: Supervisor, parts: Parts, identities: Identities) -> Child:
    return supervisor.spawn(
        name,
        # -P: the folder that this was called from must not stand in for our packages
        [Path(sys.executable), "-P", "-m", f"services.{name}"],
        environment=environment_of(name, parts, identities),
        stage=SERVICE_STAGE,
    )


def _await_serving(name: str, child: Child, supervisor: Supervisor, parts: Parts, channels: ExitStack) -> None:
    serves = _rpc_check(parts.address(name), channels) if name in RPC else _page_check(parts.address(name))
    try:
        supervisor.await_ready(child, serves, READY_WITHIN_S)
    except Unavailable as error:
        raise _explained(name, child, parts, error) from None


def _rpc_check(address: str, channels: ExitStack) -> Callable[[], bool]:
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    stub: Any = HealthStub(channels.enter_context(grpc.insecure_channel(address, options=CHANNEL_OPTIONS)))

    def serves() -> bool:
        try:
            answer = stub.Check(HealthCheckRequest(), timeout=WAIT_S)
        except grpc.RpcError:
            return False
        return bool(answer.status == HealthCheckResponse.SERVING)

    return serves


def _page_check(address: str) -> Callable[[], bool]:
    host, _, port = address.rpartition(":")

    def serves() -> bool:
        try:
            socket.create_connection((host, int(port)), timeout=WAIT_S).close()
        except OSError:
            return False
        return True

    return serves


def _explained(name: str, child: Child, parts: Parts, error: Unavailable) -> IhalaError:
    taken = [port for port in _ports_of(name, parts) if child.ended.is_set() and not is_free(port)]
    if taken:
        return Unavailable(f"another program has taken port {taken[0]} of {name}: run again, and it gets a new one")
    return error


def _ports_of(name: str, parts: Parts) -> list[int]:
    return [parts.ports[each] for each in ([name, "answer"] if name == "notify" else [name])]
