"""
What can go wrong, said once for every service, the SDK and the command line.

Rules of this file: a message names a field and the rule it broke, never the
value that came (it may be personal); nothing here knows gRPC, which has its one
table in `services.runtime.statuses`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Reason(StrEnum):
    """Why a call failed: `ihala.errors.v1.ErrorReason` without its prefix."""

    # what was sent
    INVALID_FIELD = "INVALID_FIELD"
    MALFORMED = "MALFORMED"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    FINER_THAN_ALLOWED = "FINER_THAN_ALLOWED"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    DEADLINE_REQUIRED = "DEADLINE_REQUIRED"
    TOO_LARGE = "TOO_LARGE"
    QUOTA = "QUOTA"
    # who sent it
    UNAUTHENTICATED = "UNAUTHENTICATED"
    ROLE_NOT_ALLOWED = "ROLE_NOT_ALLOWED"
    # what it met
    NOT_FOUND = "NOT_FOUND"
    EPOCH_CHANGED = "EPOCH_CHANGED"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    CONSENT_MISSING = "CONSENT_MISSING"
    CONSENT_NOT_COVERING = "CONSENT_NOT_COVERING"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    MATCH_STALE = "MATCH_STALE"
    NO_PLACE = "NO_PLACE"
    ALREADY_PLACED = "ALREADY_PLACED"
    PROVIDER_SUSPENDED = "PROVIDER_SUSPENDED"
    PROVIDER_NOT_REFERABLE = "PROVIDER_NOT_REFERABLE"
    GATE_NOT_CONFIRMED = "GATE_NOT_CONFIRMED"
    SECOND_PERSON_NEEDED = "SECOND_PERSON_NEEDED"
    ILLEGAL_MOVE = "ILLEGAL_MOVE"
    HOLD_EXPIRED = "HOLD_EXPIRED"
    ERASED = "ERASED"
    # how the service is
    UNREADY = "UNREADY"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request and the rule it broke."""

    field: str  #: path of the field in the request, for example "needs[0].code"
    rule: str  #: what must hold, for example "must not be empty"; never what came


class IhalaError(Exception):
    """
    The root of every failure that a caller may be told about.

    Args:
        message: One sentence: the field and its rule, never a value.

        reason: What a program branches on; each class has a default.

        fields: The fields that broke a rule, where the request is to blame.

        retry_after_s: Time in seconds after which the same call may succeed;
            None if waiting does not help.

        metadata: Codes that belong to the reason, for example the constraint
            that turned; keys in lower_snake_case, never personal data.
    """

    default_reason: ClassVar[Reason] = Reason.INTERNAL

    def __init__(
        self,
        message: str,
        *,
        reason: Reason | None = None,
        fields: Sequence[Violation] = (),
        retry_after_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason
        self.fields = tuple(fields)
        self.retry_after_s = retry_after_s
        self.metadata = dict(metadata or {})

    @property
    def message(self) -> str:
        """The sentence that the caller reads."""
        return str(self.args[0])


class InvalidInput(IhalaError):
    """
    The request is wrong whatever the state of the service: sending it again does not help.

    A message of the form `<field path> must <rule>` is its own violation, so
    that `raise InvalidInput("need.radius_m must be in (0, 100000]")` says all.
    """

    default_reason = Reason.INVALID_FIELD

    def __init__(
        self,
        message: str,
        *,
        reason: Reason | None = None,
        fields: Sequence[Violation] = (),
        retry_after_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        field, must, rule = message.partition(" must ")
        if not fields and must and " " not in field:
            fields = (Violation(field, f"must {rule}"),)
        super().__init__(
            message,
            reason=reason,
            fields=fields,
            retry_after_s=retry_after_s,
            metadata=metadata,
        )


class Unauthenticated(IhalaError):
    """The caller is not known: no credential, or one that does not hold."""

    default_reason = Reason.UNAUTHENTICATED


class PermissionDenied(IhalaError):
    """The caller is known and its role may not call this; for a foreign object see `NotFound`."""

    default_reason = Reason.ROLE_NOT_ALLOWED


class NotFound(IhalaError):
    """The object is absent, or not the caller's to see: the two look the same."""

    default_reason = Reason.NOT_FOUND


class Conflict(IhalaError):
    """The object has moved on since the caller read it: read it again, then decide."""

    default_reason = Reason.VERSION_CONFLICT


class FailedPrecondition(IhalaError):
    """The request is well formed, but not possible in the present state."""

    default_reason = Reason.ILLEGAL_MOVE


class Exhausted(IhalaError):
    """A limit of size or rate was met."""

    default_reason = Reason.QUOTA


class Unavailable(IhalaError):
    """The service or one that it needs cannot be reached or is not ready; a retry helps."""

    default_reason = Reason.UNREADY


class DeadlineExceeded(Unavailable):
    """The answer did not come in time; whether the act was done is not known."""

    default_reason = Reason.DEADLINE_EXCEEDED


class Unimplemented(IhalaError):
    """The method is agreed but not built yet."""

    default_reason = Reason.UNIMPLEMENTED
