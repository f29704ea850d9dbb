"""`ihala respond`: what a desk says to an offer, or somebody on duty who has it on the telephone."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from ihala.cli import home, typed
from ihala.cli.desk_commands import DeskOption
from ihala.cli.facts import shown
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.instead import with_way_out
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.cli.referral_documents import offer_view_document
from ihala.desk_client import Desk, OfferView
from ihala.profile import Profile
from ihala.referral import Via
from services.errors import FailedPrecondition, InvalidInput, NotFound

TAKEN: Final = re.compile(r"([a-z_]+)=(\d+)", re.ASCII)


class Act(StrEnum):
    """What a desk may say to an offer."""

    READ = "read"
    CAN_TAKE = "can-take"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    PROPOSE = "propose"
    ASK = "ask"
    WAITLIST = "waitlist"
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
        bool, typer.Option("--beyond-report", help="For accept, propose and can-take: against the last report.")
    ] = False,
    take: Annotated[
        list[str] | None, typer.Option(help="For accept: how many of a group, as women=5; several times.")
    ] = None,
    assess_first: Annotated[
        bool, typer.Option("--assess-first", help="For can-take: the house must see her first.")
    ] = False,
    condition: Annotated[
        list[str] | None, typer.Option(help="For propose: as escort or earliest_arrival; several times.")
    ] = None,
    arrive_from: Annotated[str | None, typer.Option(help="For propose with earliest_arrival: a time.")] = None,
    until: Annotated[str | None, typer.Option(help="For waitlist, and propose with longest_stay: until when.")] = None,
    question: Annotated[str, typer.Option(help="For ask: a field of a consent, as language.")] = "",
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
    more: dict[str, Any] = {
        "request_id": request_id,
        "expected_version": expected_version,
        "occurred_time": typed.time_of(occurred, "occurred_time"),
    }
    beyond = {"accept_beyond_report": beyond_report}
    facts: Mapping[Act, Mapping[str, Any]] = {
        Act.READ: {},
        Act.CAN_TAKE: {**beyond, "assess_first": assess_first, **more},
        Act.ACCEPT: {**beyond, "items": _taken(take or ()), **more},
        Act.PROPOSE: {
            **beyond,
            "conditions": condition or (),
            "arrive_start_time": typed.time_of(arrive_from, "arrive_start_time"),
            "stay_end_time": typed.time_of(until, "stay_end_time"),
            **more,
        },
        Act.ASK: {"question": question, **more},
        Act.DECLINE: {"reason": reason, "population": population, **more},
        Act.FAIL: {"reason": reason, **more},
        Act.COMPLETE: {"outcome": outcome, **more},
    }
    if act is Act.WAITLIST:
        facts = {Act.WAITLIST: {"wait_until_time": _until(until), **more}}
    chosen = await _desk_profile(offer_id, on_behalf_of, receiver, profile)
    async with Desk(chosen, actor=actor, on_behalf_of=on_behalf_of, via=via) as desk:
        # each act is a method of the desk of the same name
        try:
            view: OfferView = await getattr(desk, act.replace("-", "_"))(offer_id, **facts.get(act, more))
        except FailedPrecondition as error:
            raise with_way_out(error) from None
    emit({"offer": offer_view_document(view)}, form, lambda console: _show_offer(console, view))


def _until(text: str | None) -> datetime:
    time = typed.time_of(text, "until")
    if time is None:
        raise InvalidInput("until must be given for waitlist")
    return time


def _taken(texts: Sequence[str]) -> dict[str, int]:
    taken: dict[str, int] = {}
    for number, text in enumerate(texts):
        found = TAKEN.fullmatch(text)
        if found is None:
            raise InvalidInput(f"take[{number}] must be POPULATION=NUMBER, as women=5")
        taken[found[1]] = int(found[2])
    return taken


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
    raise NotFound(
        "offer_id must be that of an offer to a desk of this run; "
        "for a provider without one: --on-behalf-of PROVIDER --via phone"
    )


def _show_offer(console: Console, view: OfferView) -> None:
    table = a_table("", "")
    table.show_header = False
    for name, value in offer_view_document(view).items():
        if words := shown(value):
            add_row(table, name, words)
    console.print(table)
