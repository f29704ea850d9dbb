"""What a call may fail with: one class a kind, one `Reason` a cause, the same names as on the wire."""

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

__all__ = [
    "Conflict",
    "DeadlineExceeded",
    "Exhausted",
    "FailedPrecondition",
    "IhalaError",
    "InvalidInput",
    "NotFound",
    "PermissionDenied",
    "Reason",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
]
