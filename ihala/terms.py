"""What stands between yes and no: conditions, a question, a waiting list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ihala.enum_wire import time_from_wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what an offer hangs; all empty where it hangs on nothing."""

    conditions: tuple[str, ...] = ()  #: of a "yes, if"
    arrive_start_time: datetime | None = None  #: earliest arrival
    stay_end_time: datetime | None = None  #: until when the person can stay
    question: str = ""  #: a consent's field that the provider asks about
    answer: str = ""  #: `told`, `not_known` or `not_told`
    wait_until_time: datetime | None = None  #: until when the waiting list may last


NO_TERMS: Final = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What the other side has left, sealed; gone after arrival."""

    sealed: bytes
    key_id: str
    create_time: datetime | None


def terms_from_wire(offer: Any) -> Terms:
    """Read the terms of an offer, as either side sees it."""
    return Terms(
        conditions=tuple(offer.conditions),
        arrive_start_time=time_from_wire(offer, "arrive_start_time"),
        stay_end_time=time_from_wire(offer, "stay_end_time"),
        question=offer.question,
        answer=offer.answer,
        wait_until_time=time_from_wire(offer, "wait_until_time"),
    )


def handover_from_wire(handover: Any) -> Handover:
    """Read a handover."""
    return Handover(sealed=handover.sealed, key_id=handover.key_id, create_time=time_from_wire(handover, "create_time"))
