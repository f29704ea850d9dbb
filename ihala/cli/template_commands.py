"""`ihala template`: the workbook that a coordinator fills and that `ihala import` reads without a mapping."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ihala.cli.failures import plain_command


@plain_command
def template(
    file: Annotated[Path, typer.Argument(help="The workbook to write, as providers.xlsx.")],
    language: Annotated[str, typer.Option(help="ar, fr or en.")] = "en",
    dataset: Annotated[str, typer.Option(help="What the filled workbook is imported as: a-z 0-9 _ . -")] = "template",
) -> None:
    """Write a workbook to fill in, with lists to choose from; `ihala import FILE` reads it without a mapping."""
    from services.directory.importing.templates import write_template

    write_template(file, language=language, dataset=dataset)
    print(f"fill in {file} and run: ihala import {file}", file=sys.stderr)
