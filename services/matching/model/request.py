"""What is asked: needs, an origin, a person, an envelope; and the one question put to each provider."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Final

from services.errors import InvalidInput
from services.geo import Origin
from services.hours import Entry
from services.matching.model.lines import Line
from services.matching.model.person import Person
from services.matching.model.provider import Provider
from services.matching.model.safety import NO_ENVELOPE, Envelope, Placed
from services.matching.model.travel import USUAL_PACE, Mode, Pace
from services.taxonomy import Service, Urgency
from services.values import value

MAX_NEEDS: Final = 16
MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 10
MAX_ITEM_COUNT: Final = 1000
FARTHEST_M: Final = 20_003_932.0  #: half way round the earth
ANYONE: Final = "anyone"  #: the population that serves everybody

#: (pool id, population) -> places held and booked; a place that is absent has none
TakenPlaces = Mapping[tuple[str, str], int]


@value
class Item:
    """A number of places for one population."""

    population: str
    count: int  #: in [1, 1000]


@value
class Need:
    """One thing that a person needs."""

    service: Service
    staff_gender: str = ""  #: preferred for this encounter, empty for any
    items: tuple[Item, ...] = ()  #: places; empty: one for the person
    has_risk_assessment: bool = False  #: recorded elsewhere (R27)
    urgency: Urgency = Urgency.NORMAL
    hours_since_event: float | None = None  #: for clinical clocks (R47); None: nobody asked
    is_remote: bool = False  #: it may come by telephone, so that nobody has to go anywhere
    has_best_interests: bool = False  #: a best-interests procedure is recorded elsewhere (R35)
    has_interpreter: bool = False  #: a vetted interpreter joins, as by telephone (R40)
    added_by: str = ""  #: the requirement by which it was added; empty: it was asked for

    @property
    def code(self) -> str:
        """The service code."""
        return self.service.code


@value
class Enquiry:
    """
    A whole request: what is needed, where and by whom.

    Raises:
        InvalidInput: the needs or the limit are out of range.
    """

    needs: tuple[Need, ...]
    origin: Origin = field(repr=False)  #: used in memory, never stored or logged
    country_code: str = ""  #: of the origin; empty if nobody knows
    person: Person | None = None  #: None: a plain search (R2)
    excluded_provider_ids: frozenset[str] = field(default=frozenset(), repr=False)
    envelope: Envelope = field(default=NO_ENVELOPE, repr=False)
    apart: tuple[Placed, ...] = field(default=(), repr=False)  #: persons to keep away from (R25)
    together: tuple[Placed, ...] = field(default=(), repr=False)  #: persons to stay with (R25)
    mode: Mode = Mode.CAR
    when_time: datetime | None = None  #: when the person would be there; None: now
    limit: int = DEFAULT_LIMIT  #: rows per list
    max_cost_mm: int | None = None  #: None: no limit

    def __post_init__(self) -> None:
        asked_for = len(self.needs)
        for each in self.needs:
            if each.added_by:
                asked_for -= 1
        if not 1 <= asked_for <= MAX_NEEDS:
            raise InvalidInput(f"needs must be 1 to {MAX_NEEDS}")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidInput(f"limit must be in [0, {MAX_LIMIT}]")


@value
class Asked:
    """What every constraint may look at besides the provider: one need of an enquiry, at a time."""

    need: Need
    origin: Origin = field(repr=False)
    when_time: datetime  #: when the person would be there
    now_time: datetime  #: when the question is asked; what ages is judged by it
    country_code: str = ""
    person: Person | None = None
    excluded_provider_ids: frozenset[str] = field(default=frozenset(), repr=False)
    max_cost_mm: int | None = None
    envelope: Envelope = field(default=NO_ENVELOPE, repr=False)
    mode: Mode = Mode.CAR
    pace: Pace = USUAL_PACE
    lines: tuple[Line, ...] = ()  #: that coordinators have drawn
    taken: TakenPlaces | None = None  #: None: nobody knows at present what is held and booked
    calendar: tuple[Entry, ...] = ()  #: what is announced and changes hours
    silence_mm: Mapping[str, int] | None = None  #: what silence costs, by provider; None: nobody anything

    def silence_of(self, provider: Provider) -> int:
        """Say what a provider's silence costs, in whole millimetres; nobody learns it of a confidential site."""
        if not self.silence_mm or provider.is_confidential:
            return 0
        return self.silence_mm.get(provider.provider_id, 0)

    @classmethod
    def of(
        cls,
        enquiry: Enquiry,
        need: Need,
        now: datetime,
        taken: TakenPlaces | None,
        calendar: tuple[Entry, ...] = (),
        *,
        lines: tuple[Line, ...] = (),
        pace: Pace = USUAL_PACE,
        silence_mm: Mapping[str, int] | None = None,
    ) -> "Asked":
        """Put one need of an enquiry as a question."""
        # where life comes first nobody is put behind (R59)
        silence = None if need.service.life_first else silence_mm
        return cls(  # in their order: by name takes three times as long
            need,
            enquiry.origin,
            enquiry.when_time or now,
            now,
            enquiry.country_code,
            enquiry.person,
            enquiry.excluded_provider_ids,
            enquiry.max_cost_mm,
            enquiry.envelope,
            enquiry.mode,
            pace,
            lines,
            taken,
            calendar,
            silence,
        )
