"""What the buttons of an offer mean on both pages: which command, and what goes with it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from services.errors import IhalaError, InvalidInput, Reason
from services.notify.pages.terms import numbers_in, terms_in, wait_in
from services.notify.shown import Offer

VERBS: Final[Mapping[str, str]] = {
    "acknowledge": "Acknowledge",
    "could": "AnswerProbe",
    "accept": "Accept",
    "propose": "Propose",
    "ask": "RequestInfo",
    "wait": "Waitlist",
    "decline": "Decline",
    "arrive": "Arrive",
    "fail": "Fail",
    "complete": "Complete",
}
#: what can be asked back: the fields of a consent, as referrals knows them
QUESTIONS: Final = (
    "age",
    "gender",
    "language",
    "family",
    "unaccompanied_child",
    "accessibility",
    "documents",
    "exploitation",
    "process",
    "arrival",
    "brought_by",
    "risk",
    "precaution",
)
#: what one code is all of: its name for referrals, and the field of the form
_CODED: Final[Mapping[str, tuple[str, str]]] = {
    "ask": ("question", "question"),
    "fail": ("reason", "failure"),
    "complete": ("outcome", "outcome"),
}
#: what takes a place, and so may go beyond the last report
_HOLDING: Final = frozenset({"accept", "could", "propose"})
NO_CAPACITY: Final = "no_capacity"
MISSING: Final = "REASON_MISSING"
NUMBER: Final = "NUMBER"


async def facts_in(
    act: str, fields: Mapping[str, str], now: datetime, read: Callable[[], Awaitable[Offer]]
) -> dict[str, Any]:
    """
    Read what goes with a button.

    Args:
        act: One of `VERBS`.

        fields: Of the form that was sent.

        now: The time, in which choices of a time are judged.

        read: Returns the offer as it is now; asked only where a number of a group is taken.

    Raises:
        InvalidInput: something that must be chosen was not, or is none of what was offered.
    """
    if act in _CODED:
        name, field = _CODED[act]
        return {name: _required(fields, field)}
    facts: dict[str, Any] = {}
    match act:
        case "accept" if any(name.startswith("take:") for name in fields):
            facts = {"accept_items": numbers_in(fields, await read())}
        case "could":
            facts = {"assess_first": fields.get("assess") == "1"}
        case "propose":
            facts = terms_in(fields, now)
        case "wait":
            facts = {"wait_until_time": wait_in(fields, now)}
        case "decline":
            facts = _refusal_in(fields)
    return facts | {"accept_beyond_report": fields.get("beyond") == "1"} if act in _HOLDING else facts


def _refusal_in(fields: Mapping[str, str]) -> dict[str, Any]:
    reason = _required(fields, "reason")
    if reason != NO_CAPACITY:
        return {"reason": reason}
    return {
        "reason": reason,
        "population": fields.get("population", ""),
        "places_without_staff": fields.get("places_without_staff") == "1",
    }


def refused(here: str, act: str, error: IhalaError) -> str:
    """Return the address of an offer's page that says why a button was not taken, with its choices open again."""
    code: str = error.reason
    if isinstance(error, InvalidInput):
        code = NUMBER if act == "accept" else MISSING
    again = {"a": act} if code in {Reason.NO_PLACE, MISSING} else {}
    return f"{here}?{urlencode({'e': code, **again})}"


def _required(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise InvalidInput(f"{name} must be chosen")
    return fields[name]
