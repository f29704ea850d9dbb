"""What is announced for a country or an area and changes hours there (R48)."""

from dataclasses import dataclass
from typing import Final

import h3

from services.directory.model.checks import check_count, check_country, refuse
from services.directory.model.values import MAX_SPANS, Texts, check_clock, check_texts
from services.errors import Reason
from services.geo import centre_of
from services.hours import FINEST_ENTRY_RESOLUTION, Effect, Entry

LONGEST_DAYS: Final = 400  #: from the first day to the last, where there is one


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One announcement and what it is called."""

    entry: Entry
    names: Texts

    def __post_init__(self) -> None:
        entry = self.entry
        check_texts("names", self.names, required=True)
        check_country("country_code", entry.country_code)
        if entry.h3_cell:
            centre_of(entry.h3_cell)  # raises for what is no cell
            if h3.get_resolution(entry.h3_cell) > FINEST_ENTRY_RESOLUTION:
                rule = f"must not be finer than resolution {FINEST_ENTRY_RESOLUTION}"
                raise refuse("h3_cell", rule, Reason.FINER_THAN_ALLOWED)
        if entry.last_day is not None and (entry.last_day - entry.first_day).days > LONGEST_DAYS:
            raise refuse("last_day", f"must not be more than {LONGEST_DAYS} days after first_day")
        check_count("spans", entry.spans, MAX_SPANS)
        for span in entry.spans:
            check_clock(span.opens_at, span.closes_at)
        if bool(entry.spans) != (entry.effect is Effect.HOURS) and entry.effect is not Effect.CLOSED:
            raise refuse("spans", "must be given for HOURS, and not for UNCERTAIN")
