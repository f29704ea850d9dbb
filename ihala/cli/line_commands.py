"""`ihala lines`: closed borders, front lines and curfews that a coordinator draws (R60)."""

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.record_client import Document, Records
from services.errors import InvalidInput
from services.geo import Point

MAX_BYTES: Final = 1_000_000  #: of a file with a line

lines = typer.Typer(help="Lines that nobody can cross: list, draw, end.", no_args_is_help=True)


class Kind(StrEnum):
    """What stops people."""

    CLOSED_BORDER = "closed_border"
    FRONT_LINE = "front_line"
    CURFEW = "curfew"


@lines.command("list")
@command
async def list_lines(
    form: FormatOption = Format.TABLE, profile: ProfileOption = None, actor: ActorOption = None
) -> None:
    """List the lines that are drawn now."""
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        found = await records.lines()
    emit({"lines": found}, form, lambda console: _show(console, found))


@lines.command()
@command
async def draw(
    kind: Annotated[Kind, typer.Argument()],
    name: Annotated[str, typer.Argument(help="What coordinators call it.")],
    file: Annotated[Path, typer.Argument(help="GeoJSON with one LineString.", exists=True, dir_okay=False)],
    language: Annotated[str, typer.Option(help="Of the name (BCP 47).")] = "und",
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Draw a line."""
    points = points_of(file)
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        drawn = await records.draw_line(kind.value, name, points, language=language, request_id=request_id)
    emit(drawn, form, lambda console: _show(console, [drawn]))


@lines.command()
@command
async def end(
    line_id: Annotated[str, typer.Argument()],
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """End a line: it never comes back; draw a new one."""
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        ended = await records.end_line(line_id, request_id=request_id)
    emit(ended, form, lambda console: _show(console, [ended]))


def points_of(file: Path) -> list[Point]:
    """
    Read the one LineString of a GeoJSON file: a geometry, a feature, or a collection of one.

    Raises:
        InvalidInput: it is too large, or not that.
    """
    fault = InvalidInput("file must be GeoJSON with one LineString of at most 1 MB")
    if file.stat().st_size > MAX_BYTES:
        raise fault
    try:
        found = json.loads(file.read_bytes())
        if found["type"] == "FeatureCollection":
            (found,) = found["features"]
        if found["type"] == "Feature":
            found = found["geometry"]
        if found["type"] != "LineString":
            raise fault
        return [Point(float(position[1]), float(position[0])) for position in found["coordinates"]]
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        raise fault from None


def _show(console: Console, found: Sequence[Document]) -> None:
    table = a_table("line", "kind", "name", "points#", "hours", "ended")
    for each in found:
        hours = f"{each['starts_at']}-{each['ends_at']}" if each["starts_at"] else "all day"
        cells = (each["line_id"], each["kind"], each["name"], len(each["points"]), hours)
        add_row(table, *cells, "ended" if each["ended"] else "")
    console.print(table)
