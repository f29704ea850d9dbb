"""Read what is typed for places, ages, times and people; what is wrong is said with the rule."""

import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar

from ihala.directory_client import Directory
from ihala.person import Absence, AgeBasis, AgeRange, Gender, PlaceId, Process, Sex
from services.errors import InvalidInput, NotFound, Reason, Violation
from services.geo import AreaCell, Point

TOWN_LIMIT: Final = 10
UNKNOWN: Final = "unknown"
PLACE_ID: Final = re.compile(r"[a-z]+:\w+", re.ASCII)
CELL: Final = re.compile(r"[0-9a-f]{15}", re.ASCII)
COUNTRY_TOWN: Final = re.compile(r"([A-Z]{2}):(.+)")
NOON: Final = time(12, tzinfo=UTC)

E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a search starts, and how to say it."""

    origin: Point | AreaCell | PlaceId
    document: Mapping[str, Any]  #: for the answer


async def start_of(text: str, country_code: str, directory: Directory, field: str = "at") -> Start:
    """
    Read `LAT,LON`, a place id, an H3 cell, or a town's name in any script, `LY:Name` or `Name`.

    Of several towns of a name the most populous is taken, and that is said on standard error.

    Raises:
        InvalidInput: a coordinate is out of range or not a number.

        NotFound: no town has the name.
    """
    text = text.strip()
    if not text:
        raise InvalidInput(f"{field} must be LAT,LON or the name of a town")
    if (point := _point(text, field)) is not None:
        return Start(point, {"latitude_deg": point.latitude_deg, "longitude_deg": point.longitude_deg})
    if CELL.fullmatch(text):
        return Start(AreaCell(text), {"h3_cell": text})
    if PLACE_ID.fullmatch(text):
        return Start(PlaceId(text), {"place_id": text})
    if found := COUNTRY_TOWN.fullmatch(text):
        country_code, text = found.groups()
    towns = await directory.resolve_place(text, country_code, limit=TOWN_LIMIT)
    if not towns:
        rule = "must be LAT,LON, or a name that a town has"
        raise NotFound(f"{field} {rule}", fields=[Violation(field, rule)])
    taken, *others = towns
    if others:
        more = "; ".join(f"{each.name}, {each.country_code} ({each.place_id})" for each in others[:3])
        print(
            f"note: {field} is taken as {taken.name}, {taken.country_code} ({taken.place_id}), the most populous of "
            f"{len(towns)}{'+' if len(towns) == TOWN_LIMIT else ''} of that name; others: {more}",
            file=sys.stderr,
        )
    named = {"place_id": taken.place_id, "name": taken.name, "country_code": taken.country_code}
    return Start(PlaceId(taken.place_id), named)


def _point(text: str, field: str) -> Point | None:
    latitude, comma, longitude = text.partition(",")
    try:
        degrees = (float(latitude), float(longitude))
    except ValueError:
        if comma and re.fullmatch(r"[-+.\d\s]+", latitude):  # no town begins like a number
            raise InvalidInput(f"{field} must be LAT,LON in degrees with points, as 32.9,13.2") from None
        return None
    if not all(map(math.isfinite, degrees)):
        raise InvalidInput(f"{field} must be LAT,LON in degrees with points, as 32.9,13.2")
    return Point(*degrees)


def age_of(text: str | None, basis: str = "stated") -> AgeRange | Absence:
    """
    Read `N`, `A-B`, or `unknown`.

    Raises:
        InvalidInput: it is none of them.
    """
    if text is None:
        return Absence.NOT_ASKED
    if text == UNKNOWN:
        return Absence.ASKED_NOT_KNOWN
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", text, re.ASCII)
    if found is None:
        raise InvalidInput("age must be a number of years, a range as 15-17, or unknown")
    youngest = int(found[1])
    return AgeRange(youngest, int(found[2] or youngest), word_in(AgeBasis, basis, "age_basis"))


def gender_of(text: str | None) -> tuple[Sex | Absence, Gender | Absence]:
    """
    Read a gender, or `female` and `male`, which say the sex alone.

    Raises:
        InvalidInput: there is no such word (UNKNOWN_CODE).
    """
    match text:
        case None:
            return Absence.NOT_ASKED, Absence.NOT_ASKED
        case "unknown":
            return Absence.NOT_ASKED, Absence.ASKED_NOT_KNOWN
        case "declined":
            return Absence.NOT_ASKED, Absence.DECLINED
        case "female" | "male" | "intersex":
            return Sex(text), Absence.NOT_ASKED
        case _:
            return Absence.NOT_ASKED, word_in(Gender, text, "gender", extra=[each.value for each in Sex])


def codes_of(texts: Sequence[str] | None) -> Sequence[str] | Absence:
    """Read languages or codes; `unknown` alone says that they were asked for and are not known."""
    if not texts:
        return Absence.NOT_ASKED
    return Absence.ASKED_NOT_KNOWN if list(texts) == [UNKNOWN] else tuple(texts)


def process_of(text: str | None) -> Process | Absence:
    """Read what is presumed of the process."""
    if text is None:
        return Absence.NOT_ASKED
    return Absence.ASKED_NOT_KNOWN if text == UNKNOWN else word_in(Process, text, "process")


def time_of(text: str | None, field: str) -> datetime | None:
    """
    Read a time as RFC 3339 has it, or a day, which means its noon in UTC.

    Raises:
        InvalidInput: it is neither, or a time without its zone.
    """
    if text is None:
        return None
    rule = "must be a day as 2026-02-15 or a time with its zone as 2026-02-15T08:00:00+02:00"
    try:
        if len(text) == len("2026-02-15"):
            return datetime.combine(date.fromisoformat(text), NOON)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{field} {rule}") from None
    if found.tzinfo is None:
        raise InvalidInput(f"{field} {rule}")
    return found


def word_in(words: type[E], text: str, field: str, extra: Sequence[str] = ()) -> E:
    """
    Read one word of a closed list.

    Raises:
        InvalidInput: there is no such word (UNKNOWN_CODE).
    """
    try:
        return words(text)
    except ValueError:
        known = ", ".join([*(each.value for each in words), *extra])
        raise InvalidInput(f"{field} must be one of {known}", reason=Reason.UNKNOWN_CODE) from None


def text_of(file: Path, field: str) -> str:
    """
    Read a file of text; `-` is standard input.

    Raises:
        NotFound: there is no such file.

        InvalidInput: it is not text in UTF-8.
    """
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(f"{field} names a file that is not there") from None
    except (IsADirectoryError, UnicodeDecodeError):
        raise InvalidInput(f"{field} must be a file of text in UTF-8") from None


def bytes_of(file: Path, field: str) -> bytes:
    """
    Read a file of bytes that are opaque here.

    Raises:
        NotFound: there is no such file.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{field} names a file that is not there") from None
