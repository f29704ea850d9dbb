"""Enums of the wire and of the model, one table for each."""

from enum import StrEnum
from typing import Any, Generic, TypeVar

from ihala.directory.v1 import calendar_pb2
from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import (
    Claim,
    ContactKind,
    Delivery,
    Disclosure,
    LanguageMode,
    Modality,
    PointPrecision,
    ReachOut,
    Reporting,
    RuleKind,
    SchedulePurpose,
    Status,
    VettingState,
    refuse,
)
from services.hours import Calendar, Effect

E = TypeVar("E", bound=StrEnum)


class Words(Generic[E]):
    """
    One enum in both directions.

    Args:
        kind: The model's enum; its values are the wire's names without prefix.

        wire: The generated enum.

        default: What an unspecified value means; None if it is refused.
    """

    def __init__(self, kind: type[E], wire: Any, default: E | None) -> None:
        prefix = wire.Name(0).removesuffix("UNSPECIFIED")
        self._by_number = {wire.Value(prefix + word.name): word for word in kind}
        self._numbers = {word: number for number, word in self._by_number.items()}
        if default is not None:
            self._by_number[0] = default
        self._rule = f"must be one of {', '.join(word.name for word in kind)}"

    def read(self, field: str, number: int) -> E:
        """
        Read a value.

        Raises:
            InvalidInput: it is not one that this server knows, or unspecified
                where somebody must choose.
        """
        word = self._by_number.get(number)
        if word is None:
            raise refuse(field, self._rule)
        return word

    def write(self, word: E) -> Any:
        return self._numbers[word]


CLAIM = Words(Claim, pb.Claim, Claim.UNKNOWN)
DISCLOSURE = Words(Disclosure, pb.Disclosure, None)
STATUS = Words(Status, pb.Status, None)
REACH_OUT = Words(ReachOut, pb.ReachOut, ReachOut.NONE)
VETTING_STATE = Words(VettingState, pb.VettingState, VettingState.UNVETTED)
REPORTING = Words(Reporting, pb.Reporting, Reporting.UNKNOWN)
RULE_KIND = Words(RuleKind, pb.RuleKind, None)
MODALITY = Words(Modality, pb.Modality, Modality.SPOKEN)
LANGUAGE_MODE = Words(LanguageMode, pb.LanguageMode, LanguageMode.STAFF)
CALENDAR_KIND = Words(Calendar, pb.CalendarKind, None)
CALENDAR_EFFECT = Words(Effect, calendar_pb2.CalendarEffect, None)
CONTACT_KIND = Words(ContactKind, pb.ContactKind, None)
POINT_PRECISION = Words(PointPrecision, pb.PointPrecision, None)
DELIVERY = Words(Delivery, pb.Delivery, None)
SCHEDULE_PURPOSE = Words(SchedulePurpose, pb.SchedulePurpose, SchedulePurpose.OPENING)
