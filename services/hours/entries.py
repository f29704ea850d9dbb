"""What is announced for a country or an area, and to whom it applies."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import h3

from services.hours.model import Calendar, ClockSpan, Effect

#: H3: a confidential site is known no finer, and nobody may learn its cell from its hours
FINEST_ENTRY_RESOLUTION: Final = 6
#: which of two announcements for one day counts: the graver, then that for the smaller area, then the later one
_GRAVITY: Final = (Calendar.RAMADAN, Calendar.HOLIDAY, Calendar.EID, Calendar.CURFEW, Calendar.CLOSURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An announcement: Ramadan hours, a feast, a closure, a curfew. By local days; a night belongs to its evening."""

    entry_id: str
    calendar: Calendar
    country_code: str  #: ISO 3166-1 alpha-2
    h3_cell: str = ""  #: of resolution 0 to 6; empty: the whole country
    first_day: date
    last_day: date | None = None  #: inside; None: until it is ended; before `first_day`: taken back
    effect: Effect = Effect.CLOSED
    spans: tuple[
        ClockSpan, ...
    ] = ()  #: HOURS: the hours instead; CLOSED: the hours in which all is shut, none: all day
    is_intake: bool | None = None  #: replaces intake or opening hours only; None: both
    also_round_the_clock: bool = False  #: also where a provider says that it is always open
    revision: int = 0  #: grows with each announcement
    is_sure: bool = True  #: False: the provider's area is too coarse to say whether it is inside

    def is_on(self, day: date) -> bool:
        """Say whether it is in force on a local day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    @property
    def shuts_hours(self) -> bool:
        """Whether it shuts some hours of a day, and leaves the others."""
        return self.effect is Effect.CLOSED and bool(self.spans)

    @property
    def weight(self) -> tuple[int, int, int, str]:
        """What decides between two that say something of one day: the greater counts."""
        resolution = h3.get_resolution(self.h3_cell) if self.h3_cell else -1
        return _GRAVITY.index(self.calendar), resolution, self.revision, self.entry_id


def applying(entries: Iterable[Entry], country_code: str, h3_cell: str) -> tuple[Entry, ...]:
    """
    Choose the announcements that apply to a provider.

    Args:
        entries: All that are announced.

        country_code: Of the provider.

        h3_cell: The finest cell that is known of it; empty: nobody knows where it is.

    Returns:
        Those for its country and its area; those of which nobody can say whether
        they apply have `is_sure` False.
    """
    found = []
    for entry in entries:
        is_inside = entry.country_code == country_code and _is_inside(entry.h3_cell, h3_cell)
        if is_inside is not False:
            found.append(entry if is_inside else replace(entry, is_sure=False))
    return tuple(found)


def _is_inside(area: str, cell: str) -> bool | None:
    if not area:
        return True
    if not cell:
        return None
    wide, narrow = h3.get_resolution(area), h3.get_resolution(cell)
    if narrow >= wide:
        return bool(h3.cell_to_parent(cell, wide) == area)
    return None if h3.cell_to_parent(area, narrow) == cell else False
