"""
Answers JSON over HTTP by passing each call on, and nothing else.

Rules of this file: it decides nothing and keeps nothing; what a caller may do is
decided where the call arrives, by the caller's own token.
"""

import asyncio
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, Final
from uuid import uuid4

import structlog
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from services.errors import (
    DeadlineExceeded,
    Exhausted,
    IhalaError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    Reason,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    Violation,
)
from services.gateway.clients import Call, Peers
from services.gateway.headers import with_headers
from services.gateway.openapi import openapi_json
from services.gateway.wire import METHODS, Method, error_to_json, last_line_of, request_from_json, to_json
from services.runtime.admission import MAX_DEADLINE_S
from services.runtime.auth import ACTOR_METADATA_KEY, OPAQUE_ID
from services.runtime.rooms import Room
from services.runtime.statuses import http_status_of

#: the service's own limit is of the binary message, which is never longer than its JSON
MAX_BODY_BYTES: Final = 1_048_576
TIMEOUT_S: Final = 10.0  #: of a call that names none
TIMEOUT_HEADER: Final = "connect-timeout-ms"
TOKEN: Final = re.compile(r"Bearer ([!-~]{1,8000})", re.ASCII)
JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"
NOT_FOUND: Final = 404

log = structlog.get_logger(__name__)


def create_app(peers: Peers, stop: asyncio.Event, *, max_concurrent_calls: int, has_tls: bool) -> Any:
    """
    Make the application.

    Args:
        peers: The services behind.

        stop: Ends streams when it is set.

        max_concurrent_calls: Beyond this many at once a call is refused; streams are counted apart.

        has_tls: Whether it is reached by TLS.
    """
    handlers = _Handlers(peers, stop, max_concurrent_calls)
    app = Starlette(
        routes=[
            Route("/health", handlers.health, methods=["GET"]),
            Route("/openapi.json", handlers.openapi, methods=["GET"]),
            Route("/{service}/{method}", handlers.call, methods=["POST"]),
        ],
        exception_handlers={IhalaError: _refused, HTTPException: _no_method, Exception: _failed},
    )
    return with_headers(app, has_tls=has_tls)


class _Handlers:
    def __init__(self, peers: Peers, stop: asyncio.Event, limit: int) -> None:
        self._peers = peers
        self._stop = stop
        self._room = {is_streamed: Room(limit) for is_streamed in (False, True)}

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("SERVING")

    async def openapi(self, request: Request) -> Response:
        return Response(await asyncio.to_thread(openapi_json), media_type=JSON)

    async def call(self, request: Request) -> Response:
        method = METHODS.get(request.url.path)
        if method is None:
            raise NotFound("there is no such method")
        structlog.contextvars.bind_contextvars(method=method.path)
        call = _call_of(request, method)
        if method.is_streamed:
            return await self._streamed(request, method, call)
        with self._room[False].place():
            message = request_from_json(await _body_of(request), method)
            answer = await self._peers.ask(method, message, call)
            return Response(to_json(answer), media_type=JSON)

    async def _streamed(self, request: Request, method: Method, call: Call) -> Response:
        message = request_from_json(await _body_of(request), method)
        lines = self._lines(method, message, call)
        # a call that is refused at once is refused by its status: the first line is waited for
        first = await anext(lines, b"")
        return StreamingResponse(_rest(first, lines), media_type=LINES)

    async def _lines(self, method: Method, message: Message, call: Call) -> AsyncGenerator[bytes]:
        has_begun = False
        with self._room[True].place():
            try:
                async with aclosing(self._peers.watch(method, message, call)) as answers:
                    while (answer := await self._next(answers)) is not None:
                        has_begun = True
                        yield to_json(answer)
            except IhalaError as error:
                if not has_begun:
                    raise
                log.info("rpc.refused", reason=error.reason)
                yield last_line_of(error)

    async def _next(self, answers: AsyncIterator[Message]) -> Message | None:
        """Wait for the next answer; None at the end."""
        coming = asyncio.ensure_future(anext(answers, None))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            raise Unavailable("the server is stopping: connect again", retry_after_s=1.0)
        finally:
            stopping.cancel()
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})  # a generator that runs cannot be closed


async def _rest(first: bytes, lines: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(lines):
        if first:
            yield first
        async for line in lines:
            yield line


def _call_of(request: Request, method: Method) -> Call:
    tokens = request.headers.getlist("authorization")
    found = TOKEN.fullmatch(tokens[0]) if len(tokens) == 1 else None
    if found is None:
        raise Unauthenticated("authorization must be given once, a Bearer token")
    actor = request.headers.get(ACTOR_METADATA_KEY)
    if actor is not None and OPAQUE_ID.fullmatch(actor) is None:
        raise PermissionDenied(f"{ACTOR_METADATA_KEY} must be an opaque id of 1 to 64 characters")
    return Call(token=found[1], actor=actor, timeout_s=_timeout_s(request, method))


def _timeout_s(request: Request, method: Method) -> float | None:
    text = request.headers.get(TIMEOUT_HEADER)
    if text is None:
        return None if method.is_streamed else TIMEOUT_S
    limit = "" if method.is_streamed else f", at most {MAX_DEADLINE_S:.0f} s"
    is_number = text.isascii() and text.isdigit() and len(text) <= len("2147483647")
    if not is_number or int(text) == 0 or (limit and int(text) > 1000 * MAX_DEADLINE_S):
        raise InvalidInput(f"{TIMEOUT_HEADER} must be whole milliseconds{limit}", reason=Reason.DEADLINE_REQUIRED)
    return int(text) / 1000


async def _body_of(request: Request) -> bytes:
    """Read the body, whose type keeps forms of strange pages out: browsers ask before they send it."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON or request.headers.get("content-encoding", "identity").lower() != "identity":
        raise InvalidInput(f"content-type must be {JSON}, and the body not compressed", reason=Reason.MALFORMED)
    body = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    rule = f"must be at most {MAX_BODY_BYTES} bytes"
                    raise Exhausted(f"message {rule}", reason=Reason.TOO_LARGE, fields=[Violation("message", rule)])
    except ClientDisconnect:
        raise Unavailable("the caller left before all was said: nothing was done") from None
    except TimeoutError:
        raise DeadlineExceeded(f"the body did not come within {TIMEOUT_S:.0f} s: nothing was done") from None
    return bytes(body)


def _response(error: IhalaError, status: int | None = None, more: Mapping[str, str] | None = None) -> Response:
    code = http_status_of(error) if status is None else status
    headers = dict(more or {})
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(error_to_json(error), code, headers, JSON)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, IhalaError)  # noqa: S101 -- what it is registered for
    log.info("rpc.refused", reason=error.reason)
    return _response(error)


async def _no_method(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- what it is registered for
    if error.status_code == NOT_FOUND:
        return _response(NotFound("there is no such method"))
    return _response(Unimplemented("the method of HTTP must be POST"), error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    error_id = uuid4().hex
    log.error("rpc.failed", error_id=error_id, exc_info=error)
    return _response(IhalaError(f"error {error_id}", metadata={"error_id": error_id}))
