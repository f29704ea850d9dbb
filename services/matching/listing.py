"""
The lists of an answer as columns: what is told of many providers at once, to be written without a row of each.

The columns say what `services.matching.rows` says of one provider after the
other, and a test holds both equal; rows are made once somebody looks at them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, cached_property, partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matching.arriving import clocks_left
from services.matching.choosing import Chosen, choose
from services.matching.index.excluding import Counts, excluded_by
from services.matching.index.marks import Reason
from services.matching.index.opening import NOT_ASKED, number_of
from services.matching.index.sieve import Sifted
from services.matching.index.telling import (
    ARRIVAL,
    AT_WHEN,
    COST_MM,
    HOURS,
    MARKS,
    NUMBER,
    OPENS,
    PART,
    TOLD,
    Told,
    all_have,
)
from services.matching.index.viewing import VIEW, Views
from services.matching.model.answer import ClockLeft, Row
from services.matching.model.hours import OpenState
from services.matching.model.profile import profile_of
from services.matching.model.provider import Provider
from services.matching.model.request import Asked, Need
from services.matching.model.travel import EPOCH, EVERY, moment
from services.matching.rows import OLD_REPORT_AFTER, Rows, remarks_of_one

_VIEW_TYPE: Final = np.dtype(np.int64)
_OLD_REPORT_AFTER_US: Final = OLD_REPORT_AFTER // timedelta(microseconds=1)


class Listing:
    """
    What is told for one need, in two lists after each other: who can, and whom to ask first.

    Args:
        asked: The question.

        parts: Who is left of each part of the directory.

        limit: How many a list has at most.
    """

    def __init__(self, asked: Asked, parts: Sequence[Sifted], limit: int) -> None:
        self.asked = asked
        self.parts = parts
        chosen = choose(asked, parts, limit)
        self.sure_count = chosen.sure_count
        self.told, not_asked_count = _told(parts, chosen)  #: a row each, as in `index.telling`
        if asked.calendar:
            self._note_announced()
        elif not_asked_count:
            self._note_opens()
        #: what is told of places; None: nobody asks for them
        self.places = self._places(parts) if asked.need.service.accommodation else None

    def __len__(self) -> int:
        return len(self.told)

    @cached_property
    def providers(self) -> Sequence[Provider]:
        """Who is listed."""
        numbers, parts = self.told[:, NUMBER].tolist(), self.told[:, PART].tolist()
        return [self.parts[part].block.providers[number] for part, number in zip(parts, numbers, strict=True)]

    @property
    def clocks(self) -> Sequence[tuple[ClockLeft, ...]] | None:
        """What is left of clinical clocks at each (R47); None: nobody said when it was."""
        if self.asked.need.hours_since_event is None:
            return None
        arrivals = self.told[:, ARRIVAL].tolist()
        return [
            clocks_left(self.asked, provider, self._time(arrival))
            for provider, arrival in zip(self.providers, arrivals, strict=True)
        ]

    def all_mention(self, constraint: str) -> bool:
        """Say whether a constraint is unknown, or a caution, at everybody who is listed."""
        if not len(self):
            return True
        is_life_first = self.asked.need.service.life_first
        return all_have(self.told, self.parts[0].block.tables.reasons.made(_mentions(constraint, is_life_first)))

    @property
    def silences_mm(self) -> Sequence[int] | None:
        """What the silence of each costs; None: nobody's costs anything."""
        return [*map(self.asked.silence_of, self.providers)] if self.asked.silence_mm else None

    def _places(self, parts: Sequence[Sifted]) -> Views:
        """Look up what is told of places, and note which reports are old."""
        views: Views = np.empty((len(self), VIEW), _VIEW_TYPE)
        for number, part in enumerate(parts):
            free = part.shelf.free
            if free is not None:
                free.look(self.asked, self.told, number, part.question.now_us - _OLD_REPORT_AFTER_US, views)
        return views

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The same as rows."""
        costs_mm = self.told[:, COST_MM].tolist()
        reasons = [self._reasons(place) for place in range(len(self))]
        return Rows(self.asked).rows(zip(costs_mm, self.providers, reasons, strict=True))

    def _note_opens(self) -> None:
        """Note whether intake is open on arrival, where the window of openings did not know it yet."""
        vocabulary = self.parts[0].block.vocabulary
        window = vocabulary.openings.around((self.asked.now_time - EPOCH) // EVERY, len(vocabulary.hours))
        for place in (self.told[:, OPENS] == NOT_ASKED).nonzero()[0].tolist():
            number, arrival = self.told[place, HOURS].item(), self.told[place, ARRIVAL].item()
            hours = vocabulary.hours_of(number)
            if arrival == AT_WHEN:
                self.told[place, OPENS] = number_of(hours.at(self.asked.when_time))
            else:
                self.told[place, OPENS] = window.ask(hours, number, arrival)

    def _note_announced(self) -> None:
        """Note whether intake is open on arrival, where something is announced."""
        for place, (provider, arrival) in enumerate(zip(self.providers, self.told[:, ARRIVAL].tolist(), strict=True)):
            hours = profile_of(provider).hours(self.asked.calendar)
            opens = OpenState.UNKNOWN if hours is None else hours.at(self._time(arrival))
            self.told[place, OPENS] = number_of(opens)

    def _time(self, number: int) -> datetime:
        return self.asked.when_time if number == AT_WHEN else moment(number)

    def _reasons(self, place: int) -> tuple[Reason, ...]:
        """List what is not a plain yes."""
        listed = self.parts[0].block.tables.reasons.listed
        return tuple([listed[number] for number in self.told[place, MARKS:].tolist() if number])


class NeedAnswer(NamedTuple):
    """The answer for one need."""

    need: Need
    listing: Listing
    counts: Counts  #: how many each constraint was the first to exclude
    confidential_safety_count: int = 0  #: of those that `safety` excluded, how many are confidential sites
    questions: tuple[str, ...] = ()  #: what to ask the person about this need

    @property
    def excluded(self) -> tuple[tuple[str, int], ...]:
        """Constraint and count, largest count first."""
        return tuple(excluded_by(self.counts).items())

    @property
    def matches(self) -> tuple[Row, ...]:
        """Every constraint said yes, nearest first."""
        return self.listing.rows[: self.listing.sure_count]

    @property
    def ask_first(self) -> tuple[Row, ...]:
        """None said no, something is unknown, nearest first."""
        return self.listing.rows[self.listing.sure_count :]


def _told(parts: Sequence[Sifted], chosen: Chosen) -> tuple[Told, int]:
    """
    Tell what hangs on facts and ways, and mark what is said.

    Returns:
        A row for each, and at how many it must be asked whether they are open.
    """
    if chosen.order is None:
        return parts[0].told(chosen.of_parts[0], 0)
    told, not_asked_count = [np.zeros((0, TOLD), dtype=np.int64)], 0
    for number, part in enumerate(parts):
        of_part, count = part.told(chosen.of_parts[number], number)
        told.append(of_part)
        not_asked_count += count
    return np.concatenate(told)[chosen.order], not_asked_count


@cache
def _mentions(constraint: str, is_life_first: bool) -> Callable[[Sequence[Reason]], npt.NDArray[np.bool_]]:  # noqa: FBT001 -- a key
    """Find what says by number of which reasons a constraint is unknown, or a caution: the same for the same."""
    return partial(_are_mentioned, constraint, is_life_first=is_life_first)


def _are_mentioned(constraint: str, reasons: Sequence[Reason], *, is_life_first: bool) -> npt.NDArray[np.bool_]:
    remarks = (remarks_of_one(each, is_life_first=is_life_first) for each in reasons)
    return np.array([False, *(each.mentions(constraint) for each in remarks)])
