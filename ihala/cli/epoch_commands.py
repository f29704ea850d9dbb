"""`ihala epochs`: what an operator does to a database that was restored, before anything starts on it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import plain_command
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from services.errors import NotFound

epochs = typer.Typer(help="Epochs of a database that was restored (docs/operations.md).", no_args_is_help=True)


@epochs.callback()
def _epochs() -> None:
    """Keep the group a group, with one command and with more."""


@epochs.command("renew")
@plain_command
def renew(
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            envvar="IHALA_DATABASE_URL",
            help="Address of the database, as its superuser or the owner of every schema. "
            "Without it, the one of the run in this folder, which must have ended.",
            show_default=False,
        ),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """
    Make new epochs after a restore, before any service starts.

    Everybody who follows a feed starts from 0, and notify begins the bus anew and rings again for what is open.
    Refused while anybody is connected to the database. Again does no harm.
    """
    from services.runtime.epochs import renew as renew_all

    with _database(database) as url:
        renewed = asyncio.run(renew_all(url))
    schemas = [
        {"schema": schema, "feed_count": each.feed_count, "epoch": each.epoch} for schema, each in renewed.items()
    ]
    emit({"schemas": schemas}, form, lambda console: _show(console, schemas))


def _show(console: Console, schemas: Sequence[Mapping[str, Any]]) -> None:
    table = a_table("schema", "feeds#", "new epoch")
    for each in schemas:
        add_row(table, each["schema"], str(each["feed_count"]), each["epoch"])
    console.print(table)


@contextmanager
def _database(named: str | None) -> Iterator[str]:
    """Name the database; that of a run is started for it, and ended."""
    if named is not None:
        yield named
        return
    from services.runtime.embedded import postgres
    from services.runtime.embedded.processes import Supervisor

    folder = home.state_folder()
    if folder is None or not (folder / postgres.NAME).is_dir():
        raise NotFound("no run was found: name the database by --database or IHALA_DATABASE_URL")
    with Supervisor(folder) as supervisor:
        yield postgres.start(supervisor).url()
