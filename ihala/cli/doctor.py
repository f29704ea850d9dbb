"""`ihala doctor`: look at what a run needs and whether its parts answer."""

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.exit_codes import FAULT
from ihala.cli.failures import command
from ihala.cli.home import ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.profile import SERVICES, Profile
from services.errors import IhalaError

WAIT_S: Final = 2.0
OLDEST_PYTHON: Final = (3, 11)


@command
async def doctor(form: FormatOption = Format.TABLE, profile: ProfileOption = None) -> None:
    """Look at Python, PostgreSQL, NATS, the profile, and whether every service answers."""
    checks = [
        _check("python", _python),
        _check("postgresql", _postgresql),
        _check("nats-server", _nats),
        _check("state", _state),
    ]
    try:
        chosen: Profile | None = home.profile_for(home.MINISTRY, profile)
        checks.append({"name": "profile", "ok": True, "detail": "found"})
    except IhalaError as error:
        chosen = None
        checks.append({"name": "profile", "ok": False, "detail": error.message})
    if chosen is not None:
        checks += [await _health(service, chosen) for service in SERVICES]
    is_well = all(check["ok"] for check in checks)

    def show(console: Console) -> None:
        table = a_table("", "part", "")
        for check in checks:
            add_row(table, "ok" if check["ok"] else "NO", check["name"], check["detail"])
        console.print(table)

    emit({"ok": is_well, "checks": checks}, form, show)
    if not is_well:
        raise typer.Exit(FAULT)


def _check(name: str, look: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"name": name, "ok": True, "detail": look()}
    except (IhalaError, OSError) as error:
        return {"name": name, "ok": False, "detail": error.message if isinstance(error, IhalaError) else str(error)}


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise OSError("Python 3.11 or newer is needed")
    return platform.python_version()


def _postgresql() -> str:
    from services.runtime.embedded.postgres import find_binaries

    return str(find_binaries(os.environ))


def _nats() -> str:
    from services.runtime.embedded.nats import find_program

    return str(find_program(os.environ))


def _state() -> str:
    folder = home.state_folder()
    if folder is None:
        raise OSError("no .ihala/ here or above: `ihala run` makes it")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise OSError(f"{folder} belongs to another user")
    return str(Path(folder))


async def _health(service: str, profile: Profile) -> dict[str, Any]:
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    try:
        address = profile.address(service)
        async with profile.open_channel(service) as channel:
            stub: Any = HealthStub(channel)
            answer = await stub.Check(HealthCheckRequest(), timeout=WAIT_S)
    except IhalaError as error:
        return {"name": service, "ok": False, "detail": error.message}
    is_serving = answer.status == HealthCheckResponse.SERVING
    return {"name": service, "ok": is_serving, "detail": f"{'serves' if is_serving else 'not ready'} at {address}"}
