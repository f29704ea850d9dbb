"""A service of the four kinds of method, whose answers are what a test makes of the request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from services.runtime.auth import Role
from services.runtime.methods import Rule

SERVICE = "ihala.test.v1.EchoService"
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
METHOD_OF = {
    "unary_unary": f"/{SERVICE}/GetEcho",
    "unary_stream": f"/{SERVICE}/WatchEcho",
    "stream_unary": f"/{SERVICE}/CollectEcho",
    "stream_stream": f"/{SERVICE}/ChatEcho",
}
RULES = {method: Rule(frozenset({Role.CASE_SYSTEM})) for method in METHOD_OF.values()}

Act = Callable[[str], Awaitable[str]]


async def echo(text: str) -> str:
    return text


def echo_service(act: Act = echo) -> Callable[[grpc.aio.Server], None]:
    """Return what adds the service to a server; each message is answered by `act`."""

    async def get(request: Any, context: Any) -> Any:
        return StringValue(value=await act(request.value))

    async def watch(request: Any, context: Any) -> AsyncIterator[Any]:
        while True:
            yield StringValue(value=await act(request.value))

    async def collect(requests: Any, context: Any) -> Any:
        return StringValue(value="".join([await act(each.value) async for each in requests]))

    async def chat(requests: Any, context: Any) -> AsyncIterator[Any]:
        async for each in requests:
            yield StringValue(value=await act(each.value))

    serializers = (StringValue.FromString, StringValue.SerializeToString)
    handlers = {
        "GetEcho": grpc.unary_unary_rpc_method_handler(get, *serializers),
        "PutEcho": grpc.unary_unary_rpc_method_handler(get, *serializers),
        "WatchEcho": grpc.unary_stream_rpc_method_handler(watch, *serializers),
        "CollectEcho": grpc.stream_unary_rpc_method_handler(collect, *serializers),
        "ChatEcho": grpc.stream_stream_rpc_method_handler(chat, *serializers),
    }
    generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
    return lambda server: server.add_generic_rpc_handlers((generic,))


async def first_answer(channel: grpc.aio.Channel, kind: str, *texts: str, **options: Any) -> str:
    """Call the method of a kind and return its first answer."""
    raw = [StringValue(value=text).SerializeToString() for text in texts]
    return StringValue.FromString(await first_bytes(channel, kind, *raw, **options)).value


async def first_bytes(channel: grpc.aio.Channel, kind: str, *raw: bytes, **options: Any) -> bytes:
    """Call the method of a kind with bytes as they are, and return the first that come back."""
    call = getattr(channel, kind)(METHOD_OF[kind])
    answer: Any = call(_each(raw) if kind.startswith("stream") else raw[0], **options)
    if kind.endswith("unary"):
        return bytes(await answer)
    try:
        return bytes(await anext(aiter(answer)))
    finally:
        answer.cancel()


async def _each(raw: tuple[bytes, ...]) -> AsyncIterator[bytes]:
    for each in raw:
        yield each
