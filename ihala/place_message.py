"""
Read a report of places that fits an SMS: `PLACES girls 3/6` says that three of six places for girls are free.

Several populations follow each other, with or without commas. Keyword and
populations may be in English, French or Arabic, digits in Arabic script too. A
message that is not understood as a whole reports nothing: half of it would.
"""

import re
from functools import cache
from typing import Final

from ihala.records import PlaceReport
from services.errors import InvalidInput
from services.taxonomy import Kind, vocabulary
from services.towns import normalise

MAX_LENGTH: Final = 480  #: characters: three SMS
MAX_PLACES: Final = 100_000
KEYWORDS: Final = frozenset({"places", "place", "lits", "اماكن"})
LANGUAGES: Final = ("en", "fr", "ar")
_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_REPORT: Final = re.compile(r"\s*[,،;]?\s*([^\d,،;/]+?)\s*(?<![-+−])(\d{1,6})\s*/\s*(\d{1,6})(?=\s|[,،;.]|$)")
_END: Final = re.compile(r"[\s.,،;]*")


def is_place_message(text: str) -> bool:
    """Say whether a text begins as such a message."""
    return normalise((text.split(maxsplit=1) or [""])[0]) in KEYWORDS


def reports_of_message(text: str) -> list[PlaceReport]:
    """
    Read what a message reports.

    Args:
        text: For example `PLACES girls 3/6, women 0/10`: free of all.

    Raises:
        InvalidInput: the message is not understood; it says what was expected, never what came.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"message must have at most {MAX_LENGTH} characters")
    if not is_place_message(text):
        raise InvalidInput("message must begin with PLACES, for example PLACES girls 3/6")
    rest = text.translate(_DIGITS).split(maxsplit=1)[1:]
    return _reports(rest[0] if rest else "")


def _reports(rest: str) -> list[PlaceReport]:
    reports: list[PlaceReport] = []
    at = 0
    while found := _REPORT.match(rest, at):
        reports.append(_report(found[1], int(found[2]), int(found[3]), len(reports) + 1))
        at = found.end()
    if not reports or not _END.fullmatch(rest, at):
        raise InvalidInput("message must be PLACES and for each population FREE/ALL, for example PLACES girls 3/6")
    if len({report.population for report in reports}) != len(reports):
        raise InvalidInput("message must name no population twice")
    return reports


def _report(name: str, free: int, total: int, number: int) -> PlaceReport:
    population = _populations().get(normalise(name))
    if population is None:
        raise InvalidInput(f"message must name a population of the vocabulary as its number {number}")
    if free > total or total > MAX_PLACES:
        raise InvalidInput(f"message must say FREE/ALL with no more free than there are, at its number {number}")
    return PlaceReport(population=population, total=total, occupied=total - free)


@cache
def _populations() -> dict[str, str]:
    """Map what people write to codes: the codes themselves and their labels."""
    codes = {}
    for language in LANGUAGES:
        for entry in vocabulary(Kind.POPULATION, language):
            codes[normalise(entry.label)] = entry.term.code
            codes[normalise(entry.term.code)] = entry.term.code
    return codes
