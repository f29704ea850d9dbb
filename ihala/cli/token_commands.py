"""`ihala token`: sign tokens, revoke them, and let coordinators in."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ihala.cli import home
from ihala.cli.failures import plain_command
from ihala.cli.output import Format, FormatOption, emit
from services.errors import InvalidInput, NotFound, Reason

token = typer.Typer(help="Tokens of callers: mint, revoke; sign-in codes for the maps.", no_args_is_help=True)

DAY_S: Final = 24 * 3600.0


@token.command("mint")
@plain_command
def mint_token(
    client_id: Annotated[str, typer.Argument(help="Whose token it is, opaque.")],
    role: Annotated[list[str], typer.Option("--role", help="case_system, receiver, coordinator, …; several times.")],
    receiver_id: Annotated[list[str] | None, typer.Option("--receiver", help="A desk that it may act as.")] = None,
    actor: Annotated[str | None, typer.Option(help="Binds the token to one worker.")] = None,
    days: Annotated[float, typer.Option(help="How long it holds.")] = 30.0,
    key: Annotated[Path | None, typer.Option(help="The signing key; else that of this run.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file for it, readable by its owner alone; else it is shown.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Sign a token."""
    from services.runtime.auth import Role
    from services.runtime.embedded.files import write_private
    from services.runtime.keys import load_signing_key
    from services.runtime.tokens import mint

    try:
        roles = [Role(name) for name in role]
    except ValueError:
        raise InvalidInput(f"role must be one of {', '.join(Role)}", reason=Reason.UNKNOWN_CODE) from None
    file = key or _keys() / "signing_key.pem"
    if not file.is_file():
        raise NotFound("key must name the file of a signing key")
    text = mint(
        load_signing_key(file),
        client_id=client_id,
        roles=roles,
        receiver_ids=receiver_id or (),
        actor=actor,
        now=datetime.now(UTC),
        life_s=days * DAY_S,
    )
    if out is not None:
        write_private(out, text)
    shown = str(out) if out else text
    document = {"client_id": client_id, "roles": roles, "days": days, "file" if out else "token": shown}
    emit(document, form, lambda console: print(shown))


@token.command("revoke")
@plain_command
def revoke_tokens(
    client_id: Annotated[str | None, typer.Argument(help="Every token of a caller that was signed until now.")] = None,
    token_id: Annotated[str | None, typer.Option(help="One token, by its id (jti).")] = None,
    deny_file: Annotated[Path | None, typer.Option(help="The services' deny list; else that of this run.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Refuse tokens from now on; the services see it within a second."""
    if (client_id is None) == (token_id is None):
        raise InvalidInput("client_id must be given, or token_id, and not both")
    line = f"token {token_id}" if token_id else f"subject {client_id} {time.time():.0f}"
    file = deny_file or _keys() / "deny.txt"
    with file.open("a", encoding="ascii") as stream:
        stream.write(f"{line}\n")
    emit({"denied": line, "file": str(file)}, form, lambda console: print(f"denied: {line}"))


@token.command("sign-in")
@plain_command
def sign_in_code(
    coordinator: Annotated[str, typer.Argument(help="Who may come in, opaque; for the duty page as rosters write it.")],
    login_file: Annotated[Path | None, typer.Option(help="The page's file of codes; else that of this run.")] = None,
    duty: Annotated[bool, typer.Option("--duty", help="For the page of those on duty, not the maps.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make a one-time code by which a coordinator signs in to the maps, or to the duty page."""
    from services.runtime.sign_in import issue_code

    name = "duty_sign_in_codes" if duty else "sign_in_codes"
    code = issue_code(login_file or _keys() / name, coordinator, now=datetime.now(UTC))
    emit({"coordinator": coordinator, "code": code}, form, lambda console: print(code))


def _keys() -> Path:
    folder = home.state_folder()
    if folder is None:
        raise NotFound("no run was found here: name the file, or go to the folder of a run")
    return folder / "keys"
