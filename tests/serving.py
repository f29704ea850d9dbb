"""A real server with real tokens on a port of its own, for tests of servicers and clients."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc

from services.runtime import rpc
from services.runtime.auth import Role
from services.runtime.channel import Channel, open_channel
from services.runtime.keys import SigningKey, create_signing_key, write_jwks
from services.runtime.methods import METHODS, Rule
from services.runtime.tokens import Verifier, mint


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Keys, a deny list and a verifier in a folder of the test's own."""

    key: SigningKey
    jwks_file: Path
    deny_file: Path
    verifier: Verifier
    now: Callable[[], datetime]

    def token(
        self,
        *roles: Role,
        client_id: str = "client-1",
        receiver_ids: Collection[str] = (),
        actor: str | None = None,
        life_s: float = 3600.0,
    ) -> str:
        if Role.RECEIVER in roles and not receiver_ids:
            receiver_ids = ["receiver-1"]
        return mint(
            self.key,
            client_id=client_id,
            roles=roles,
            receiver_ids=receiver_ids,
            actor=actor,
            life_s=life_s,
            now=self.now(),
        )


def an_identity(folder: Path, now: Callable[[], datetime] = utc_now) -> Identity:
    key = create_signing_key(folder / "signing_key.pem")
    write_jwks(folder / "jwks.json", [key])
    (folder / "deny.txt").touch()
    return Identity(
        key=key,
        jwks_file=folder / "jwks.json",
        deny_file=folder / "deny.txt",
        verifier=Verifier(folder / "jwks.json", folder / "deny.txt", now=now),
        now=now,
    )


@dataclass(frozen=True)
class Serving:
    """A server that runs."""

    server: rpc.Server
    address: str
    identity: Identity
    stop: asyncio.Event
    task: asyncio.Task[None]

    def channel(self, *roles: Role, token: str | None = None, **options: Any) -> Channel:
        """Open a channel of the house as somebody with these roles, or with this token."""
        if token is None:
            token = self.identity.token(*roles)
        return open_channel(self.address, lambda: token, **options)

    def bare_channel(self) -> grpc.aio.Channel:
        """Open a channel that does nothing by itself, as a stranger would."""
        return grpc.aio.insecure_channel(self.address)


@asynccontextmanager
async def serving(
    identity: Identity,
    register: Callable[[grpc.aio.Server], None],
    *,
    rules: Mapping[str, Rule] = METHODS,
    tls_dir: Path | None = None,
    **options: Any,
) -> AsyncIterator[Serving]:
    """
    Run what `register` adds to a server, with the house's gate, while the context lasts.

    `register` is for example `lambda server: add_NotifyServiceServicer_to_server(servicer, server)`.
    """
    server = rpc.new_server(identity.verifier.verify, rules=rules, **options)
    register(server.grpc)
    port = server.listen("localhost:0", tls_dir)
    stop = asyncio.Event()
    task = asyncio.create_task(rpc.serve(server, stop, grace_s=5.0))
    try:
        yield Serving(server, f"localhost:{port}", identity, stop, task)
    finally:
        stop.set()
        await task
