"""
From what is said of hours to spans of time: who decides for a day, and what is shut out of it.

A span belongs to the local day on which it opens: the night from Thursday to
Friday is Thursday's, whatever is announced for Friday.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.hours.entries import Entry
from services.hours.model import (
    END_OF_DAY,
    MIDNIGHT,
    Calendar,
    ClockSpan,
    Effect,
    HoursException,
    Rule,
    RuledBy,
    Schedule,
    State,
    Timetable,
)
from services.hours.recurrence import occurs, until_moment
from services.hours.zones import DAY, moment

#: announced against everything that a provider says of itself
_OVERRULING: Final = frozenset({Calendar.CLOSURE, Calendar.CURFEW})
_ALL_DAY: Final = ClockSpan(MIDNIGHT, END_OF_DAY)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time, in UTC."""

    opens: datetime
    closes: datetime  #: the first moment outside
    state: State
    rule: Rule
    is_round_the_clock: bool = False

    def has(self, at: datetime) -> bool:
        return self.opens <= at < self.closes


@dataclass(frozen=True, slots=True)
class Question:
    """Whose hours, by which announcements, of which purpose."""

    timetable: Timetable
    entries: tuple[Entry, ...]  #: those that apply
    where: ZoneInfo
    is_intake: bool  #: intake hours, else opening hours; where only the other kind is known, that

    def spans(self, first_day: date, last_day: date) -> list[Span]:
        """List the spans that open on some days; none begins where a curfew or a closure shuts it out."""
        days = [first_day + DAY * number for number in range((last_day - first_day).days + 1)]
        spans = [span for day in days for span in self.of_day(day)[0]]
        for entry in self.entries:
            if entry.shuts_hours and self._concerns(is_intake=entry.is_intake):
                shut = [
                    self._span(day, each, _shut_state(entry), _by(entry))
                    for day in days
                    if entry.is_on(day)
                    for each in entry.spans
                ]
                spans = list(_cut(spans, shut, also_round_the_clock=entry.also_round_the_clock))
        return spans

    def of_day(self, day: date) -> tuple[list[Span], Rule]:
        """List the spans that open on a day, before anything is shut out of it, and say who decides for the day."""
        entry = self._announced(day)
        exception = self._exception(day)
        if exception is not None and (entry is None or entry.calendar not in _OVERRULING):
            return self._exceptional(day, *exception)
        ordinary = self._scheduled(day, None)
        if entry is None:
            return ordinary
        return self._replaced(day, entry, *ordinary)

    def _announced(self, day: date) -> Entry | None:
        on = [each for each in self.entries if each.is_on(day) and not each.shuts_hours]
        return max(
            (each for each in on if self._concerns(is_intake=each.is_intake)),
            key=lambda each: each.weight,
            default=None,
        )

    def _exception(self, day: date) -> tuple[int, HoursException] | None:
        found = None
        for number, each in enumerate(self.timetable.exceptions):
            if each.first_day <= day <= each.last_day and self._concerns(is_intake=each.is_intake):
                # what is said of intake itself counts before what is said of the house
                is_general = each.is_intake is not None and each.is_intake != self.is_intake
                if not (found is not None and is_general and found[1].is_intake == self.is_intake):
                    found = number, each
        return found

    def _concerns(self, *, is_intake: bool | None) -> bool:
        """Say whether a change of intake, of opening hours or of both matters: a shut house takes nobody in."""
        return is_intake is None or is_intake == self.is_intake or self.is_intake

    def _exceptional(self, day: date, number: int, exception: HoursException) -> tuple[list[Span], Rule]:
        rule = Rule(RuledBy.EXCEPTION, number)
        state = self._state_for(is_intake=exception.is_intake)
        return [self._span(day, each, state, rule) for each in exception.spans], rule

    def _state_for(self, *, is_intake: bool | None) -> State:
        """Say what other hours of the house tell of intake, where intake has hours of its own: nothing sure."""
        is_apart = any(each.is_intake and each.calendar is None for each in self.timetable.schedules)
        return State.UNKNOWN if self.is_intake and is_apart and is_intake is False else State.OPEN

    def _replaced(self, day: date, entry: Entry, ordinary: list[Span], rule: Rule) -> tuple[list[Span], Rule]:
        own, own_rule = self._scheduled(day, entry.calendar)
        if own_rule.by is not RuledBy.NO_HOURS and entry.calendar not in _OVERRULING:
            if not entry.is_sure:
                return [self._span(day, _ALL_DAY, State.UNKNOWN, _by(entry))], _by(entry)
            return own, own_rule if own else _by(entry)
        kept = [] if entry.also_round_the_clock else [each for each in ordinary if each.is_round_the_clock]
        if kept:
            return kept, rule
        by = _by(entry)
        if not entry.is_sure or entry.effect is Effect.UNCERTAIN:
            return [self._span(day, _ALL_DAY, State.UNKNOWN, by)], by
        if entry.effect is Effect.CLOSED or not ordinary:
            return [], by
        is_known = all(each.state is State.OPEN for each in ordinary)
        state = self._state_for(is_intake=entry.is_intake) if is_known else State.UNKNOWN
        return [self._span(day, each, state, by) for each in entry.spans], by

    def _scheduled(self, day: date, calendar: Calendar | None) -> tuple[list[Span], Rule]:
        """List the spans of the schedules for a calendar, or of the ordinary ones."""
        numbered = [(number, each) for number, each in enumerate(self.timetable.schedules) if each.calendar == calendar]
        chosen = [pair for pair in numbered if pair[1].is_intake == self.is_intake]
        state = State.OPEN if chosen or calendar is None else self._state_for(is_intake=False)
        chosen = chosen or numbered
        if not chosen:
            nothing = Rule(RuledBy.NO_HOURS)
            return [self._span(day, _ALL_DAY, State.UNKNOWN, nothing)], nothing
        spans = [span for number, each in chosen for span in self._of_schedule(day, number, each, state)]
        unread = next((each.rule for each in spans if each.rule.by is RuledBy.NOT_READ), None)
        return spans, unread or (spans[0].rule if spans else Rule(RuledBy.SCHEDULE))

    def _of_schedule(self, day: date, number: int, schedule: Schedule, state: State) -> Iterator[Span]:
        try:
            if not occurs(schedule.rrule, schedule.first_day, day):
                return
            until = until_moment(schedule.rrule)
            span = self._span(day, schedule.clock, state, Rule(RuledBy.SCHEDULE, number))
        except ValueError:
            yield self._span(day, _ALL_DAY, State.UNKNOWN, Rule(RuledBy.NOT_READ, number))
            return
        is_begun = schedule.start_time is None or schedule.start_time <= span.opens
        is_over = schedule.end_time is not None and span.opens >= schedule.end_time
        if is_begun and not is_over and (until is None or span.opens <= until):
            yield replace(span, is_round_the_clock=schedule.is_round_the_clock)

    def _span(self, day: date, clock: ClockSpan, state: State, rule: Rule) -> Span:
        opens = moment(day, clock.opens_at, self.where)
        is_same_day = clock.closes_at > clock.opens_at
        closes = moment(day if is_same_day else day + DAY, clock.closes_at, self.where)
        return Span(opens, closes, state, rule)


def _by(entry: Entry) -> Rule:
    return Rule(RuledBy.CALENDAR, entry_id=entry.entry_id)


def _shut_state(entry: Entry) -> State:
    return State.CLOSED if entry.is_sure else State.UNKNOWN


def _cut(spans: Iterable[Span], shut: Sequence[Span], *, also_round_the_clock: bool) -> Iterator[Span]:
    """Shut spans out of others; what is shut stays as a span of its own, that tells why."""
    for span in spans:
        pieces = [span]
        for out in shut if also_round_the_clock or not span.is_round_the_clock else ():
            pieces = [piece for each in pieces for piece in _without(each, out)]
        yield from pieces


def _without(span: Span, out: Span) -> Iterator[Span]:
    begin, end = max(span.opens, out.opens), min(span.closes, out.closes)
    if begin >= end or span.state is State.CLOSED:
        yield span
        return
    if span.opens < begin:
        yield replace(span, closes=begin)
    yield Span(begin, end, out.state, out.rule)
    if end < span.closes:
        yield replace(span, opens=end)
