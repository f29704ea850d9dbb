"""Back up and restore the database of a house, by the very commands that docs/operations.md gives an operator."""

import os
import re
import subprocess
from pathlib import Path

import psycopg

from services.runtime.embedded.postgres import SUPERUSER, find_binaries
from tests.faults.breaking import POSTGRES
from tests.house import ROOT, House

WITHIN_S = 120


def back_up(house: House, dump: Path) -> None:
    """Write a dump while everything runs."""
    with dump.open("wb") as out:
        _run(house, _said("pg_dump"), stdout=out)


def restore(house: House, dump: Path) -> None:
    """Put a dump in the place of the database; nobody may be connected."""
    with dump.open("rb") as content:
        _run(house, _said("pg_restore"), stdin=content)


def _said(program: str) -> list[str]:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [options] = re.findall(rf'superuser_password\)" {program} ([^\']+)\'', page)
    return [program, *options.split()]


def _run(house: House, command: list[str], **streams: object) -> None:
    at = psycopg.conninfo.conninfo_to_dict(house.parts.database_url)
    password = (house.folder / POSTGRES / f"{SUPERUSER}.password").read_text()
    environment = {**os.environ, "PGHOST": str(at["host"]), "PGPORT": str(at["port"]), "PGPASSWORD": password}
    program = find_binaries(os.environ) / command[0]
    done = subprocess.run(  # type: ignore[call-overload]
        [program, *command[1:]], env=environment, stderr=subprocess.PIPE, timeout=WITHIN_S, check=False, **streams
    )
    assert done.returncode == 0, done.stderr
