"""What a desk can do instead, where its answer comes too late or contradicts what it said before."""

from collections.abc import Mapping
from typing import Final

from services.errors import FailedPrecondition, Reason

_YES_STANDS: Final = "this desk has said yes; if it cannot keep it: `respond OFFER fail --reason provider_withdrew`"
_BY_STATE: Final[Mapping[str, str]] = {
    "rejected": "this desk has said no, which stands; if it can after all, ring the sender or whoever is on duty: "
    "they can ask it again (`AddOffer`, a new offer)",
    "cancelled": "the sender has recalled it: nobody waits for an answer; if the person comes all the same, `arrive`",
    "declined_by_person": "the person does not want it, or cannot: nobody waits; if she comes all the same, `arrive`",
    "failed": "it was said that she did not come; if she is there after all, `arrive`",
    "accepted": _YES_STANDS,
    "in_transit": _YES_STANDS,
    "in_progress": "she is there: `complete --outcome CODE` ends it",
    "completed": "the service is over; who needs it again is asked for anew",
    "entered_in_error": "it was made by mistake: there is nothing to answer",
}


def with_way_out(error: FailedPrecondition) -> FailedPrecondition:
    """Add to a refused answer what the desk can do instead, where that is known from the state."""
    instead = _BY_STATE.get(error.metadata.get("state", ""), "")
    if error.reason is not Reason.ILLEGAL_MOVE or not instead:
        return error
    return FailedPrecondition(error.message, reason=error.reason, metadata={**error.metadata, "instead": instead})
