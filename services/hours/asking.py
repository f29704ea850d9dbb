"""Is somebody taken in at a moment, and when next."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from services.hours.entries import Entry
from services.hours.model import Answer, Rule, RuledBy, State, Timetable
from services.hours.spans import Question, Span
from services.hours.zones import DAY, zone

LOOK_AHEAD: Final = timedelta(days=60)
_STEP_DAYS: Final = 7
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)
_NOT_READ: Final = Answer(State.UNKNOWN, Rule(RuledBy.NOT_READ))
#: of several spans at one moment, the one that says most for the person counts
_ORDER: Final = (State.OPEN, State.UNKNOWN, State.CLOSED)


@dataclass(frozen=True, slots=True)
class Opening:
    """When people are surely taken in, and until when."""

    opens: datetime  #: in UTC; the moment asked about if it is open then
    closes: datetime
    rule: Rule


@dataclass(frozen=True, slots=True)
class Day:
    """Who is taken in around one local day, by one purpose: true of any moment of that day."""

    spans: tuple[Span, ...]  #: of the day and its neighbours
    otherwise: Answer  #: outside all of them

    def at(self, moment: datetime) -> Answer:
        """Say whether people are taken in at a moment of the day, and by which rule."""
        found = [span for span in self.spans if span.has(moment)]
        if not found:
            return self.otherwise
        chosen = min(found, key=lambda each: _ORDER.index(each.state))
        return Answer(chosen.state, chosen.rule)

    def steady_until(self, moment: datetime) -> datetime:
        """Say when a span begins or ends next after a moment: until then all moments of the day are alike."""
        ends = (end for span in self.spans for end in (span.opens, span.closes) if end > moment)
        return min(ends, default=_FOR_EVER)


def local_day(zone_name: str, at: datetime) -> date | None:
    """Say which day it is in a zone at a moment; None if nobody can say."""
    try:
        return at.astimezone(zone(zone_name)).date()
    except (ValueError, OverflowError):
        return None


def day_of(timetable: Timetable, entries: tuple[Entry, ...], today: date, *, is_intake: bool = True) -> Day:
    """Work a local day out once, for all moments of it; what cannot be read is unknown. See `intake`."""
    try:
        question = Question(timetable, entries, zone(timetable.zone), is_intake)
        around = tuple(question.spans(today - DAY, today + DAY))
        return Day(around, Answer(State.CLOSED, question.of_day(today)[1]))
    except (ValueError, OverflowError):
        return Day((), _NOT_READ)


def intake(timetable: Timetable, entries: tuple[Entry, ...], at: datetime, *, is_intake: bool = True) -> Answer:
    """
    Say whether people are taken in at a moment, and by which rule.

    Args:
        timetable: What the provider has said.

        entries: The announcements that apply to it, see `applying`.

        at: The moment, aware of its zone.

        is_intake: By intake hours, and by opening hours where there are no
            others; False: whether the house is open.
    """
    today = local_day(timetable.zone, at)
    return _NOT_READ if today is None else day_of(timetable, entries, today, is_intake=is_intake).at(at)


def next_open(
    timetable: Timetable,
    entries: tuple[Entry, ...],
    at: datetime,
    *,
    within: timedelta = LOOK_AHEAD,
    is_intake: bool = True,
) -> Opening | None:
    """Find the first moment from `at` on at which people are surely taken in; None: nobody can say one."""
    try:
        question = Question(timetable, entries, zone(timetable.zone), is_intake)
        first = at.astimezone(question.where).date()
        last = (at + within).astimezone(question.where).date()
        for day in _steps(first, last):
            spans = merged(question.spans(day - DAY, day + DAY * _STEP_DAYS))
            for span in spans:
                if span.closes > at and span.opens <= at + within:
                    return Opening(max(span.opens, at.astimezone(UTC)), span.closes, span.rule)
    except (ValueError, OverflowError):
        return None
    return None


def merged(spans: list[Span]) -> list[Span]:
    """List the spans that are surely open, in order, those that touch as one."""
    joined: list[Span] = []
    for span in sorted((each for each in spans if each.state is State.OPEN), key=lambda each: each.opens):
        if span.opens >= span.closes:
            continue
        if joined and span.opens <= joined[-1].closes:
            last = joined.pop()
            span = Span(last.opens, max(last.closes, span.closes), State.OPEN, last.rule)  # noqa: PLW2901 -- grown
        joined.append(span)
    return joined


def _steps(first: date, last: date) -> list[date]:
    return [first + DAY * number for number in range(0, (last - first).days + 1, _STEP_DAYS)]
