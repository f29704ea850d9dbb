"""`ihala keys`: what a deployment needs before its first process starts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ihala.cli.failures import plain_command
from ihala.cli.output import Format, FormatOption, emit

keys = typer.Typer(help="Keys, tokens and configuration of a deployment (deploy/).", no_args_is_help=True)


@keys.callback()
def _keys() -> None:
    """Keep the group a group, with one command and with more."""


@keys.command("init")
@plain_command
def init(
    folder: Annotated[Path, typer.Argument(help="Gets a folder for every process; only the operator may read it.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Make what is missing and sign new tokens; again at least every 60 days, because tokens live for 90."""
    from ihala.cli.deployment import FOLDERS, Broker, make_deployment

    make_deployment(folder, lambda: datetime.now(UTC), Broker())
    emit(
        {"folder": str(folder), "parts": list(FOLDERS)},
        form,
        lambda console: print(f"{folder}: {', '.join(FOLDERS)}; the tokens hold for 90 days"),
    )
