"""The small values that records are made of: texts, sources, periods, contacts, hours, reports."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from services.directory.model.checks import (
    MAX_NAME_COUNT,
    check_aware,
    check_code,
    check_count,
    check_dataset,
    check_text,
    language_tag,
    refuse,
)
from services.directory.model.words import (
    Claim,
    ContactKind,
    LanguageMode,
    Modality,
    Reporting,
    SchedulePurpose,
    VettingState,
)
from services.hours import Calendar, ClockSpan, check_rrule
from services.taxonomy import Kind

MAX_PLACES: Final = 100_000
MAX_SPANS: Final = 24  #: of one day
_LOCAL_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A text in one language, byte for byte as the source has it."""

    language: str  #: BCP 47, `und` where the source does not say
    text: str  #: 1 to 4000 characters

    def __post_init__(self) -> None:
        language_tag(self.language)
        check_text("text", self.text, 4000, required=True)


Texts = tuple[LocalizedText, ...]


def check_texts(field: str, texts: Texts, *, required: bool = False) -> None:
    """Check that there are not too many texts, and at least one if there must be."""
    if len(texts) > MAX_NAME_COUNT:
        check_count(field, texts, MAX_NAME_COUNT)
    if required and not texts:
        raise refuse(field, "must have at least one text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a record comes from."""

    dataset: str  #: [a-z0-9_.-]{1,64}
    source_key: str  #: 1 to 256 characters, unique in the dataset
    licence: str = ""  #: an SPDX id where there is one
    verified_time: datetime | None = None  #: when a person last verified it; None: nobody did

    def __post_init__(self) -> None:
        check_dataset("dataset", self.dataset)
        check_text("source_key", self.source_key, 256, required=True)
        check_text("licence", self.licence, 256)
        check_aware("verified_time", self.verified_time)


@dataclass(frozen=True, slots=True)
class Period:
    """A time span, open where an end is absent."""

    start_time: datetime | None = None  #: the first moment inside
    end_time: datetime | None = None  #: the first moment after

    def __post_init__(self) -> None:
        check_aware("start_time", self.start_time)
        check_aware("end_time", self.end_time)
        if self.start_time and self.end_time and self.start_time >= self.end_time:
            raise refuse("end_time", "must be after start_time")

    def has(self, time: datetime) -> bool:
        """Say whether a moment lies in the span."""
        return not (self.start_time and time < self.start_time) and not (self.end_time and time >= self.end_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOffer:
    """A language in which a provider can work."""

    language: str  #: BCP 47
    modality: Modality = Modality.SPOKEN
    mode: LanguageMode = LanguageMode.STAFF
    vetted: Claim = Claim.UNKNOWN  #: whether the interpreter is (R40)
    gender: str = ""  #: code of who speaks; empty: not known

    def __post_init__(self) -> None:
        language_tag(self.language)
        if self.gender:
            check_code("gender", Kind.GENDER, self.gender)


@dataclass(frozen=True, slots=True)
class Vetting:
    """The state of safeguarding checks, with its end; an expired one is derived, never stored."""

    state: VettingState = VettingState.UNVETTED
    expire_time: datetime | None = None  #: None: no end

    def __post_init__(self) -> None:
        check_aware("expire_time", self.expire_time)


@dataclass(frozen=True, slots=True)
class Firewall:
    """How far a provider stands from immigration enforcement (R29)."""

    reporting: Reporting = Reporting.UNKNOWN
    co_located: Claim = Claim.UNKNOWN  #: police or immigration in the same building


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to speak to a public provider."""

    kind: ContactKind
    value: str  #: as the source has it, 1 to 256 characters
    labels: Texts = ()

    def __post_init__(self) -> None:
        check_text("value", self.value, 256, required=True)
        check_texts("labels", self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReport:
    """How many places a pool has for one population, as last reported."""

    population: str  #: code, for example "girls"
    total: int | None = None  #: in [0, 100000]; None: not counted
    occupied: int | None = None  #: in [0, 100000]; may exceed the total: an honest report is accepted
    report_time: datetime  #: when it was so

    def __post_init__(self) -> None:
        check_code("population", Kind.POPULATION, self.population)
        for field, value in (("total", self.total), ("occupied", self.occupied)):
            if value is not None and not 0 <= value <= MAX_PLACES:
                raise refuse(field, f"must be in [0, {MAX_PLACES}]")
        check_aware("report_time", self.report_time)

    @property
    def has_free(self) -> bool:
        """Whether a free place was reported: both numbers are known, and one is left."""
        return self.total is not None and self.occupied is not None and self.total > self.occupied


def newest_reports(*reports: PlaceReport) -> tuple[PlaceReport, ...]:
    """Keep the newest report of each population, of two of one time the later in the list; ordered by population."""
    newest: dict[str, PlaceReport] = {}
    for report in sorted(reports, key=lambda each: each.report_time):
        newest[report.population] = report
    return tuple(newest[population] for population in sorted(newest))


@lru_cache(maxsize=4096)
def _check_rrule(rrule: str) -> None:
    """Refuse at the door what nobody could read afterwards, or only slowly."""
    if not rrule.startswith("FREQ="):
        raise refuse("rrule", "must be a recurrence of RFC 5545 that begins with FREQ")
    try:
        check_rrule(rrule)
    except ValueError as fault:  # its text says which rule is broken, never what was given
        raise refuse("rrule", str(fault)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A recurring span of hours, in the provider's zone."""

    purpose: SchedulePurpose = SchedulePurpose.OPENING
    rrule: str = ""  #: RFC 5545; empty: every day
    opens_at: str  #: HH:MM
    closes_at: str  #: HH:MM, 24:00 allowed; the next day if not after opens_at
    valid: Period = Period()
    first_day: date | None = None  #: from here the recurrence counts
    calendar: Calendar | None = None  #: in force only while this is announced; None: the ordinary hours

    def __post_init__(self) -> None:
        if self.rrule:
            _check_rrule(self.rrule)
        check_clock(self.opens_at, self.closes_at)


def check_clock(opens_at: str, closes_at: str) -> None:
    """Check the hours of a span."""
    if not _LOCAL_TIME.fullmatch(opens_at):
        raise refuse("opens_at", "must be a local time HH:MM")
    if closes_at != "24:00" and not _LOCAL_TIME.fullmatch(closes_at):
        raise refuse("closes_at", "must be a local time HH:MM, or 24:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursException:
    """Days on which the hours are others than usual, or none."""

    first_day: date
    last_day: date  #: inside
    purpose: SchedulePurpose | None = None  #: None: both
    spans: tuple[ClockSpan, ...] = ()  #: open instead; empty: closed

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise refuse("last_day", "must not be before first_day")
        check_count("spans", self.spans, MAX_SPANS)
        for span in self.spans:
            check_clock(span.opens_at, span.closes_at)
