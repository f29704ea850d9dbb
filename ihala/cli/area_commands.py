"""`ihala areas`: where people are served, drawn with any tool that writes GeoJSON."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ihala.area_client import Areas, Document
from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.geojson_files import outlines_of
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit

areas = typer.Typer(help="Where a provider or a service serves people: list, draw, end.", no_args_is_help=True)

RecordArgument = Annotated[str, typer.Argument(help="A provider; with --service a service.", metavar="ID")]
ServiceOption = Annotated[
    bool, typer.Option("--service", help="The id is a service's, whose areas hold where a provider has none.")
]
RequestOption = Annotated[str | None, typer.Option(help="Makes a repeat harmless.")]


@areas.command("list")
@command
async def list_areas(
    record: RecordArgument,
    service: ServiceOption = False,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List the areas of a record."""
    async with Areas(home.profile_for(home.EDITOR, profile), of_services=service, actor=actor) as client:
        found = await client.list(record)
    emit(found, form, lambda console: _show(console, found))


@areas.command()
@command
async def draw(
    record: RecordArgument,
    file: Annotated[
        Path | None, typer.Argument(help="GeoJSON with Polygons; `name` names them.", exists=True, dir_okay=False)
    ] = None,
    region: Annotated[list[str] | None, typer.Option(help="A named region instead, as LY or LY-TB; several.")] = None,
    service: ServiceOption = False,
    language: Annotated[str, typer.Option(help="Of the names (BCP 47).")] = "und",
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Add areas: the outlines of a file, or named regions. What crosses itself is refused."""
    if file is None and not region:
        raise typer.BadParameter("give a file, or --region")
    outlines = outlines_of(file) if file else []
    async with Areas(home.profile_for(home.EDITOR, profile), of_services=service, actor=actor) as client:
        after = await client.add(
            record, outlines=outlines, region_codes=region or (), language=language, request_id=request_id
        )
    emit(after, form, lambda console: _show(console, after))


@areas.command()
@command
async def end(
    record: RecordArgument,
    number: Annotated[int | None, typer.Argument(help="Of the area, from `list`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    service: ServiceOption = False,
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Take an area away."""
    if (number is None) != every:
        raise typer.BadParameter("say the number of an area, or --all")
    async with Areas(home.profile_for(home.EDITOR, profile), of_services=service, actor=actor) as client:
        after = await client.end(record, number, request_id=request_id)
    emit(after, form, lambda console: _show(console, after))


def _show(console: Console, document: Document) -> None:
    table = a_table("area#", "name", "region", "points#")
    for each in document["areas"]:
        add_row(table, each["number"], each["name"], each["region_code"], sum(map(len, each["rings"])) or "")
    console.print(table if document["areas"] else "no areas")
