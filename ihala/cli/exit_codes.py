"""
The exit code of every reason, so that a script can branch on what went wrong.

A code is 10 and the number of the reason in `protos/ihala/errors/v1/error_reason.proto`;
numbers there never change their meaning, so neither do these. docs/cli.md lists them.
"""

from collections.abc import Mapping
from typing import Final

from services.errors import Reason

OK: Final = 0
FAULT: Final = 1  #: of a part that ended by itself, or of ours
USAGE: Final = 2  #: the command line itself is wrong: an option that does not exist, or is missing
INTERRUPTED: Final = 130  #: Ctrl-C, as shells count

BY_REASON: Final[Mapping[Reason, int]] = {
    Reason.INVALID_FIELD: 11,
    Reason.MALFORMED: 12,
    Reason.UNKNOWN_FIELD: 13,
    Reason.UNKNOWN_CODE: 14,
    Reason.FINER_THAN_ALLOWED: 15,
    Reason.REQUEST_ID_REUSED: 16,
    Reason.DEADLINE_REQUIRED: 17,
    Reason.TOO_LARGE: 18,
    Reason.QUOTA: 19,
    Reason.NOT_FOUND: 20,
    Reason.UNAUTHENTICATED: 21,
    Reason.ROLE_NOT_ALLOWED: 22,
    Reason.UNREADY: 23,
    Reason.EPOCH_CHANGED: 24,
    Reason.VERSION_CONFLICT: 25,
    Reason.CONSENT_MISSING: 26,
    Reason.CONSENT_NOT_COVERING: 27,
    Reason.CONSENT_WITHDRAWN: 28,
    Reason.MATCH_STALE: 29,
    Reason.NO_PLACE: 30,
    Reason.ALREADY_PLACED: 31,
    Reason.PROVIDER_SUSPENDED: 32,
    Reason.PROVIDER_NOT_REFERABLE: 33,
    Reason.GATE_NOT_CONFIRMED: 34,
    Reason.SECOND_PERSON_NEEDED: 35,
    Reason.ILLEGAL_MOVE: 36,
    Reason.HOLD_EXPIRED: 37,
    Reason.ERASED: 38,
    Reason.UNIMPLEMENTED: 39,
    Reason.INTERNAL: 40,
    Reason.DEADLINE_EXCEEDED: 41,
}
