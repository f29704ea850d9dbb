"""`ihala receiver channels`: say where a desk, or one's own system, is told that there is something."""

import sys
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated

import typer

from ihala.cli import home
from ihala.cli.endpoint_output import emit_endpoints
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption
from ihala.endpoint_client import Endpoint, Endpoints, Quiet
from ihala.profile import Profile
from services.errors import InvalidInput

channels = typer.Typer(
    help="Where a desk or a system is told: webhook, email, sms, list, set, approve, pause, resume, end.",
    no_args_is_help=True,
)

ReceiverOption = Annotated[
    str, typer.Option("--receiver", help="The desk: its id, or the name of its profile in this run.")
]
SenderOption = Annotated[bool, typer.Option("--sender", help="Of the calling case system itself.")]
AddressArgument = Annotated[
    str, typer.Argument(help="Without it, or as -, it is read from standard input: nobody sees it on this machine.")
]
EndpointArgument = Annotated[str, typer.Argument(help="The endpoint's id, as `list` shows it.")]
OrderOption = Annotated[
    int, typer.Option("--order", help="0 rings at once; 1 is the second channel, higher ones come later.")
]
QuietOption = Annotated[str, typer.Option(help="HH:MM-HH:MM, in which only what cannot wait is told.")]
ZoneOption = Annotated[str, typer.Option("--zone", help="The time zone of the quiet hours, as Africa/Tripoli.")]
RequestOption = Annotated[str | None, typer.Option("--request-id", help="Makes a repeat harmless.")]


@dataclass(frozen=True, slots=True)
class _Told:
    """How a mailbox or a telephone is told."""

    order_no: int
    quiet: Quiet | None
    language: str


@channels.command("webhook")
@command
async def register_webhook(
    url: AddressArgument = "-",
    receiver: ReceiverOption = "",
    sender: SenderOption = False,
    order: OrderOption = 0,
    quiet: QuietOption = "",
    zone: ZoneOption = "",
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Register a webhook; it is sent a signed challenge at once, and must send it back."""
    receiver_id = _whose(receiver, sender=sender)
    async with Endpoints(_caller(profile, sender=sender), actor=actor) as endpoints:
        made = await endpoints.register_webhook(
            _address(url),
            receiver_id=receiver_id,
            order_no=order,
            quiet=_quiet(quiet, zone),
            request_id=request_id,
        )
    emit_endpoints([made], form)


@channels.command("email")
@command
async def register_mailbox(
    address: AddressArgument = "-",
    receiver: ReceiverOption = "",
    order: OrderOption = 1,
    quiet: QuietOption = "",
    zone: ZoneOption = "",
    language: Annotated[str, typer.Option(help="Of the mail: ar, en or fr.")] = "",
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Register a mailbox: a constant line says that there is something, and nothing of what."""
    told = _Told(order, _quiet(quiet, zone), language)
    emit_endpoints([await _registered("email", address, receiver, told, request_id, profile, actor)], form)


@channels.command("sms")
@command
async def register_telephone(
    number: AddressArgument = "-",
    receiver: ReceiverOption = "",
    order: OrderOption = 1,
    quiet: QuietOption = "",
    zone: ZoneOption = "",
    language: Annotated[str, typer.Option(help="Of the message: ar, en or fr.")] = "",
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Register a telephone for text messages: four signs, how soon, by when."""
    told = _Told(order, _quiet(quiet, zone), language)
    emit_endpoints([await _registered("sms", number, receiver, told, request_id, profile, actor)], form)


@channels.command("list")
@command
async def list_endpoints(
    receiver: ReceiverOption = "",
    sender: SenderOption = False,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List where a desk or a system is told, the newest first; no address is shown to anybody."""
    receiver_id = _whose(receiver, sender=sender)
    async with Endpoints(_caller(profile, sender=sender), actor=actor) as endpoints:
        found = [each async for each in endpoints.list(receiver_id=receiver_id)]
    emit_endpoints(found, form)


@channels.command("set")
@command
async def set_endpoint(
    endpoint_id: EndpointArgument,
    order: OrderOption,
    quiet: QuietOption = "",
    zone: ZoneOption = "",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Give an endpoint another place in the order, and other quiet hours; without --quiet it has none."""
    async with Endpoints(_caller(profile, sender=False), actor=actor) as endpoints:
        after = await endpoints.update(endpoint_id, order_no=order, quiet=_quiet(quiet, zone))
    emit_endpoints([after], form)


@channels.command("approve")
@command
async def approve_endpoint(
    endpoint_id: EndpointArgument,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Approve an endpoint of a confidential site as the second person: another than who registered it."""
    async with Endpoints(_caller(profile, sender=False), actor=actor) as endpoints:
        after = await endpoints.approve(endpoint_id)
    emit_endpoints([after], form)


@channels.command("pause")
@command
async def pause_endpoint(
    endpoint_id: EndpointArgument,
    sender: SenderOption = False,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Send nothing more there until it is resumed."""
    async with Endpoints(_caller(profile, sender=sender), actor=actor) as endpoints:
        after = await endpoints.pause(endpoint_id)
    emit_endpoints([after], form)


@channels.command("resume")
@command
async def resume_endpoint(
    endpoint_id: EndpointArgument,
    sender: SenderOption = False,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Put an endpoint that is paused or unproven into use; a webhook is challenged anew."""
    async with Endpoints(_caller(profile, sender=sender), actor=actor) as endpoints:
        after = await endpoints.resume(endpoint_id)
    emit_endpoints([after], form)


@channels.command("end")
@command
async def end_endpoint(
    endpoint_id: EndpointArgument,
    sender: SenderOption = False,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """End an endpoint for good; its address is destroyed."""
    async with Endpoints(_caller(profile, sender=sender), actor=actor) as endpoints:
        after = await endpoints.end(endpoint_id)
    emit_endpoints([after], form)


async def _registered(
    channel: str,
    address: str,
    receiver: str,
    told: _Told,
    request_id: str | None,
    profile: Path | None,
    actor: str | None,
) -> Endpoint:
    receiver_id = _whose(receiver, sender=False)
    async with Endpoints(_caller(profile, sender=False), actor=actor) as endpoints:
        return await endpoints.register(
            receiver_id,
            channel,
            _address(address),
            order_no=told.order_no,
            quiet=told.quiet,
            language=told.language,
            request_id=request_id,
        )


def _caller(named: Path | None, *, sender: bool) -> Profile:
    return home.profile_for(home.MINISTRY if sender else home.COORDINATOR, named)


def _whose(receiver: str, *, sender: bool) -> str:
    """Return the receiver's id, empty for the calling system."""
    if bool(receiver) == sender:
        raise InvalidInput("receiver must be given, or --sender instead of it")
    return home.receiver_id_of(receiver) if receiver in home.receiver_names() else receiver


def _address(text: str) -> str:
    return sys.stdin.readline().strip() if text == "-" else text


def _quiet(text: str, zone: str) -> Quiet | None:
    """Read quiet hours as people write them."""
    if not text:
        return None
    start, _, end = text.partition("-")
    try:
        hours = time.fromisoformat(start.strip()), time.fromisoformat(end.strip())
    except ValueError:
        raise InvalidInput("quiet must be HH:MM-HH:MM, as 22:00-07:00") from None
    if not zone:
        raise InvalidInput("zone must be given with quiet hours, as Africa/Tripoli")
    return Quiet(start=hours[0], end=hours[1], time_zone=zone)
