"""The answer to a search: two lists a need, each row with what is known, what is not, and what to know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.errors import NotFound
from services.geo import AreaCell, DistanceBand, Point


@dataclass(frozen=True, slots=True)
class ReceiverClass:
    """A class of receivers that a consent names instead of single ones."""

    codes: Sequence[str]
    area_cells: Sequence[str] = ()  #: H3 cells of resolution 3; empty: anywhere
    vetted: bool = True  #: vetted or listed providers only


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What is known of places. It is possible, not promised: only a live hold is (R7)."""

    kind: str  #: "counted", "not_counted" or "unknown"
    free: int | None = None  #: places free; None if not counted
    population: str = ""
    report_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that is missing, and the question that settles it."""

    constraint: str
    question: str  #: a code
    ask: str  #: "person" or "provider"


@dataclass(frozen=True, slots=True)
class Caution:
    """Something to know that does not exclude (R59)."""

    constraint: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """When the person would be there: an estimate, nobody has looked at roads."""

    duration: timedelta
    arrival_time: datetime
    mode: str  #: "car", "public" or "foot"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalClock:
    """What is left of a time inside which care helps, when care can begin (R47)."""

    code: str
    left: timedelta  #: negative: it has run out by then
    care_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One provider for one need."""

    need_no: int
    code: str
    provider_id: str
    names: Mapping[str, str]  #: by language; an alias for a confidential site
    place: Point | AreaCell | None
    distance_m: float | None  #: None for a confidential site
    band: DistanceBand | None  #: for a confidential site
    cost_m: float | None
    unknowns: Sequence[Unknown]
    cautions: Sequence[Caution]
    places: Places
    contacts: Sequence[tuple[str, str]]  #: (kind, value)
    open: str  #: "open", "closed" or "unknown"
    reach_out: str
    service_codes: Sequence[str]
    dataset: str
    source_key: str
    country_code: str
    time_zone: str
    is_vetted: bool
    area_cell: str
    needed_fields: Sequence[str]  #: what the offer would show; pass them to `record_consent`
    verified_time: datetime | None
    receiver_heard_time: datetime | None
    travel: Travel | None = None  #: None: nobody has to go there, or it is too vaguely known
    clinical_clocks: Sequence[ClinicalClock] = ()
    cost_parts: Mapping[str, float] = field(default_factory=dict)  #: metres by code: `distance`, `silence`

    @property
    def receiver_class(self) -> ReceiverClass:
        """The class of receivers like this one: its code, its coarse area, vetted if it is."""
        return ReceiverClass((self.code,), (self.area_cell,) if self.area_cell else (), self.is_vetted)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedMatches:
    """The two lists of one need, each nearest first, never merged."""

    need_no: int
    code: str
    matches: Sequence[Row]  #: every constraint said yes
    ask_first: Sequence[Row]  #: none said no, something is unknown
    excluded: Mapping[str, int]  #: how many fell, by constraint
    added_by: str = ""  #: the requirement by which it was added; empty: it was asked for
    confidential_safety_count: int = 0  #: of those that `safety` excluded, how many are confidential sites
    questions: Sequence[str] = ()  #: what to ask the person about this need, codes


@dataclass(frozen=True, slots=True)
class SafetyConflict:
    """Two wishes of the safety envelope that cannot both hold; a person decides (R25)."""

    code: str
    person_refs: Sequence[str]


@dataclass(frozen=True, slots=True)
class MatchToken:
    """Proof of an answer for `refer`, valid 30 minutes, with the request that it was made for."""

    text: str
    request: object = field(repr=False)  #: the SDK's own; sent again with the referral


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to `find_matches`: one `NeedMatches` a need, found by code or number."""

    needs: Sequence[NeedMatches]
    token: MatchToken
    directory_epoch: str
    directory_revision: int
    evaluated_time: datetime
    rules_version: str
    safety_conflicts: Sequence[SafetyConflict] = ()
    rescreen: Sequence[str] = ()  #: what to ask again, codes in their order; empty: nothing suggests it (R44)

    def __getitem__(self, code: str | int) -> NeedMatches:
        """
        Return the lists of a need.

        Raises:
            NotFound: no need of the request has the code.
        """
        for need in self.needs:
            if code in {need.code, need.need_no}:
                return need
        raise NotFound("needs must have the code asked for")

    def __iter__(self) -> Iterator[NeedMatches]:
        return iter(self.needs)
