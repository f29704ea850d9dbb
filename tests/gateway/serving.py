"""A gateway on a port of its own, before servicers of the test's own on real channels."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx

from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.matching.v1.matching_pb2_grpc import MatchingServiceServicer, add_MatchingServiceServicer_to_server
from ihala.referrals.v1 import referrals_service_pb2 as ref_pb
from ihala.referrals.v1.referrals_service_pb2_grpc import (
    ReferralsServiceServicer,
    add_ReferralsServiceServicer_to_server,
)
from services.gateway.app import create_app
from services.gateway.clients import Peers
from services.runtime import web
from services.runtime.auth import Principal, Role, current_principal
from services.runtime.channel import open_channel
from tests.serving import Identity, an_identity, serving

FIND = "/ihala.matching.v1.MatchingService/FindMatches"
REFER = "/ihala.referrals.v1.ReferralsService/CreateReferral"
WATCH = "/ihala.referrals.v1.ReferralsService/WatchReferrals"
Answer = Callable[[Any, Any], Awaitable[Any]]
Watched = Callable[[], AsyncIterator[ref_pb.WatchReferralsResponse]]


@dataclass
class Behind(MatchingServiceServicer, ReferralsServiceServicer):
    """What stands behind: keeps who asked what, and answers as it is told to."""

    calls: list[tuple[Principal, Any, float | None]] = field(default_factory=list)
    answer: Answer | None = None
    watched: Watched | None = None

    async def _answered(self, request: Any, context: Any, empty: Any) -> Any:
        self.calls.append((current_principal(), request, context.time_remaining()))
        return empty if self.answer is None else await self.answer(request, context)

    async def FindMatches(self, request: Any, context: Any) -> Any:
        return await self._answered(request, context, match_pb.FindMatchesResponse())

    async def CreateReferral(self, request: Any, context: Any) -> Any:
        return await self._answered(request, context, ref_pb.CreateReferralResponse())

    async def WatchReferrals(self, request: Any, context: Any) -> Any:
        assert self.watched is not None
        async for each in self.watched():
            yield each


def behind(answer: Answer | None = None, watched: Watched | None = None) -> Behind:
    """Make what stands behind; methods that no test calls stay those of the generated base."""
    return Behind(answer=answer, watched=watched)  # type: ignore[abstract]


@dataclass(frozen=True)
class Door:
    """The gateway as a caller meets it."""

    http: httpx.AsyncClient
    identity: Identity
    behind: Behind
    stop: asyncio.Event

    def headers(self, *roles: Role, **more: str) -> dict[str, str]:
        token = self.identity.token(*(roles or (Role.CASE_SYSTEM,)))
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **more}

    async def post(self, path: str, body: str | bytes = "{}", **more: str) -> httpx.Response:
        return await self.http.post(path, content=body, headers=self.headers(**more))


def register(servicer: Behind) -> Callable[[grpc.aio.Server], None]:
    def add(server: grpc.aio.Server) -> None:
        add_MatchingServiceServicer_to_server(servicer, server)
        add_ReferralsServiceServicer_to_server(servicer, server)  # type: ignore[no-untyped-call,unused-ignore]

    return add


@asynccontextmanager
async def a_door(folder: Path, servicer: Behind, *, max_concurrent_calls: int = 8) -> AsyncIterator[Door]:
    """Run the gateway and what stands behind it."""
    identity = an_identity(folder)
    async with serving(identity, register(servicer)) as server, open_channel(server.address) as channel:
        stop, listener = asyncio.Event(), web.listen("127.0.0.1:0")
        peers = Peers(dict.fromkeys(("directory", "matching", "referrals"), channel))
        app = create_app(peers, stop, max_concurrent_calls=max_concurrent_calls, has_tls=False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        task = asyncio.create_task(web.serve(app, listener, stop, grace_s=5.0))
        try:
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http:
                yield Door(http, identity, servicer, stop)
        finally:
            stop.set()
            await task
