"""
The gate that every call passes, wrapped around each of the four kinds of handler.

Rules of this file: it is the only place that ends a call with a status;
servicers raise, and stream by being async generators. It is one interceptor and
keeps what it wraps, because each link of a chain is paid on each call.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from time import perf_counter
from typing import Any

import grpc

from services.runtime.admission import Admission, Context
from services.runtime.auth import Principal
from services.runtime.methods import Rule
from services.runtime.rooms import Room
from services.runtime.streams import Streams
from services.runtime.telemetry import CallMetrics

OK = grpc.StatusCode.OK
CANCELLED = grpc.StatusCode.CANCELLED


class Gate(grpc.aio.ServerInterceptor):
    """
    The house's interceptor.

    Args:
        verify: Turns a token into a principal, or raises Unauthenticated.

        rules: The table of methods; one that is not in it is refused.

        metrics: Where calls are counted.

        max_calls: How many may run at once of those that answer once, and as
            many of those that stream; health has room of its own.
    """

    def __init__(
        self,
        verify: Callable[[str], Principal],
        rules: Mapping[str, Rule],
        metrics: CallMetrics,
        max_calls: int,
    ) -> None:
        self._verify = verify
        self._rules = rules
        self.metrics = metrics
        self._wrapped: dict[str, tuple[Any, Any]] = {}
        self._room = {is_streamed: Room(max_calls) for is_streamed in (False, True)}
        self._open_room = Room(max_calls)
        self.streams = Streams()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Hand out the wrapped handler of a method; what is not served stays unknown."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        name = handler_call_details.method
        known = self._wrapped.get(name)
        if known is None or known[0] is not handler:
            known = self._wrapped[name] = (handler, self._wrap(name, handler))
        return known[1]

    def _wrap(self, name: str, handler: Any) -> Any:
        rule = self._rules.get(name)
        room = self._open_room if rule is not None and rule.is_open else self._room[handler.response_streaming]
        admission = Admission(name, rule, self._verify, handler, self.metrics.method(name), room)
        # no serializers for grpc: bytes come in and go out, so that parsing is ours to answer for
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(unary(admission, handler.unary_unary))
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(unary(admission, handler.stream_unary, Requests))
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(streamed(admission, handler.unary_stream, self.streams))
        return grpc.stream_stream_rpc_method_handler(streamed(admission, handler.stream_stream, self.streams, Requests))


class Requests:
    """The messages of a caller that streams, each checked as it comes."""

    def __init__(self, admission: Admission, raw: AsyncIterator[bytes], token: str) -> None:
        self._admission = admission
        self._raw = raw
        self._token = token

    def __aiter__(self) -> "Requests":
        return self

    async def __anext__(self) -> Any:
        raw = await anext(self._raw)
        self._admission.recheck(self._token)
        return self._admission.parse(raw)


def one_request(admission: Admission, raw: bytes, token: str) -> Any:
    """Read the one message of a caller that does not stream."""
    return admission.parse(raw)


def unary(
    admission: Admission,
    behaviour: Callable[[Any, Context], Awaitable[Any]],
    read: Callable[[Admission, Any, str], Any] = one_request,
) -> Callable[[Any, Context], Awaitable[bytes]]:
    """Wrap a handler that answers once."""

    async def call(raw: Any, context: Context) -> bytes:
        started = perf_counter()
        try:
            with admission.room.place(context.time_remaining()):
                token = admission.admit(context)
                response = await behaviour(read(admission, raw, token), context)
                answer = admission.serialize(response)
        except asyncio.CancelledError:
            admission.count(CANCELLED, started)
            raise
        except Exception as error:  # noqa: BLE001 -- the last resort
            await admission.refuse(error, context, started)
        admission.count(OK, started)
        return answer

    return call


def streamed(
    admission: Admission,
    behaviour: Callable[[Any, Context], Any],
    streams: Streams,
    read: Callable[[Admission, Any, str], Any] = one_request,
) -> Callable[[Any, Context], AsyncIterator[bytes]]:
    """Wrap a handler that streams its answer: an async generator, which is closed with the call."""

    async def call(raw: Any, context: Context) -> AsyncIterator[bytes]:
        started = perf_counter()
        try:
            with admission.room.place(), streams.running() as stream:
                token = admission.admit(context)
                async with aclosing(behaviour(read(admission, raw, token), context)) as responses:
                    async for response in responses:
                        # nothing is told to a caller whose token was revoked meanwhile
                        admission.recheck(token)
                        stream.is_sending = True
                        yield admission.serialize(response)
                        stream.is_sending = False
                        streams.check()
        except asyncio.CancelledError:
            admission.count(CANCELLED, started)
            raise
        except Exception as error:  # noqa: BLE001 -- the last resort
            await admission.refuse(error, context, started)
        admission.count(OK, started)

    return call
