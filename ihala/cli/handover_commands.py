"""`ihala handover`: what both sides see between yes and arrival, sealed by one for the other (R20)."""

from pathlib import Path
from typing import Annotated

import typer

from ihala.cli import home, typed
from ihala.cli.desk_commands import DeskOption
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, emit
from ihala.client import Ihala
from ihala.desk_client import Desk
from ihala.terms import Handover
from services.errors import NotFound

handover = typer.Typer(
    help="Leave or read a handover: meeting point, who comes, code word; never an address.", no_args_is_help=True
)


@handover.command("leave")
@command
async def leave_handover(
    offer_id: Annotated[str, typer.Argument()],
    file: Annotated[Path, typer.Argument(help="What the caller's own tool has sealed for the other side.")],
    key_id: Annotated[str, typer.Option(help="Which key it is sealed to.")],
    receiver: DeskOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Leave a handover between yes and arrival: for the house, or with --receiver for the sender."""
    sealed = typed.bytes_of(file, "file")
    if receiver is None:
        async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
            await ihala.submit_handover(offer_id, sealed, key_id)
    else:
        async with Desk(home.profile_for(f"receivers/{receiver}", profile), actor=actor) as desk:
            await desk.submit_handover(offer_id, sealed, key_id)
    words = "left: the other side sees it until the arrival"
    emit({"offer_id": offer_id, "bytes": len(sealed)}, form, lambda console: console.print(words))


@handover.command("read")
@command
async def read_handover(
    offer_id: Annotated[str, typer.Argument()],
    out: Annotated[Path, typer.Option(help="Where the sealed bytes go; the caller's own tool opens them.")],
    receiver: DeskOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Read what the other side has left: gone once nobody is expected any more."""
    try:
        found = await _left(offer_id, receiver, profile, actor)
    except NotFound as error:
        raise NotFound("nothing was left, or nobody is expected: before the yes and after the arrival") from error
    out.write_bytes(found.sealed)
    document = {"offer_id": offer_id, "key_id": found.key_id, "create_time": found.create_time, "file": str(out)}
    emit(document, form, lambda console: console.print(f"{len(found.sealed)} bytes, sealed to {found.key_id}"))


async def _left(offer_id: str, receiver: str | None, profile: Path | None, actor: str | None) -> Handover:
    if receiver is None:
        async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
            return await ihala.get_handover(offer_id)
    async with Desk(home.profile_for(f"receivers/{receiver}", profile), actor=actor) as desk:
        return await desk.get_handover(offer_id)
