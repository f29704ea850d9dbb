"""`ihala listen`, `ihala places`: a provider's desk."""

import re
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Final

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.documents import provider_document
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text, to_json
from ihala.directory_client import Directory
from ihala.place_message import is_place_message, reports_of_message
from ihala.profile import Profile
from ihala.records import PlaceReport, Provider
from services.errors import InvalidInput

REPORT: Final = re.compile(r"([a-z_]+)=(\d+|-)(?:/(\d+))?", re.ASCII)

DeskOption = Annotated[str | None, typer.Option("--receiver", help="A desk that the run has a profile for.")]


@command
async def listen(
    receiver: DeskOption = None,
    answer: Annotated[str | None, typer.Option(help="yes: read and accept each, as the demo's house does.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many alerts.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Hear over a gRPC stream instead of NATS.")] = False,
    profile: ProfileOption = None,
) -> None:
    """Be a receiver's software: print each alert once, one JSON line each; a person answers with `respond`."""
    from ihala.receiver import Receiver

    if answer not in {None, "yes"}:
        raise InvalidInput("answer must be yes, or be left out")
    name = receiver or _only_listener()
    heard = 0
    async with (
        Receiver(_heard_by(home.profile_for(f"receivers/{name}", profile), stream=stream)) as desk,
        aclosing(aiter(desk)) as alerts,
    ):
        async for alert in alerts:
            line = {
                "alert_id": alert.alert_id,
                "offer_id": alert.offer_id,
                "offer_version": alert.offer_version,
                "urgency": alert.urgency,
                "due_time": alert.due_time,
                "answer": None,
            }
            if answer is not None:
                offer = await alert.read(by="listener")
                line["answer"] = (await offer.accept()).state
            alert.finish()
            print(to_json(line, indent=None), flush=True)
            heard += 1
            if heard == count:
                return


@command
async def places(
    provider_id: Annotated[str, typer.Argument()],
    report: Annotated[
        list[str] | None,
        typer.Argument(
            help="POPULATION=TOTAL/OCCUPIED, as girls=8/5; or as an SMS says it, PLACES girls 3/8: free of all."
        ),
    ] = None,
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    receiver: DeskOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Show the places of a provider, or report them; populations that are not named keep theirs."""
    reports = _reports_of(report or [])
    caller = f"receivers/{receiver}" if receiver else home.EDITOR
    async with Directory(home.profile_for(caller, profile), actor=actor) as directory:
        if reports:
            provider = await directory.report_places(provider_id, reports, request_id=request_id)
        else:
            provider = await directory.get_provider(provider_id)
    document = provider_document(provider)
    emit(
        {"provider_id": provider.provider_id, "name": document["name"], "places": document["places"]},
        form,
        lambda console: _show_places(console, provider),
    )


def _heard_by(profile: Profile, *, stream: bool) -> Profile:
    if not stream or profile.receiver is None:
        return profile
    return replace(profile, receiver=replace(profile.receiver, channel="stream"))


def _only_listener() -> str:
    names = [
        name
        for name in home.receiver_names()
        if (file := home.profile_file(f"receivers/{name}")) is not None and "[receiver]" in file.read_text()
    ]
    if len(names) != 1:
        raise InvalidInput(f"receiver must be one of {', '.join(names)}" if names else "receiver must be given")
    return names[0]


def _reports_of(texts: list[str]) -> list[PlaceReport]:
    if is_place_message(message := " ".join(texts)):
        return reports_of_message(message)
    return [_report_of(text, number) for number, text in enumerate(texts)]


def _report_of(text: str, number: int) -> PlaceReport:
    found = REPORT.fullmatch(text)
    if found is None:
        raise InvalidInput(f"report[{number}] must be POPULATION=TOTAL/OCCUPIED, as girls=8/5; girls=- is not counted")
    population, total, occupied = found.groups()
    return PlaceReport(
        population=population,
        total=None if total == "-" else int(total),
        occupied=None if total == "-" else int(occupied or 0),
    )


def _show_places(console: Console, provider: Provider) -> None:
    table = a_table("population", "total#", "occupied#", "free#", "reported")
    for each in provider.places:
        add_row(table, each.population, each.total, each.occupied, each.free, local_text(each.report_time))
    console.print(table if provider.places else "nothing was reported")
