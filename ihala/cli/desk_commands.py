"""`ihala respond`, `ihala listen`, `ihala places`: a provider's desk."""

import re
from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from ihala.cli import home, typed
from ihala.cli.documents import offer_view_document, provider_document
from ihala.cli.facts import shown
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text, to_json
from ihala.desk_client import Desk, OfferView
from ihala.directory_client import Directory
from ihala.place_message import is_place_message, reports_of_message
from ihala.profile import Profile
from ihala.records import PlaceReport, Provider
from ihala.referral import Via
from services.errors import InvalidInput, NotFound, Unimplemented

REPORT: Final = re.compile(r"([a-z_]+)=(\d+|-)(?:/(\d+))?", re.ASCII)

DeskOption = Annotated[str | None, typer.Option("--receiver", help="A desk that the run has a profile for.")]


class Act(StrEnum):
    """What a desk may say to an offer."""

    READ = "read"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    PROPOSE = "propose"
    DECLINE = "decline"
    DEPART = "depart"
    ARRIVE = "arrive"
    FAIL = "fail"
    COMPLETE = "complete"


@command
async def respond(
    offer_id: Annotated[str, typer.Argument()],
    act: Annotated[Act, typer.Argument()],
    reason: Annotated[str, typer.Option(help="For decline and fail: a code.")] = "",
    population: Annotated[str, typer.Option(help="For decline with no_capacity: for whom.")] = "",
    outcome: Annotated[str, typer.Option(help="For complete: a code.")] = "",
    beyond_report: Annotated[
        bool, typer.Option("--beyond-report", help="For accept: against the last report.")
    ] = False,
    occurred: Annotated[str | None, typer.Option(help="When it happened; else now.")] = None,
    on_behalf_of: Annotated[str, typer.Option(help="The receiver for whom somebody on duty acts.")] = "",
    via: Annotated[Via, typer.Option(help="How the answer reached us.")] = Via.SYSTEM,
    expected_version: Annotated[int, typer.Option(help="Only if the offer has this version; 0: any.")] = 0,
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    receiver: DeskOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Answer an offer as its desk, or on behalf of one."""
    if act is Act.PROPOSE:
        raise Unimplemented("this version does not answer `propose` yet: accept, or decline with a reason")
    chosen = await _desk_profile(offer_id, on_behalf_of, receiver, profile)
    async with Desk(chosen, actor=actor, on_behalf_of=on_behalf_of, via=via) as desk:
        if act is Act.READ:
            view = await desk.read(offer_id)
        else:
            facts: dict[str, Any] = {
                "request_id": request_id,
                "expected_version": expected_version,
                "occurred_time": typed.time_of(occurred, "occurred_time"),
            }
            view = await _say(desk, act, offer_id, facts, reason, population, outcome, beyond_report)
    emit({"offer": offer_view_document(view)}, form, lambda console: _show_offer(console, view))


@command
async def listen(
    receiver: DeskOption = None,
    answer: Annotated[str | None, typer.Option(help="yes: read and accept each, as the demo's house does.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many alerts.")] = None,
    profile: ProfileOption = None,
) -> None:
    """Be a receiver's software: print each alert once, one JSON line each; a person answers with `respond`."""
    from ihala.receiver import Receiver

    if answer not in {None, "yes"}:
        raise InvalidInput("answer must be yes, or be left out")
    name = receiver or _only_listener()
    heard = 0
    async with (
        Receiver(home.profile_for(f"receivers/{name}", profile)) as desk,
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


async def _say(
    desk: Desk,
    act: Act,
    offer_id: str,
    facts: dict[str, Any],
    reason: str,
    population: str,
    outcome: str,
    beyond_report: bool,
) -> OfferView:
    match act:
        case Act.ACCEPT:
            return await desk.accept(offer_id, accept_beyond_report=beyond_report, **facts)
        case Act.DECLINE:
            return await desk.decline(offer_id, reason, population=population, **facts)
        case Act.FAIL:
            return await desk.fail(offer_id, reason, **facts)
        case Act.COMPLETE:
            return await desk.complete(offer_id, outcome, **facts)
        case _:
            say = {
                Act.ACKNOWLEDGE: desk.acknowledge,
                Act.DEPART: desk.depart,
                Act.ARRIVE: desk.arrive,
            }[act]
            return await say(offer_id, **facts)


async def _desk_profile(offer_id: str, on_behalf_of: str, receiver: str | None, named: Path | None) -> Profile:
    """Return whom to answer as: who was named, who is on duty, or the desk of this run that knows the offer."""
    if receiver is not None:
        return home.profile_for(f"receivers/{receiver}", named)
    names = home.receiver_names()
    if on_behalf_of or named is not None or not names:
        return home.profile_for(home.COORDINATOR, named)
    for name in names:
        profile = home.profile_for(f"receivers/{name}")
        async with Desk(profile) as desk:
            try:
                await desk.read(offer_id)
            except NotFound:
                continue
            return profile
    raise NotFound("offer_id must be that of an offer to a desk of this run")


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


def _show_offer(console: Console, view: OfferView) -> None:
    table = a_table("", "")
    table.show_header = False
    for name, value in offer_view_document(view).items():
        if words := shown(value):
            add_row(table, name, words)
    console.print(table)


def _show_places(console: Console, provider: Provider) -> None:
    table = a_table("population", "total#", "occupied#", "free#", "reported")
    for each in provider.places:
        add_row(table, each.population, each.total, each.occupied, each.free, local_text(each.report_time))
    console.print(table if provider.places else "nothing was reported")
