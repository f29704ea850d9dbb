"""What one method asks of every call: a caller with a role, a deadline, a message of fit size."""

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, NoReturn, cast
from uuid import uuid4

import grpc
import structlog
from google.protobuf.message import Message

from services.errors import (
    Exhausted,
    IhalaError,
    InvalidInput,
    PermissionDenied,
    Reason,
    Unauthenticated,
    Violation,
)
from services.runtime.auth import ACTOR_METADATA_KEY, Principal, set_principal, with_actor
from services.runtime.methods import Rule
from services.runtime.rooms import Room
from services.runtime.statuses import status_of
from services.runtime.telemetry import MethodMetrics
from services.runtime.texts import path_of_nul

MAX_MESSAGE_BYTES: Final = 262_144
MAX_DEADLINE_S: Final = 30.0
#: a deadline crosses the wire rounded up, by at most one part in a hundred
DEADLINE_ROUNDING_S: Final = 0.5
BEARER: Final = "Bearer "

Context = grpc.aio.ServicerContext[Any, Any]
log = structlog.get_logger(__name__)


class Admission:
    """
    The checks of one method, prepared once.

    Args:
        name: The full method name, "/package.Service/Method".

        rule: Its row in the table; None refuses everybody.

        verify: Turns a token into a principal, or raises Unauthenticated.

        handler: What the servicer registered.

        metrics: The method's counters.

        room: Where its calls are counted while they run.
    """

    def __init__(
        self,
        name: str,
        rule: Rule | None,
        verify: Callable[[str], Principal],
        handler: Any,
        metrics: MethodMetrics,
        room: Room,
    ) -> None:
        self._name = name
        self._rule = rule
        self._verify = verify
        self._deserialize = handler.request_deserializer
        self._needs_deadline = not handler.response_streaming
        self._metrics = metrics
        self.room = room
        self._serialize = handler.response_serializer

    def admit(self, context: Context) -> str:
        """
        Let a caller in, and return the token to `recheck` it by; empty for an open method.

        Raises:
            Unauthenticated: There is no credential, or one that does not hold.

            PermissionDenied: The caller's roles may not call this method.

            InvalidInput: The call has no deadline, or one that is too far.
        """
        structlog.contextvars.bind_contextvars(method=self._name)
        rule = self._rule
        if rule is None:
            raise PermissionDenied("the method has no row in the table of roles")
        if rule.is_open:
            return ""
        token, actor = _credentials(context)
        principal = self._verify(token)
        if rule.roles.isdisjoint(principal.roles):
            raise PermissionDenied("the caller's role may not call this method")
        if actor is not None:
            principal = with_actor(principal, actor)
        set_principal(principal)
        if self._needs_deadline:
            _check_deadline(context)
        return token

    def recheck(self, token: str) -> None:
        """Refuse to go on with a stream whose token has expired or was revoked since."""
        if token:
            self._verify(token)

    def parse(self, raw: bytes) -> Any:
        """
        Read a request message.

        Raises:
            Exhausted: It is larger than MAX_MESSAGE_BYTES.

            InvalidInput: It is not what the method takes, has fields that are not known here, or a NUL in a text.
        """
        if len(raw) > MAX_MESSAGE_BYTES:
            rule = f"must be at most {MAX_MESSAGE_BYTES} bytes"
            raise Exhausted(f"message {rule}", reason=Reason.TOO_LARGE, fields=[Violation("message", rule)])
        try:
            request = self._deserialize(raw)
        except Exception as error:  # whatever a parser raises says the same
            raise InvalidInput("message must be of the method's request type", reason=Reason.MALFORMED) from error
        if isinstance(request, Message) and _has_unknown_fields(request):
            raise InvalidInput("message must have only fields that this version knows", reason=Reason.UNKNOWN_FIELD)
        # a text of a message stands in its bytes as it is: most messages have no such byte, and are not walked through
        if b"\0" in raw and isinstance(request, Message) and (path := path_of_nul(request)) is not None:
            rule = "must have no NUL character"
            raise InvalidInput(f"{path} {rule}", reason=Reason.MALFORMED, fields=[Violation(path, rule)])
        return request

    def serialize(self, response: Any) -> bytes:
        """Write an answer; one that is written already is let through."""
        if type(response) is bytes:
            return response
        written: bytes = self._serialize(response)
        return written

    def count(self, code: grpc.StatusCode, started: float) -> None:
        """Count a call that ended; `started` is when it came, by `perf_counter`."""
        self._metrics.observe(code, perf_counter() - started)

    async def refuse(self, error: Exception, context: Context, started: float) -> NoReturn:
        """End the call with the status of an error; grpc does so by an exception of its own."""
        if isinstance(error, grpc.aio.AbortError):
            raise error
        if not isinstance(error, IhalaError) or _is_our_own_refusal(error):
            error_id = uuid4().hex
            # the shape of the failure, never its text: see services.runtime.log
            log.error("rpc.failed", error_id=error_id, exc_info=error)
            error = IhalaError(f"error {error_id}", metadata={"error_id": error_id})
        else:
            log.info("rpc.refused", reason=error.reason)
        code, message, trailers = status_of(error)
        self.count(code, started)
        await context.abort(code, message, trailers)


def _is_our_own_refusal(error: IhalaError) -> bool:
    # another service did not let this one in: the caller's credential is not at fault
    return isinstance(error, Unauthenticated | PermissionDenied) and isinstance(error.__cause__, grpc.aio.AioRpcError)


def _credentials(context: Context) -> tuple[str, str | None]:
    authorization = actor = None
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            if authorization is not None:
                raise Unauthenticated("authorization must be given once")
            authorization = value
        elif key == ACTOR_METADATA_KEY:
            actor = value
    if not isinstance(authorization, str) or not authorization.startswith(BEARER):
        raise Unauthenticated("authorization must be a Bearer token")
    return authorization[len(BEARER) :], actor if actor is None else str(actor)


def _has_unknown_fields(request: Message) -> bool:
    # a filter that was not understood must not widen an answer; sizes are compared
    # because that asks the whole tree in one call
    size = request.ByteSize()
    request.DiscardUnknownFields()
    return request.ByteSize() != size


def _check_deadline(context: Context) -> None:
    # None without a deadline, whatever its type says
    remaining_s = cast("float | None", context.time_remaining())
    if remaining_s is None or remaining_s > MAX_DEADLINE_S + DEADLINE_ROUNDING_S:
        raise InvalidInput(
            f"deadline must be set, at most {MAX_DEADLINE_S:.0f} s away",
            reason=Reason.DEADLINE_REQUIRED,
        )
