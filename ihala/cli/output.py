"""Print what a command has found: tables for people, one JSON document for programs."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDTH = 140  #: of a table that goes to a file or a pipe, in characters
IDS = frozenset({"provider", "referral", "offer", "consent", "task", "receiver", "device"})  #: columns to copy from


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="A table for people, or one JSON document.")]


def console() -> Console:
    """Return where people read, as wide as their window."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


def emit(document: Mapping[str, Any], form: Format, table: Callable[[Console], None]) -> None:
    """
    Print an answer.

    Args:
        document: The answer with the keys that docs/cli.md names.

        form: As asked for.

        table: Prints the same for people.
    """
    if form is Format.JSON:
        print(to_json(document))
    else:
        table(console())


def to_json(document: Any, *, indent: int | None = 2) -> str:
    """Write a document in any script as it is, times in UTC with a Z."""
    return json.dumps(document, ensure_ascii=False, indent=indent, default=_plain)


def a_table(*columns: str, title: str = "") -> Table:
    """Make a table; the columns whose name ends in `#` hold numbers, a line break stands where cells have one."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        is_number = column.endswith("#")
        table.add_column(
            column.removesuffix("#"),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number or column.partition("\n")[0] in IDS,
        )
    return table


def add_row(table: Table, *cells: Any) -> None:
    """Add a row of plain values; what looks like markup in them is text."""
    table.add_row(*("" if cell is None else escape(str(cell)) for cell in cells))


def first_text(texts: Mapping[str, str], languages: Sequence[str] = ("en", "fr", "ar")) -> str:
    """Return a text in the first of these languages that it is there in, else in any."""
    for language in languages:
        if language in texts:
            return texts[language]
    return next(iter(texts.values()), "")


def in_km(metres: float | None) -> str:
    """Say a distance for people."""
    if metres is None:
        return ""
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"  # noqa: PLR2004 -- metres in a kilometre


def utc_text(time: datetime | None) -> str | None:
    """Write a time in UTC."""
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local_text(time: datetime | None) -> str:
    """Say a time for people, on the clock of their machine, to the second, and how far that clock is from UTC."""
    if time is None:
        return ""
    there = time.astimezone()
    offset = there.isoformat()[-6:]  # a machine far away may have a clock of its own: +02:00 is said as +02
    return f"{there:%Y-%m-%d %H:%M:%S}{'Z' if offset == '+00:00' else offset.removesuffix(':00')}"


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return utc_text(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case Mapping():
            return dict(value)
        case set() | frozenset():
            return sorted(value)
        case Sequence():
            return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
