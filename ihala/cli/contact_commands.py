"""`ihala contact`: whom those on duty ring about a system's referrals."""

from typing import Annotated

import typer

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, emit
from ihala.notify_client import Contact, Notify

contact = typer.Typer(
    help="Whom those on duty ring about your referrals: set, show. They see it with a task, and nobody else does.",
    no_args_is_help=True,
)

RequestIdOption = Annotated[str | None, typer.Option(help="Makes a repeat harmless.")]


@contact.command("set")
@command
async def set_contact(
    phone: Annotated[
        list[str], typer.Option(help="With its country, as +218911234567; several times, the first is rung first.")
    ],
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say whom to ring, in place of what was said before."""
    async with Notify(home.profile_for(home.MINISTRY, profile), actor=actor) as notify:
        kept = await notify.set_contact(phone, request_id=request_id)
    _emit(kept, form)


@contact.command("forget")
@command
async def forget_contact(
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Take back what was said: nobody can be rung."""
    async with Notify(home.profile_for(home.MINISTRY, profile), actor=actor) as notify:
        kept = await notify.set_contact([], request_id=request_id)
    _emit(kept, form)


@contact.command("show")
@command
async def show_contact(
    system: Annotated[str, typer.Argument(help="A system that refers, as a duty coordinator; else your own.")] = "",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Show whom to ring."""
    async with Notify(home.profile_for(home.COORDINATOR if system else home.MINISTRY, profile), actor=actor) as notify:
        found = await notify.get_contact(system)
    _emit(found, form, is_own=not system)


def _emit(found: Contact, form: Format, *, is_own: bool = True) -> None:
    none = "no number is known" + (": `ihala contact set --phone +218911234567`" if is_own else "")
    words = ", ".join(found.phones) or none
    document = {"client_id": found.client_id, "phones": list(found.phones)}
    emit(document, form, lambda console: console.print(f"{found.client_id}: {words}"))
