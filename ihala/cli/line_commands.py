"""`ihala lines`: closed borders, front lines and curfews that a coordinator draws (R60)."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.geojson_files import line_of
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.cli.typed import time_of
from ihala.record_client import Document, Records
from services.errors import InvalidInput

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
    since: Annotated[str | None, typer.Option("--from", help="In force from then; else at once.")] = None,
    to: Annotated[str | None, typer.Option(help="In force until then; else until it is ended.")] = None,
    hours: Annotated[str, typer.Option(help="20:00-06:00: only at these hours, every day.")] = "",
    time_zone: Annotated[str, typer.Option(help="Of the hours, as Africa/Tripoli.")] = "",
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Draw a line."""
    points = line_of(file)
    starts_at, ends_at = _hours(hours)
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        drawn = await records.draw_line(
            kind.value,
            name,
            points,
            language=language,
            start_time=time_of(since, "from"),
            end_time=time_of(to, "to"),
            starts_at=starts_at,
            ends_at=ends_at,
            time_zone=time_zone,
            request_id=request_id,
        )
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


def _hours(text: str) -> tuple[str, str]:
    starts_at, dash, ends_at = text.partition("-")
    if text and not (starts_at and dash and ends_at):
        raise InvalidInput("hours must be HH:MM-HH:MM")
    return starts_at, ends_at


def _show(console: Console, found: Sequence[Document]) -> None:
    table = a_table("line", "kind", "name", "points#", "from", "to", "hours", "ended")
    for each in found:
        hours = f"{each['starts_at']}-{each['ends_at']}" if each["starts_at"] else "all day"
        cells = (each["line_id"], each["kind"], each["name"], len(each["points"]))
        valid = each["valid"]
        times = (valid.get("start_time", ""), valid.get("end_time", ""))
        add_row(table, *cells, *times, hours, "ended" if each["ended"] else "")
    console.print(table)
