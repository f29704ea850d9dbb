"""`ihala vocabulary`: the codes and their words."""

from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.directory_client import Directory


@command
async def vocabulary(
    kind: Annotated[str, typer.Argument(help="service, population, decline_reason, outcome, …")],
    language: Annotated[str, typer.Option(help="Of the labels (BCP 47).")] = "",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
) -> None:
    """List the codes of a vocabulary with their words."""
    async with Directory(home.profile_for(home.MINISTRY, profile)) as directory:
        terms = await directory.vocabulary(kind, language)

    def show(console: Console) -> None:
        table = a_table("code", "label", "under", "marks")
        for term in terms:
            add_row(table, term.code, term.label, term.parent, ", ".join(term.marks))
        console.print(table)

    entries = [
        {
            "code": term.code,
            "label": term.label,
            "parent": term.parent,
            "marks": term.marks,
            "deprecated": term.is_deprecated,
        }
        for term in terms
    ]
    emit({"kind": kind, "language": language or "en", "entries": entries}, form, show)
