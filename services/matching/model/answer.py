"""What is answered: rows of providers, each list nearest first, and what excluded the others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from services.matching.model.hours import OpenState
from services.matching.model.needed import Needed
from services.matching.model.profile import Profile
from services.matching.model.provider import Provider
from services.matching.model.request import Item
from services.matching.model.travel import Travel


class Unknown(NamedTuple):
    """A fact that is missing, and the question that settles it."""

    constraint: str
    question: str
    ask: str  #: "person" or "provider"


class Caution(NamedTuple):
    """Something to know that does not exclude."""

    constraint: str
    code: str


class PlacesKind(StrEnum):
    """What is known of places."""

    COUNTED = "counted"
    NOT_COUNTED = "not_counted"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__  # an enum's own is slow, and rows are looked up by it


class PlacesView(NamedTuple):
    """How many places seem free: possible, not promised (R7)."""

    kind: PlacesKind
    free: int = 0  #: less what is held and booked; 0 or more
    report_time: datetime | None = None
    population: str = ""


NOT_COUNTED: Final = PlacesView(PlacesKind.NOT_COUNTED)  #: where nobody asks for places


@dataclass(frozen=True, slots=True)
class ClockLeft:
    """What is left of a clinical clock when care can begin (R47)."""

    code: str
    left: timedelta  #: negative: it has run out by then
    care_time: datetime


class Remarks:
    """
    What is remarked of many rows alike: made once, and known again as the same object.

    Args:
        unknowns: The facts that are missing.

        cautions: What to know that does not exclude.

        opens: Whether intake is open on arrival.

        is_vetted: Whether the provider is.
    """

    __slots__ = ("cautions", "is_vetted", "open", "unknowns", "written")

    def __init__(
        self, unknowns: tuple[Unknown, ...], cautions: tuple[Caution, ...], opens: OpenState, *, is_vetted: bool
    ) -> None:
        self.unknowns = unknowns
        self.cautions = cautions
        self.open = opens
        self.is_vetted = is_vetted
        self.written = b""  #: how a row says so; empty: not written yet

    def mentions(self, constraint: str) -> bool:
        """Say whether a constraint is unknown here, or a caution."""
        names = {each.constraint for each in self.unknowns} | {each.constraint for each in self.cautions}
        return constraint in names


class Row(NamedTuple):
    """One provider for one need."""

    profile: Profile
    cost_mm: int
    remarks: Remarks
    places: PlacesView
    items: tuple[Item, ...]  #: what a hold would take; empty: nothing to hold
    needed: Needed  #: what the offer would show
    travel: Travel | None  #: None: nobody has to go there, or it is too vaguely known
    clocks: tuple[ClockLeft, ...]  #: what is left of clinical clocks (R47)
    silence_mm: int = 0  #: what it costs that offers there ran out unread

    @property
    def provider(self) -> Provider:
        """Whom it is about."""
        return self.profile.provider

    @property
    def needed_fields(self) -> tuple[str, ...]:
        """What the offer would show, codes for a consent."""
        return self.needed.fields

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """The facts that are missing."""
        return self.remarks.unknowns
