"""`ihala search`, `ihala match`: find who can help."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ihala.answer import Answer, Row
from ihala.cli import home, typed
from ihala.cli.case_file import case_in, safety_in
from ihala.cli.documents import answer_document, provider_document
from ihala.cli.failures import command
from ihala.cli.geojson_files import Outline, outlines_of
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, first_text, in_km, local_text
from ihala.client import Ihala
from ihala.directory_client import Directory
from ihala.match_wire import token_to_text
from ihala.person import Need, Person, TravelMode, Urgency
from ihala.records import Provider
from ihala.safety_wire import safety_from_json
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


@command
async def match(
    at: Annotated[str | None, typer.Option(help="Where the person is: LAT,LON, or a town in any script.")] = None,
    need: NeedOption = None,
    urgency: Annotated[str, typer.Option(help="immediate, emergency, urgent or normal.")] = "normal",
    age: Annotated[str | None, typer.Option(help="Years, a range as 15-17, or unknown.")] = None,
    age_basis: Annotated[str, typer.Option(help="stated, document, appears or disputed.")] = "stated",
    gender: Annotated[str | None, typer.Option(help="woman, man, …; female or male; unknown.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Understood (BCP 47); several times, or unknown.")] = None,
    process: Annotated[str | None, typer.Option(help="tip_presumed, tip_confirmed, som, both, unknown.")] = None,
    unaccompanied: Annotated[bool | None, typer.Option(help="A child without a carer.")] = None,
    no_reason_to_believe_child: Annotated[bool | None, typer.Option(help="The worker's recorded word.")] = None,
    when: Annotated[str | None, typer.Option(help="A day or a time; else now.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A provider not to be offered.")] = None,
    travel: Annotated[str | None, typer.Option(help="car, public or foot.")] = None,
    hours_since: Annotated[
        float | None, typer.Option("--hours-since-event", help="How long ago it happened, for clinical clocks.")
    ] = None,
    safety: Annotated[
        Path | None,
        typer.Option(help="Danger zones, who apart, who together, in a JSON file: no shell keeps it; - is stdin."),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option(help="The whole case in a JSON file instead, the safety envelope among it; - is standard input."),
    ] = None,
    max_distance_km: FarOption = None,
    country: CountryOption = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Rows a list.")] = 10,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Find who can meet a need, and whom to ask first, nearest first. Without facts of a person: a plain search."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        when_time = typed.time_of(when, "when_time")
        if case is not None:
            if safety is not None or travel is not None or hours_since is not None:
                raise InvalidInput(
                    "safety, travel and hours_since_event must be said in the case's file, if there is one"
                )
            document = await case_in(case, ihala.directory)
            answer = await ihala.find_matches_for(document, when_time=when_time)
            origin: Mapping[str, Any] = document.get("origin", {})
        else:
            if at is None or not need:
                raise InvalidInput(
                    "at must be given, and a need, or a case" if at is None else "need must be given at least once"
                )
            start = await typed.start_of(at, country, ihala.directory)
            origin = start.document
            answer = await ihala.find_matches(
                [Need(code=code, hours_since_event=hours_since) for code in need],
                start.origin,
                urgency=typed.word_in(Urgency, urgency, "urgency"),
                person=_person(age, age_basis, gender, language, process, unaccompanied, no_reason_to_believe_child),
                safety=None if safety is None else safety_from_json(await safety_in(safety, ihala.directory)),
                excluded_provider_ids=exclude or (),
                when_time=when_time,
                limit=limit,
                max_distance_m=None if max_distance_km is None else max_distance_km * METRES,
                travel_mode=None if travel is None else typed.word_in(TravelMode, travel, "travel"),
            )
    emit(
        answer_document(answer, origin, token_to_text(answer.token)),
        form,
        lambda console: _show_answer(console, answer),
    )


def _outline(file: Path) -> Outline:
    found = outlines_of(file)
    if len(found) != 1:
        raise InvalidInput("inside must be GeoJSON with one outline")
    return found[0][1]


def _person(
    age: str | None,
    age_basis: str,
    gender: str | None,
    language: list[str] | None,
    process: str | None,
    unaccompanied: bool | None,
    no_reason_to_believe_child: bool | None,
) -> Person | None:
    if all(fact is None for fact in (age, gender, process, unaccompanied, no_reason_to_believe_child)) and not language:
        return None
    sex, gender_fact = typed.gender_of(gender)
    facts: dict[str, Any] = {} if unaccompanied is None else {"unaccompanied": unaccompanied}
    return Person(
        age=typed.age_of(age, age_basis),
        sex=sex,
        gender=gender_fact,
        languages=typed.languages_of(language),
        process=typed.process_of(process),
        no_reason_to_believe_child=no_reason_to_believe_child,
        **facts,
    )


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


def _show_answer(console: Console, answer: Answer) -> None:
    for need in answer:
        for title, rows in (("can", need.matches), ("ask first", need.ask_first)):
            table = a_table(
                "name",
                "distance#",
                "places",
                "open",
                "reach",
                "unknown",
                "caution",
                "provider",
                title=f"{need.code}: {title}",
            )
            for row in rows:
                add_row(
                    table,
                    first_text(row.names),
                    row_distance(row),
                    _places(row),
                    row.open,
                    row.reach_out,
                    ", ".join(each.question for each in row.unknowns),
                    ", ".join(each.code for each in row.cautions),
                    row.provider_id,
                )
            console.print(table if rows else f"{need.code}: {title}: nobody")
        if need.excluded:
            console.print("excluded: " + ", ".join(f"{name} {count}" for name, count in need.excluded.items()))
        console.print()
    console.print(
        f"directory revision {answer.directory_revision}, judged for {local_text(answer.evaluated_time)}, "
        f"rules {answer.rules_version}"
    )


def row_distance(row: Row) -> str:
    """Say how far a row is, as exactly as may be."""
    return in_km(row.distance_m) if row.band is None else row.band.value.lower().replace("_", " ")


def _places(row: Row) -> str:
    if row.places.free is not None:
        return f"{row.places.free} {row.places.population}"
    return row.places.kind.replace("_", " ")
