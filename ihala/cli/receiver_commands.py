"""`ihala receiver`: make desks, enrol their devices, and end them."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.channel_commands import channels
from ihala.cli.delivery_commands import letters, list_deliveries
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, first_text, local_text
from ihala.directory_client import Directory
from ihala.notify_client import Device, Notify
from ihala.records import ReceiverRecord
from services.errors import InvalidInput

receiver = typer.Typer(
    help="Desks that hear of referrals: their devices and channels, what was done about alerts, and what was given up.",
    no_args_is_help=True,
)
receiver.add_typer(channels, name="channels")
receiver.add_typer(letters, name="letters")
receiver.command("deliveries")(list_deliveries)

ReceiverArgument = Annotated[str, typer.Argument(help="The receiver's id, or the name of its profile in this run.")]


@receiver.command("list")
@command
async def list_receivers(
    form: FormatOption = Format.TABLE, profile: ProfileOption = None, actor: ActorOption = None
) -> None:
    """List the desks."""
    async with Directory(home.profile_for(home.EDITOR, profile), actor=actor) as directory:
        found = [each async for each in directory.list_receivers()]
    _emit_receivers(found, form)


@receiver.command("create")
@command
async def create_receiver(
    name: Annotated[list[str], typer.Option("--name", help="LANGUAGE=NAME, as ar=مكتب; several times.")],
    language: Annotated[list[str] | None, typer.Option(help="Of the desk, the preferred first (BCP 47).")] = None,
    time_zone: Annotated[str, typer.Option(help="As Africa/Tripoli.")] = "",
    request_id: Annotated[str | None, typer.Option(help="Makes a repeat harmless.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Make a desk."""
    names = {}
    for number, text in enumerate(name):
        tag, equals, label = text.partition("=")
        if not (tag and equals and label):
            raise InvalidInput(f"name[{number}] must be LANGUAGE=NAME, as ar=مكتب")
        names[tag] = label
    async with Directory(home.profile_for(home.EDITOR, profile), actor=actor) as directory:
        made = await directory.create_receiver(
            names, languages=language or (), time_zone=time_zone, request_id=request_id
        )
    _emit_receivers([made], form)


@receiver.command("assign")
@command
async def assign_receiver(
    receiver_id: ReceiverArgument,
    provider_id: Annotated[str, typer.Argument()],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Let a desk hear of a provider's referrals."""
    async with Directory(home.profile_for(home.EDITOR, profile), actor=actor) as directory:
        provider = await directory.get_provider(provider_id)
        after = await directory.assign_receiver(provider, _id_of(receiver_id))
    document = {"provider_id": after.provider_id, "receiver_id": after.receiver_id}
    emit(document, form, lambda console: console.print(f"{first_text(after.names)}: desk {after.receiver_id}"))


@receiver.command("rotate")
@receiver.command("enrol")
@command
async def enrol_device(
    receiver_id: ReceiverArgument,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Make a one-time code that enrols a device on the answer page; it ends the code before."""
    async with Notify(home.profile_for(home.COORDINATOR, profile), actor=actor) as notify:
        made = await notify.create_enrolment_code(_id_of(receiver_id))
    document = {
        "receiver_id": _id_of(receiver_id),
        "code": made.code,
        "expire_time": made.expire_time,
        "page_url": made.page_url,
    }
    words = f"code {made.code}, to be typed at {made.page_url} before {local_text(made.expire_time)}"
    emit(document, form, lambda console: console.print(words))


@receiver.command("nats")
@command
async def register_nats(
    receiver_id: ReceiverArgument,
    key: Annotated[str, typer.Option(help="The public half of its key: 56 characters, U….")],
    beside: Annotated[
        bool, typer.Option("--beside", help="The key before holds on, until `receiver end` ends its device.")
    ] = False,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Give a desk's software its account on NATS, or a new key for it."""
    async with Notify(home.profile_for(home.OPERATOR, profile), actor=actor) as notify:
        made = await notify.register_nats_receiver(_id_of(receiver_id), key, keeps_previous=beside)
    _emit_devices([made], form)


@receiver.command("devices")
@command
async def list_devices(
    receiver_id: ReceiverArgument,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List a desk's devices, the newest first."""
    async with Notify(home.profile_for(home.COORDINATOR, profile), actor=actor) as notify:
        found = await notify.list_devices(_id_of(receiver_id))
    _emit_devices(found, form)


@receiver.command("revoke")
@receiver.command("end")
@command
async def end_device(
    device_id: Annotated[str, typer.Argument()],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """End a device: it hears nothing more."""
    async with Notify(home.profile_for(home.COORDINATOR, profile), actor=actor) as notify:
        ended = await notify.end_device(device_id)
    _emit_devices([ended], form)


def _id_of(name: str) -> str:
    """Return the id that a name of this run stands for; an id stands for itself."""
    return home.receiver_id_of(name) if name in home.receiver_names() else name


def _emit_receivers(found: Sequence[ReceiverRecord], form: Format) -> None:
    def show(console: Console) -> None:
        table = a_table("receiver", "name", "languages", "time zone")
        for each in found:
            add_row(table, each.receiver_id, first_text(each.names), ", ".join(each.languages), each.time_zone)
        console.print(table)

    documents = [
        {
            "receiver_id": each.receiver_id,
            "names": each.names,
            "languages": each.languages,
            "time_zone": each.time_zone,
        }
        for each in found
    ]
    emit({"receivers": documents}, form, show)


def _emit_devices(found: Sequence[Device], form: Format) -> None:
    def show(console: Console) -> None:
        table = a_table("device", "channel", "enrolled", "heard", "ended")
        for each in found:
            times = (each.create_time, each.heard_time, each.end_time)
            add_row(table, each.device_id, each.channel, *map(local_text, times))
        console.print(table if found else "none")

    documents = [
        {
            "device_id": each.device_id,
            "receiver_id": each.receiver_id,
            "channel": each.channel,
            "create_time": each.create_time,
            "heard_time": each.heard_time,
            "end_time": each.end_time,
        }
        for each in found
    ]
    emit({"devices": documents}, form, show)
