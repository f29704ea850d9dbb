"""The services that calls are passed on to, each with the caller's own token, actor and deadline."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from services.gateway.wire import METHODS, Method
from services.runtime.auth import ACTOR_METADATA_KEY
from services.runtime.channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who calls, and how long they wait."""

    token: str
    actor: str | None  #: the worker on whose behalf
    timeout_s: float | None  #: None: as long as the stream lasts

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What travels beside the request."""
        actor = () if self.actor is None else ((ACTOR_METADATA_KEY, self.actor),)
        return (("authorization", f"Bearer {self.token}"), *actor)


class Peers:
    """
    The services behind.

    Args:
        channels: By name of the service, without tokens of their own.
    """

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._calls = {path: _call(channels[method.peer], method) for path, method in METHODS.items()}

    async def ask(self, method: Method, request: Message, call: Call) -> Message:
        """Call a method that answers once; it is repeated as the SDK would, where that is safe."""
        answer: Message = await self._calls[method.path](request, timeout=call.timeout_s, metadata=call.metadata)
        return answer

    async def watch(self, method: Method, request: Message, call: Call) -> AsyncGenerator[Message]:
        """Call a method that streams its answer."""
        answers = self._calls[method.path](request, timeout=call.timeout_s, metadata=call.metadata)
        async with aclosing(answers):
            async for answer in answers:
                yield answer


def _call(channel: Channel, method: Method) -> Any:
    make = channel.unary_stream if method.is_streamed else channel.unary_unary
    return make(
        method.path,
        request_serializer=method.request_kind.SerializeToString,
        response_deserializer=method.response_kind.FromString,
    )
