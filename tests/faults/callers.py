"""Calls as a stranger makes them, or software that was taken over: without our channel, its repeats or its care."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import grpc
from google.protobuf.descriptor import MethodDescriptor

from ihala.directory.v1 import directory_service_pb2, documents_pb2
from ihala.matching.v1 import matching_pb2
from ihala.notify.v1 import notify_pb2
from ihala.referrals.v1 import referrals_service_pb2
from services.runtime.auth import Role
from services.runtime.methods import METHODS
from tests.faults.hostile import MARK
from tests.faults.storm import DESK
from tests.house import House

AT_ONCE: Final = 24
CALL_S: Final = 10.0
FIRST_ANSWER_S: Final = 0.2  #: that a stream is listened to
#: what no error may say: how we are made, and what the caller said
UNSAID: Final = ("Traceback", "Exception:", "Error:", "Error(", "<class", "psycopg", 'File "', "DETAIL", MARK)
#: what grpcio says at the caller's side, of a stream that was refused before its first message was sent
OWN_FAULT: Final = "Internal error from Core"
OWNERS: Final = {
    Role.CASE_SYSTEM: "ministry",
    Role.COORDINATOR: "coordinator",
    Role.DUTY_COORDINATOR: "coordinator",
    Role.DIRECTORY_EDITOR: "editor",
    Role.OPERATOR: "operator",
    Role.RECEIVER: f"receivers/{DESK}",
    Role.SERVICE: "referrals",
}
SERVICES: Final = {
    service.full_name: service
    for file in (directory_service_pb2, documents_pb2, matching_pb2, referrals_service_pb2, notify_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
}
Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A method, and somebody who may call it."""

    path: str
    descriptor: MethodDescriptor  #: of what the body is for; a path that nobody has borrows one
    token: str

    @property
    def metadata(self) -> Metadata:
        """What a call carries that is let in."""
        return (("authorization", f"Bearer {self.token}"),)


class Call(NamedTuple):
    """What is sent."""

    target: Target
    raw: bytes
    metadata: Metadata


@dataclass
class Said:
    """What came back."""

    codes: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)  #: calls that ended as if it were our fault, by method
    leaks: set[str] = field(default_factory=set)  #: what an error told and must not
    slowest_s: float = 0.0

    @property
    def count(self) -> int:
        return self.codes.total()

    def note(self, path: str, error: grpc.aio.AioRpcError | None, took_s: float) -> None:
        """Keep what a call ended with."""
        self.slowest_s = max(self.slowest_s, took_s)
        if error is not None and error.details() == OWN_FAULT:
            self.codes["said by the caller's library"] += 1
            return
        code = grpc.StatusCode.OK if error is None else error.code()
        self.codes[code.name] += 1
        if code in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}:
            self.failed[f"{path} {code.name}"] += 1
        if error is not None:
            told = f"{error.details()} {[value for _, value in error.trailing_metadata() or ()]}"
            self.leaks |= {f"{path}: {each}" for each in UNSAID if each in told}


def targets(house: House, peer: str) -> list[Target]:
    """List every method of a service with everybody who may call it and has a token here."""
    found = []
    for path, rule in METHODS.items():
        service, _, name = path[1:].rpartition("/")
        if service.startswith(f"ihala.{peer}."):
            descriptor = SERVICES[service].methods_by_name[name]
            tokens = {OWNERS[role] for role in sorted(rule.roles) if role in OWNERS}
            found += [Target(path, descriptor, token_of(house, owner)) for owner in sorted(tokens)]
    return found


def token_of(house: House, owner: str) -> str:
    """Return the token of a caller or process."""
    return house.identities.token_file(owner).read_text(encoding="ascii").strip()


def stranger(address: str) -> Any:
    """Open a channel that does nothing by itself, on a connection of its own."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_metadata_size", 65_536), ("grpc.enable_retries", 0)]
    return grpc.aio.insecure_channel(address, options=options)


async def send(address: str, calls: Iterable[Call], at_once: int = AT_ONCE) -> Said:
    """Make calls, some of them at once, and return what came back; a stream is left after its first word."""
    left, said = iter(calls), Said()

    async def one_after_the_other(channel: Any) -> None:
        for each in left:
            await _call(channel, each, said)

    async with stranger(address) as channel, asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_after_the_other(channel))
    return said


async def _call(channel: Any, sent: Call, said: Said) -> None:
    target, raw, metadata = sent
    began_s = time.perf_counter()
    error = None
    try:
        if target.descriptor.server_streaming:
            await _first_word(channel, target, raw, metadata)
        else:
            await channel.unary_unary(target.path)(raw, metadata=metadata, timeout=CALL_S)
    except grpc.aio.AioRpcError as failure:
        error = failure
    said.note(target.path, error, time.perf_counter() - began_s)


async def _first_word(channel: Any, target: Target, raw: bytes, metadata: Metadata) -> None:
    stream: Any
    if target.descriptor.client_streaming:
        stream = channel.stream_stream(target.path)(iter([raw]), metadata=metadata, timeout=CALL_S)
    else:
        stream = channel.unary_stream(target.path)(raw, metadata=metadata, timeout=CALL_S)
    try:
        async with asyncio.timeout(FIRST_ANSWER_S):
            await stream.read()
    except TimeoutError:
        return  # it has nothing to say yet
    finally:
        stream.cancel()
