"""`ihala keys`: what a deployment needs before its first process starts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ihala.cli.failures import plain_command
from ihala.cli.output import Format, FormatOption, emit

keys = typer.Typer(help="Keys, tokens and configuration of a deployment (deploy/).", no_args_is_help=True)


FolderArgument = Annotated[Path, typer.Argument(help="Gets a folder for every process; only the operator may read it.")]


@keys.command("init")
@plain_command
def init(folder: FolderArgument, form: FormatOption = Format.TABLE) -> None:
    """Make what is missing and sign new tokens; again at least every 60 days, because tokens live for 90."""
    _make(folder, form, "the tokens hold for 90 days")


@keys.command("rotate")
@plain_command
def rotate(folder: FolderArgument, form: FormatOption = Format.TABLE) -> None:
    """Make a new signing key and sign all tokens with it; those of the key before hold until it is withdrawn."""
    from ihala.cli.deployment import operator_folder
    from ihala.cli.run.identities import retire_signing_key

    retire_signing_key(operator_folder(folder))
    _make(folder, form, "signed by a new key; mint the tokens of case systems and desks anew, then `keys withdraw`")


@keys.command("withdraw")
@plain_command
def withdraw(folder: FolderArgument, form: FormatOption = Format.TABLE) -> None:
    """Refuse every token of the signing key before the one of now."""
    from ihala.cli.deployment import operator_folder
    from ihala.cli.run.identities import withdraw_signing_key

    withdraw_signing_key(operator_folder(folder))
    _make(folder, form, "tokens of the key before are refused from now on")


def _make(folder: Path, form: Format, words: str) -> None:
    from ihala.cli.deployment import FOLDERS, Broker, make_deployment

    make_deployment(folder, lambda: datetime.now(UTC), Broker())
    emit(
        {"folder": str(folder), "parts": list(FOLDERS)},
        form,
        lambda console: print(f"{folder}: {', '.join(FOLDERS)}; {words}"),
    )
