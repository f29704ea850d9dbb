"""`ihala rosters`: who owns tasks when, who rests, and how often they were woken (R61)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home, typed
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text
from ihala.cli.referral_documents import roster_document
from ihala.task_client import Roster, Shift, Tasks
from services.errors import InvalidInput

rosters = typer.Typer(help="Who is on duty when: list (also without a word), set, pause, resume.")


@rosters.callback(invoke_without_command=True)
def rosters_alone(context: typer.Context, form: FormatOption = Format.TABLE, profile: ProfileOption = None) -> None:
    """List the rosters where no other word follows."""
    if context.invoked_subcommand is None:
        list_rosters(form=form, profile=profile)


@rosters.command("list")
@command
async def list_rosters(
    form: FormatOption = Format.TABLE, profile: ProfileOption = None, actor: ActorOption = None
) -> None:
    """List the rosters, with the nights in which each was woken of the last 30."""
    async with Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty:
        found = await duty.rosters()
    _emit(found, form)


@rosters.command("set")
@command
async def set_roster(
    roster_id: Annotated[str, typer.Argument()],
    shift: Annotated[
        list[str] | None, typer.Option(help="PERSON=FROM/TO with times and zones; several times; none: always awake.")
    ] = None,
    stand_in: Annotated[str, typer.Option(help="Another roster; else the manager's.")] = "",
    expected_version: Annotated[int, typer.Option(help="Only if the roster has this version; 0: any.")] = 0,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say who is on duty when; what is not named is taken away."""
    shifts = [_shift(text, number) for number, text in enumerate(shift or ())]
    async with Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty:
        roster = await duty.describe(roster_id, shifts, stand_in=stand_in, expected_version=expected_version)
    _emit([roster], form)


@rosters.command("pause")
@command
async def pause_roster(
    roster_id: Annotated[str, typer.Argument()],
    until: Annotated[str, typer.Option(help="Until when, at most 30 days: a day, or a time with its zone.")],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Let a roster rest: its stand-in owns its tasks meanwhile."""
    async with Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty:
        roster = await duty.pause(roster_id, typed.time_of(until, "until_time"))
    _emit([roster], form)


@rosters.command("resume")
@command
async def resume_roster(
    roster_id: Annotated[str, typer.Argument()],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """End a roster's rest."""
    async with Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty:
        roster = await duty.pause(roster_id, None)
    _emit([roster], form)


def _shift(text: str, number: int) -> Shift:
    rule = f"shift[{number}] must be PERSON=FROM/TO, as worker-7=2026-03-14T20:00:00+02:00/2026-03-15T08:00:00+02:00"
    person, _, span = text.partition("=")
    starts, slash, ends = span.partition("/")
    if not person or not slash:
        raise InvalidInput(rule)
    start_time: datetime | None = typed.time_of(starts, f"shift[{number}].start_time")
    end_time: datetime | None = typed.time_of(ends, f"shift[{number}].end_time")
    if start_time is None or end_time is None:
        raise InvalidInput(rule)
    return Shift(person, start_time, end_time)


def _emit(found: Sequence[Roster], form: Format) -> None:
    emit({"rosters": [roster_document(each) for each in found]}, form, lambda console: _show(console, found))


def _show(console: Console, found: Sequence[Roster]) -> None:
    table = a_table("roster", "on duty", "rests until", "stand-in", "nights woken#")
    for each in found:
        add_row(
            table,
            each.roster_id,
            ", ".join(each.on_duty),
            local_text(each.paused_until_time),
            each.stand_in,
            each.nights_woken,
        )
    console.print(table)
