"""
Print pages for people in their language; from right to left where it is written so.

What comes from elsewhere (names, numbers, codes) is isolated inside Arabic text,
so that it does not turn the words around it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.text import Text

from ihala.cli.match_words import LANGUAGES, WORDS
from ihala.cli.output import a_table, add_row, first_text
from services.errors import InvalidInput, Reason
from services.geo import DistanceBand
from services.taxonomy import Kind, services, terms

_ISOLATE, _END = "\u2068", "\u2069"  #: first strong isolate, and pop
_FROM_THE_RIGHT: Final = frozenset({"ar"})
_KM: Final = 1000.0  #: metres
_SECONDS: Final = 60

PageLanguageOption = Annotated[str, typer.Option("--page-language", help="Of what is printed: en, fr or ar.")]


def read_language(text: str) -> str:
    """
    Read the language of a page.

    Raises:
        InvalidInput: pages are not written in it (UNKNOWN_CODE).
    """
    if text not in LANGUAGES:
        raise InvalidInput(f"page_language must be one of {', '.join(LANGUAGES)}", reason=Reason.UNKNOWN_CODE)
    return text


class Page:
    """
    Where something is printed.

    Args:
        console: Where people read.

        language: One of `LANGUAGES`.
    """

    def __init__(self, console: Console, language: str) -> None:
        self._console = console
        self.language = language
        self.words: Mapping[str, str] = WORDS[language]
        self._is_from_the_right = language in _FROM_THE_RIGHT

    def table(self, heads: str, rows: Iterable[Iterable[object]], title: str = "") -> None:
        """
        Print rows under heads that are written with `|` between; the first column is where one begins to read.

        A head that ends in `#` is of numbers, one in `!` of what is copied and must not be broken.
        """
        columns = heads.split("|")
        listed = [["" if cell is None else self.isolated(str(cell)) for cell in row] for row in rows]
        if self._is_from_the_right:
            columns.reverse()
            listed = [row[::-1] for row in listed]
        table = a_table(*(each.removesuffix("!") for each in columns), title=title)
        for column, head in zip(table.columns, columns, strict=True):
            column.no_wrap = column.no_wrap or head.endswith("!")
        if self._is_from_the_right:
            table.title_justify = "right"
            for column in table.columns:
                column.justify = "right"
        for row in listed:
            add_row(table, *row)
        self._console.print(table, justify="right" if self._is_from_the_right else None)

    def line(self, text: str = "") -> None:
        """Print a line."""
        self._console.print(Text(text), justify="right" if self._is_from_the_right else None)

    def items(self, title: str, lines: Iterable[str]) -> None:
        """Print a list under its title; nothing for an empty one."""
        listed = list(lines)
        if listed:
            self.line(f"{title}:")
            for each in listed:
                self.line(f"  - {each}")

    def say(self, word: str, **values: object) -> str:
        """Say a sentence of the words with values in it."""
        return self.words[word].format(**{name: self.isolated(str(value)) for name, value in values.items()})

    def isolated(self, text: str) -> str:
        """Keep a text from turning what stands around it."""
        return f"{_ISOLATE}{text}{_END}" if self._is_from_the_right and text else text

    def label(self, kind: Kind, code: str) -> str:
        """Say a code in words; one that this version does not know stays a code."""
        if kind is Kind.SERVICE:
            return services()[code].labels[self.language] if code in services() else code
        listed = terms(kind)
        return listed[code].labels[self.language] if code in listed else code

    def name(self, names: Mapping[str, str]) -> str:
        """Choose a name in the language of the page, else in another."""
        return first_text(names, (self.language, *LANGUAGES))

    def far(self, distance_m: float | None, band: DistanceBand | None) -> str:
        """Say how far it is, as exactly as may be known."""
        if band is not None:
            return self.words.get(str(band.value).upper(), band.value)
        if distance_m is None:
            return ""
        number, unit = (f"{distance_m:.0f}", "m") if distance_m < _KM else (f"{distance_m / _KM:.1f}", "km")
        return f"{number.replace('.', ',') if self.language == 'fr' else number} {self.words[unit]}"

    def long(self, time: timedelta) -> str:
        """Say how long, in hours and minutes."""
        hours, minutes = divmod(int(time.total_seconds()) // _SECONDS, _SECONDS)
        said = [f"{hours} {self.words['h']}"] if hours else []
        return " ".join([*said, f"{minutes} {self.words['min']}"] if minutes or not said else said)

    def at(self, time: datetime, time_zone: str, today: datetime) -> str:
        """Say a time on the clock of a place, with its day where that is another."""
        try:
            zone = ZoneInfo(time_zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo("UTC")
        there, now = time.astimezone(zone), today.astimezone(zone)
        return f"{there:%H:%M}" if there.date() == now.date() else f"{there:%Y-%m-%d %H:%M}"
