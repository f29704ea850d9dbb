"""How a client's call goes: what it carries, when it is repeated, and the errors it fails with."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

import grpc

from services.errors import DeadlineExceeded, Exhausted, IhalaError, Unauthenticated, Unavailable
from services.runtime.auth import ACTOR_METADATA_KEY
from services.runtime.statuses import error_of

ATTEMPTS: Final = 5
FIRST_DELAY_S: Final = 0.1
MAX_DELAY_S: Final = 2.0
#: calls of one channel that are under way at once; the others wait here, since a server lets no more than 100
#: of a connection in, and what waits in the transport comes to it with hardly any time left
AT_ONCE: Final = 64
WAIT_SHARE: Final = 0.5  #: of a call's time, after which it is not sent any more
NO_TURN_S: Final = 1.0  #: after which it may be made again
LATE_S: Final = 1.0  #: that the transport has beyond the deadline to say that it has passed
#: verbs of methods that change nothing but the audit trail; every other unary method takes a request id
READING_VERBS: Final = (
    "Check",
    "Count",
    "Explain",
    "Find",
    "Get",
    "List",
    "LookUp",
    "Plan",
    "Read",
    "Resolve",
    "Search",
    "Summarize",
)

TokenSource = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and how patiently."""

    token_source: TokenSource | None  #: the token of each call
    actor: str | None  #: the worker on whose behalf
    timeout_s: float  #: time in seconds for a unary call that names none
    jitter: Callable[[], float]  #: random numbers in [0, 1) that spread repeats
    line: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))  #: of the channel's calls

    def token(self) -> str | None:
        """Return the token of now."""
        return None if self.token_source is None else self.token_source()

    def metadata(self, token: str | None, more: Any) -> tuple[tuple[str, str], ...]:
        """Return what a call carries: its token, the actor, and what is given besides."""
        pairs = list(more or ())
        if token is not None:
            pairs.append(("authorization", f"Bearer {token}"))
        if self.actor is not None:
            pairs.append((ACTOR_METADATA_KEY, self.actor))
        return tuple(pairs)

    def failure(self, error: grpc.aio.AioRpcError, token: str | None) -> IhalaError:
        """Say what a call failed with; one that was refused for a token that was renewed since may be made again."""
        failure = error_of(error)
        if isinstance(failure, Unauthenticated) and token != self.token():
            return Unavailable("the token was renewed meanwhile: call again")
        return failure


class Unary:
    """
    A method that answers once.

    A call that could not reach the server, or that it asked to repeat, is
    repeated while its deadline lasts: always if it only reads, else if it
    carries the request id by which the server recognises the repeat. It ends by
    its deadline, whatever happens.
    """

    def __init__(self, caller: Caller, call: Any, *, reads: bool) -> None:
        self._caller = caller
        self._call = call
        self._reads = reads

    async def __call__(
        self,
        request: Any,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- grpc's name; it travels to the server
        metadata: Any = None,
        **options: Any,
    ) -> Any:
        clock = asyncio.get_running_loop().time
        end = clock() + (self._caller.timeout_s if timeout is None else timeout)
        delays_s = self._delays_s(request)
        while True:
            await _stand_in_line(self._caller.line, WAIT_SHARE * (end - clock()))
            try:
                return await self._once(request, end, metadata=metadata, **options)
            except IhalaError as failure:
                delay_s = next(delays_s, None)
                if delay_s is None or not _may_pass(failure):
                    raise
                # those that were told the same time come back one by one
                wait_s = delay_s + (failure.retry_after_s or 0.0)
                if clock() + wait_s >= end:
                    raise
            await asyncio.sleep(wait_s)

    async def _once(self, request: Any, end: float, *, metadata: Any, **options: Any) -> Any:
        # in its turn, which it gives up
        clock, caller = asyncio.get_running_loop().time, self._caller
        token = caller.token()
        try:
            async with asyncio.timeout_at(end + LATE_S):
                carried, remaining_s = caller.metadata(token, metadata), max(end - clock(), 0.0)
                return await self._call(request, timeout=remaining_s, metadata=carried, **options)
        except grpc.aio.AioRpcError as error:
            raise caller.failure(error, token) from error
        except TimeoutError:
            raise DeadlineExceeded("the call ended with no word from the transport") from None
        finally:
            caller.line.release()

    def _delays_s(self, request: Any) -> Iterator[float]:
        if not self._reads and not getattr(request, "request_id", ""):
            return
        delay_s = FIRST_DELAY_S
        for _ in range(ATTEMPTS - 1):
            yield delay_s * (0.5 + self._caller.jitter())
            delay_s = min(2 * delay_s, MAX_DELAY_S)


async def _stand_in_line(line: asyncio.Semaphore, wait_s: float) -> None:
    if not line.locked():  # the usual way needs no clock
        await line.acquire()
        return
    try:
        async with asyncio.timeout(wait_s):
            await line.acquire()
    except TimeoutError:
        raise Exhausted(
            "too many calls wait for the server: this one was not sent, or not again", retry_after_s=NO_TURN_S
        ) from None


def _may_pass(failure: IhalaError) -> bool:
    if isinstance(failure, Exhausted):
        return failure.retry_after_s is not None
    return isinstance(failure, Unavailable) and not isinstance(failure, DeadlineExceeded)


class Streaming:
    """A method that streams its answer. It is not repeated: who watches has a cursor."""

    def __init__(self, caller: Caller, call: Any) -> None:
        self._caller = caller
        self._call = call

    def __call__(
        self, request: Any, *, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> "Responses":
        token = self._caller.token()
        carried = self._caller.metadata(token, metadata)
        call = self._call(request, timeout=timeout, metadata=carried, **options)
        return Responses(call, lambda error: self._caller.failure(error, token))


class Responses:
    """
    The answers of a stream, to be read by `async for`.

    Leave it by `cancel` or `aclose`; one that is dropped cancels itself, because
    grpc lets an abandoned call run on at the server until the channel closes.
    """

    def __init__(self, call: Any, failure: Callable[[grpc.aio.AioRpcError], IhalaError]) -> None:
        self._call = call
        self._failure = failure
        self._answers: AsyncIterator[Any] = call.__aiter__()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await anext(self._answers)
        except grpc.aio.AioRpcError as error:
            raise self._failure(error) from error

    def cancel(self) -> bool:
        """End the call, here and at the server, and say whether it was still running."""
        was_running: bool = self._call.cancel()
        return was_running

    async def aclose(self) -> None:
        """End the call, for `contextlib.aclosing`."""
        self.cancel()

    def __del__(self) -> None:
        self._call.cancel()
