"""How the status of a provider may move; a record that is closed stays closed."""

from typing import Final

from services.directory.model.words import Status
from services.errors import FailedPrecondition, Reason, Violation

MOVES: Final = {
    Status.DRAFT: {Status.ACTIVE, Status.CLOSED},
    Status.ACTIVE: {Status.PAUSED, Status.DO_NOT_REFER, Status.CLOSED},
    Status.PAUSED: {Status.ACTIVE, Status.DO_NOT_REFER, Status.CLOSED},
    Status.DO_NOT_REFER: {Status.ACTIVE, Status.PAUSED, Status.CLOSED},
    Status.CLOSED: set[Status](),
}


def check_move(before: Status, after: Status) -> None:
    """
    Refuse a status that does not follow on another.

    Raises:
        FailedPrecondition: it does not (ILLEGAL_MOVE). A house that opens again
            is a new record; nothing becomes a draft once it was in use.
    """
    if after is not before and after not in MOVES[before]:
        rule = f"must stay {before.value}, or become one of {', '.join(sorted(MOVES[before])) or 'none'}"
        raise FailedPrecondition(
            f"provider.status {rule}", reason=Reason.ILLEGAL_MOVE, fields=[Violation("provider.status", rule)]
        )
