"""`ihala calendar`: announce Ramadan, feasts, closures and curfews, and end them."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from ihala.calendar_client import Announcement, Calendar
from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, first_text
from services.errors import InvalidInput

calendar = typer.Typer(
    help="What is announced and changes hours in a country or an area: list, announce, end.", no_args_is_help=True
)


class Kind(StrEnum):
    """What can be announced."""

    RAMADAN = "ramadan"
    EID = "eid"
    HOLIDAY = "holiday"
    CLOSURE = "closure"
    CURFEW = "curfew"


class Effect(StrEnum):
    """What it does where a provider has no hours of its own for it."""

    CLOSED = "closed"
    HOURS = "hours"
    UNCERTAIN = "uncertain"


class Purpose(StrEnum):
    """Which hours it replaces."""

    OPENING = "opening"
    INTAKE = "intake"


@calendar.command("list")
@command
async def list_entries(
    country: Annotated[str, typer.Option(help="Only there, as LY.")] = "",
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="What lasts to this day or longer.")
    ] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List what is in force or to come."""
    async with Calendar(home.profile_for(home.COORDINATOR, profile), actor=actor) as calendar_of:
        found = [each async for each in calendar_of.list(country, since.date() if since else None)]
    _emit(found, form)


@calendar.command("announce")
@command
async def announce_entry(
    kind: Annotated[Kind, typer.Argument(help="What is announced.")],
    country: Annotated[str, typer.Option(help="Where, as LY.")],
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")],
    name: Annotated[list[str], typer.Option("--name", help="LANGUAGE=NAME, as ar=رمضان; several times.")],
    to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; else until it is ended.")
    ] = None,
    cell: Annotated[str, typer.Option(help="Only in this H3 cell, of resolution 0 to 6.")] = "",
    effect: Annotated[Effect, typer.Option(help="Where a provider says nothing of its own.")] = Effect.CLOSED,
    hours: Annotated[
        list[str] | None, typer.Option(help="09:00-14:00: the hours instead; with `closed` those that are shut.")
    ] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="Which hours it replaces; else both.")] = None,
    round_the_clock: Annotated[
        bool, typer.Option("--also-round-the-clock", help="Also where a provider is always open.")
    ] = False,
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Announce something; hours change with it within seconds."""
    announcement = Announcement(
        kind=kind.value,
        names=dict(_named(number, text) for number, text in enumerate(name)),
        country_code=country,
        h3_cell=cell,
        first_day=since.date(),
        last_day=to.date() if to else None,
        effect=effect.value,
        spans=tuple(_span(number, text) for number, text in enumerate(hours or ())),
        purpose=purpose.value if purpose else "",
        also_round_the_clock=round_the_clock,
    )
    async with Calendar(home.profile_for(home.COORDINATOR, profile), actor=actor) as calendar_of:
        made = await calendar_of.announce(announcement, request_id=request_id)
    _emit([made], form)


@calendar.command("end")
@command
async def end_entry(
    entry_id: Annotated[str, typer.Argument(help="From `list`.")],
    last_day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The last day; else yesterday. Before the first: taken back."),
    ] = None,
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Let an announcement end, earlier or later than announced."""
    async with Calendar(home.profile_for(home.COORDINATOR, profile), actor=actor) as calendar_of:
        ended = await calendar_of.end(entry_id, last_day.date() if last_day else None, request_id=request_id)
    _emit([ended], form)


def _named(number: int, text: str) -> tuple[str, str]:
    tag, equals, label = text.partition("=")
    if not (tag and equals and label):
        raise InvalidInput(f"name[{number}] must be LANGUAGE=NAME, as ar=رمضان")
    return tag, label


def _span(number: int, text: str) -> tuple[str, str]:
    opens, dash, closes = text.partition("-")
    if not (opens and dash and closes):
        raise InvalidInput(f"hours[{number}] must be HH:MM-HH:MM")
    return opens, closes


def _emit(found: Iterable[Announcement], form: Format) -> None:
    entries = [_document(each) for each in found]
    emit({"calendar_entries": entries}, form, lambda console: _show(console, entries))


def _document(entry: Announcement) -> dict[str, Any]:
    return {
        "calendar_entry_id": entry.entry_id,
        "kind": entry.kind,
        "names": dict(entry.names),
        "country_code": entry.country_code,
        "h3_cell": entry.h3_cell,
        "first_day": entry.first_day.isoformat(),
        "last_day": entry.last_day.isoformat() if entry.last_day else None,
        "effect": entry.effect,
        "hours": [f"{opens}-{closes}" for opens, closes in entry.spans],
        "purpose": entry.purpose,
        "also_round_the_clock": entry.also_round_the_clock,
        "revision": entry.revision,
    }


def _show(console: Console, entries: list[dict[str, Any]]) -> None:
    table = a_table("entry", "kind", "name", "where", "from", "to", "effect", "hours")
    for each in entries:
        where = " ".join(filter(None, (each["country_code"], each["h3_cell"])))
        hours = " ".join(each["hours"])
        row = (each["calendar_entry_id"], each["kind"], first_text(each["names"]), where)
        add_row(table, *row, each["first_day"], each["last_day"], each["effect"], hours)
    console.print(table)
