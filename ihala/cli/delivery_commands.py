"""`ihala receiver deliveries`, `ihala receiver letters`: what was done about alerts, and what a person must clear."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text
from ihala.delivery_client import AlertLog, DeadLetter, Deliveries
from services.errors import InvalidInput

letters = typer.Typer(help="What could not be delivered or read: list, clear.", no_args_is_help=True)


@command
async def list_deliveries(
    receiver_id: Annotated[str, typer.Argument(help="The desk; left out, the offer alone says which.")] = "",
    offer: Annotated[str, typer.Option(help="Only those of this offer.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many alerts at most.")] = 20,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Show what was done about a desk's alerts, the newest first: each way, each attempt, and where silence led."""
    if not receiver_id and not offer:
        raise InvalidInput("receiver_id or offer must be given")
    desk_id = home.receiver_id_of(receiver_id) if receiver_id in home.receiver_names() else receiver_id
    async with Deliveries(home.profile_for(home.COORDINATOR, profile), actor=actor) as deliveries:
        found = await deliveries.list_deliveries(desk_id, offer_id=offer, limit=limit)
    emit({"alerts": [asdict(each) for each in found]}, form, lambda console: _show_logs(console, found))


@letters.command("list")
@command
async def list_letters(
    cleared: Annotated[bool, typer.Option("--cleared", help="Also those that a person has cleared.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most.")] = 50,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List deliveries that were given up and messages that could not be read, the newest first."""
    async with Deliveries(home.profile_for(home.COORDINATOR, profile), actor=actor) as deliveries:
        found = await deliveries.list_dead_letters(with_cleared=cleared, limit=limit)
    _emit_letters(found, form)


@letters.command("clear")
@command
async def clear_letter(
    dead_letter_id: Annotated[str, typer.Argument(help="As `list` shows it.")],
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say that you have seen to a dead letter."""
    async with Deliveries(home.profile_for(home.COORDINATOR, profile), actor=actor) as deliveries:
        cleared = await deliveries.clear_dead_letter(dead_letter_id, request_id=request_id)
    _emit_letters([cleared], form)


def _show_logs(console: Console, found: Sequence[AlertLog]) -> None:
    table = a_table("offer", "channel", "step#", "state", "attempts#", "began", "delivered", "last fault")
    for log in found:
        for each in log.deliveries:
            add_row(
                table,
                log.offer_id,
                each.channel,
                each.step,
                each.state,
                len(each.attempts),
                local_text(each.create_time),
                local_text(each.delivered_time),
                each.code,
            )
        for rung in log.escalations:
            add_row(table, log.offer_id, rung.rung, "", "", rung.way_count, local_text(rung.time), "", "")
    console.print(table if found else "none")


def _emit_letters(found: Sequence[DeadLetter], form: Format) -> None:
    def show(console: Console) -> None:
        table = a_table("dead letter", "kept", "why", "of", "for", "cleared")
        for each in found:
            add_row(
                table,
                each.dead_letter_id,
                local_text(each.create_time),
                each.code,
                each.stream or each.channel,
                each.receiver_id or each.client_id,
                local_text(each.cleared_time),
            )
        console.print(table if found else "none")

    emit({"dead_letters": [asdict(each) for each in found]}, form, show)
