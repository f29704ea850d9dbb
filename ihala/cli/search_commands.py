"""`ihala search`: look into the directory."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home, typed
from ihala.cli.documents import provider_document
from ihala.cli.failures import command
from ihala.cli.geojson_files import Outline, outlines_of
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, first_text, in_km, local_text
from ihala.directory_client import Directory
from ihala.records import Provider
from services.errors import InvalidInput

METRES = 1000.0  #: in a kilometre

NeedOption = Annotated[list[str] | None, typer.Option("--need", help="A service code; may stand several times.")]
CountryOption = Annotated[str, typer.Option("--country", help="Where the town is, as LY.")]
FarOption = Annotated[float | None, typer.Option("--max-distance-km", help="Only within.")]


@command
async def search(
    near: Annotated[str | None, typer.Option(help="LAT,LON, or a town in any script.")] = None,
    need: NeedOption = None,
    text: Annotated[str, typer.Option(help="Words, each of which begins a word of the name, in any script.")] = "",
    by_relevance: Annotated[
        bool, typer.Option("--by-relevance", help="Those first whose names fit --text best, near or far.")
    ] = False,
    staff: Annotated[list[str] | None, typer.Option(help="Only with staff of this gender, as woman; several.")] = None,
    inside: Annotated[
        Path | None, typer.Option(help="Only inside the one outline of this GeoJSON.", exists=True, dir_okay=False)
    ] = None,
    language: Annotated[str, typer.Option(help="In which they work (BCP 47).")] = "",
    dataset: Annotated[str, typer.Option(help="Only of this dataset.")] = "",
    country: CountryOption = "",
    status: Annotated[list[str] | None, typer.Option(help="Instead of those in use and inside their period.")] = None,
    free: Annotated[bool, typer.Option("--free", help="Only with a place reported free.")] = False,
    open_at: Annotated[str | None, typer.Option(help="Only those that surely take people in at this time.")] = None,
    max_distance_km: FarOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Look into the directory, nearest or best fitting first. Confidential sites are never in the answer."""
    async with Directory(home.profile_for(home.MINISTRY, profile), actor=actor) as directory:
        start = await typed.start_of(near, country, directory, "near") if near is not None else None
        found: list[Provider] = []
        providers = directory.search(
            origin=start.origin if start else None,
            codes=need or (),
            text=text,
            language=language,
            statuses=status or (),
            dataset=dataset,
            country_code="" if near is not None else country,
            with_free_places=free,
            open_at=typed.time_of(open_at, "open_at"),
            max_distance_m=None if max_distance_km is None else max_distance_km * METRES,
            staff_genders=staff or (),
            outline=_outline(inside) if inside else (),
            by_relevance=by_relevance,
            page_size=min(limit, 500),
        )
        async for provider in providers:
            found.append(provider)
            if len(found) == limit:
                break
    document = {"origin": start.document if start else None, "providers": [provider_document(each) for each in found]}
    emit(document, form, lambda console: _show_providers(console, found))


def _outline(file: Path) -> Outline:
    found = outlines_of(file)
    if len(found) != 1:
        raise InvalidInput("inside must be GeoJSON with one outline")
    return found[0][1]


def _show_providers(console: Console, found: list[Provider]) -> None:
    table = a_table("name", "distance#", "services", "places", "reach", "verified", "provider")
    for each in found:
        free = ", ".join(f"{report.population} {report.free}" for report in each.places if report.free is not None)
        codes = " ".join(each.service_codes)
        add_row(
            table,
            first_text(each.names),
            in_km(each.distance_m),
            codes,
            free,
            each.reach_out,
            local_text(each.verified_time)[:10],
            each.provider_id,
        )
    console.print(table if found else "nobody was found")
