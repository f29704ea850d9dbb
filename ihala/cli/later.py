"""Commands that stand in the contract and that this version does not answer yet."""

from typing import NoReturn

import typer

from ihala.cli.failures import plain_command
from services.errors import Unimplemented

audit = typer.Typer(help="The audit log; this version does not answer it yet.", no_args_is_help=True)


@audit.command("verify")
@plain_command
def verify_audit() -> None:
    """Verify the chain of the audit log. Not answered by this version."""
    _not_yet("audit verify")


def _not_yet(name: str) -> NoReturn:
    raise Unimplemented(f"this version does not answer `ihala {name}` yet")
