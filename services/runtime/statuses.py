"""
Errors to gRPC statuses and back: the one table, read by the server and by the client.

On the wire an error is a google.rpc.Status with an ErrorInfo (reason, domain,
codes), a BadRequest (field paths and rules, never values) and a RetryInfo where
waiting helps.
"""

from collections.abc import Mapping
from typing import Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from services.errors import (
    Conflict,
    DeadlineExceeded,
    Exhausted,
    FailedPrecondition,
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

DOMAIN: Final = "ihala"
DETAILS_KEY: Final = "grpc-status-details-bin"
#: a status travels in trailers, which peers cap at 8 KiB
MAX_VIOLATIONS: Final = 16
MAX_TEXT_LENGTH: Final = 200

STATUS_BY_ERROR: Final[Mapping[type[IhalaError], grpc.StatusCode]] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Conflict: grpc.StatusCode.ABORTED,
    FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    Exhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    Unimplemented: grpc.StatusCode.UNIMPLEMENTED,
    IhalaError: grpc.StatusCode.INTERNAL,
}
_ERROR_BY_STATUS: Final[Mapping[grpc.StatusCode, type[IhalaError]]] = {
    **{code: kind for kind, code in STATUS_BY_ERROR.items()},
    # what only a proxy or the transport sends
    grpc.StatusCode.ALREADY_EXISTS: Conflict,
    grpc.StatusCode.OUT_OF_RANGE: InvalidInput,
    grpc.StatusCode.CANCELLED: Unavailable,
}

#: what a caller over HTTP sees, as google.rpc.Code pairs them
_HTTP_BY_STATUS: Final[Mapping[grpc.StatusCode, int]] = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.INTERNAL: 500,
}
_HTTP_TOO_LARGE: Final = 413  #: 429 would ask for the same again

Trailers = tuple[tuple[str, str | bytes], ...]


def status_of(error: IhalaError) -> tuple[grpc.StatusCode, str, Trailers]:
    """Choose the status, the message and the trailing metadata that a caller sees."""
    code, status = rich_status_of(error)
    return code, status.message, ((DETAILS_KEY, status.SerializeToString()),)


def http_status_of(error: IhalaError) -> int:
    """Choose the status of HTTP that says the same."""
    code, _ = rich_status_of(error)
    return _HTTP_TOO_LARGE if error.reason is Reason.TOO_LARGE else _HTTP_BY_STATUS[code]


def rich_status_of(error: IhalaError) -> tuple[grpc.StatusCode, Status]:
    """Choose the status and write it with all that belongs to it."""
    code = next(STATUS_BY_ERROR[kind] for kind in type(error).__mro__ if kind in STATUS_BY_ERROR)
    status = Status(code=code.value[0], message=error.message[:MAX_TEXT_LENGTH])
    status.details.add().Pack(ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    if error.fields:
        status.details.add().Pack(
            BadRequest(
                field_violations=[
                    BadRequest.FieldViolation(
                        field=violation.field[:MAX_TEXT_LENGTH],
                        description=violation.rule[:MAX_TEXT_LENGTH],
                    )
                    for violation in error.fields[:MAX_VIOLATIONS]
                ]
            )
        )
    if error.retry_after_s is not None:
        delay = Duration()
        delay.FromMicroseconds(round(error.retry_after_s * 1e6))
        status.details.add().Pack(RetryInfo(retry_delay=delay))
    return code, status


def error_of(error: grpc.aio.AioRpcError) -> IhalaError:
    """
    Make the error that the server raised out of the status that came.

    A status without our details (a proxy's, the transport's) gets the class of
    its code and that class's own reason.
    """
    code = error.code()
    kind = _ERROR_BY_STATUS.get(code, IhalaError)
    status = _rich_status(error)
    if status is None:
        return kind(_bare_message(code), reason=_bare_reason(error))
    info, fields, retry_after_s = ErrorInfo(), list[Violation](), None
    for detail in status.details:
        request, retry = BadRequest(), RetryInfo()
        if detail.Unpack(request):
            fields = [Violation(each.field, each.description) for each in request.field_violations]
        elif detail.Unpack(retry):
            retry_after_s = retry.retry_delay.ToMicroseconds() / 1e6
        else:
            detail.Unpack(info)
    return kind(
        status.message,
        reason=_reason(info.reason),
        fields=fields,
        retry_after_s=retry_after_s,
        metadata=info.metadata,
    )


def _rich_status(error: grpc.aio.AioRpcError) -> Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:  # what came is not ours to trust
                return None
    return None


def _reason(name: str) -> Reason | None:
    # a newer server may know reasons that this client does not: its class remains
    return Reason(name) if name in Reason.__members__ else None


def _bare_reason(error: grpc.aio.AioRpcError) -> Reason | None:
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in (error.details() or ""):
        return Reason.TOO_LARGE  # the transport's own limit, before any of our code ran
    return None


def _bare_message(code: grpc.StatusCode) -> str:
    return f"the call ended with {code.name}"
