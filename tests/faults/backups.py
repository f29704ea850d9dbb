"""Back up and restore a database by the very commands that docs/operations.md gives an operator."""

import os
import re
import subprocess
from pathlib import Path
from typing import IO, Any

from services.runtime.embedded.ports import LOOPBACK
from services.runtime.embedded.postgres import find_binaries
from tests.house import ROOT

WITHIN_S = 120


def back_up(port: int, password: str, dump: Path) -> None:
    """
    Write a dump while everything runs.

    Args:
        port: Of the server, on this machine.

        password: Of its superuser.

        dump: The file.
    """
    with dump.open("wb") as out:
        _run("pg_dump", port, password, stdout=out)


def restore(port: int, password: str, dump: Path) -> None:
    """Put a dump in the place of the database; see `back_up`. Nobody may be connected."""
    with dump.open("rb") as content:
        _run("pg_restore", port, password, stdin=content)


def _run(program: str, port: int, password: str, **streams: IO[bytes]) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [options] = re.findall(rf'superuser_password\)" {program} ([^\']+)\'', page)
    where: dict[str, Any] = {"PGHOST": LOOPBACK, "PGPORT": str(port), "PGPASSWORD": password}
    done = subprocess.run(
        [find_binaries(os.environ) / program, *options.split()],
        env={**os.environ, **where},
        stdin=streams.get("stdin"),
        stdout=streams.get("stdout"),
        stderr=subprocess.PIPE,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
