"""Chooses as which user PostgreSQL runs, since it refuses to be the superuser."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.errors import FailedPrecondition
from services.runtime.embedded import launch

ROOT_ID = 0


def choose_user(folder: Path, program: Path) -> str:
    """
    Choose the user for a server's folder, and give the folder to it.

    A normal user runs the server as itself. The superuser tries a user namespace first:
    nothing changes hands and closed parent folders stay passable; then the owner of the
    folder above; then `nobody`.

    Args:
        folder: Exists; it and all in it go to the user that is chosen.

        program: That the user must be able to run.

    Returns:
        As `launch.main` takes it.

    Raises:
        FailedPrecondition: The folder is another user's, or no user can reach it.
    """
    if os.geteuid() != ROOT_ID:
        if folder.stat().st_uid != os.geteuid():
            raise FailedPrecondition(f"{folder} belongs to another user: run as that user, or in another folder")
        return "same"
    for user in _candidates(folder):
        _hand_over(folder, user)
        if _can_run(user, folder, program):
            return user
    raise FailedPrecondition(
        "PostgreSQL refuses to run as the superuser, and neither a user namespace nor the user nobody can use "
        f"{folder}: run as a normal user, allow user namespaces, or set DATABASE_URL to your own server"
    )


def _candidates(folder: Path) -> Iterator[str]:
    """List whom the superuser may become; who owns the data already stays its owner if that is possible."""
    above = folder.parent.stat()
    nobody = pwd.getpwnam("nobody")
    others = [f"{above.st_uid}:{above.st_gid}", f"{nobody.pw_uid}:{nobody.pw_gid}"]
    now = folder.stat()
    if now.st_uid != ROOT_ID:
        yield f"{now.st_uid}:{now.st_gid}"
    yield "unshared"
    yield from (user for user in others if not user.startswith(f"{ROOT_ID}:"))


def _hand_over(folder: Path, user: str) -> None:
    owner, group = (ROOT_ID, ROOT_ID) if user == "unshared" else (int(part) for part in user.split(":"))
    if folder.stat().st_uid == owner:
        return
    for parent, _folders, files in os.walk(folder):
        for name in (".", *files):
            os.chown(Path(parent) / name, owner, group, follow_symlinks=False)


def run_as(user: str, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the user that `choose_user` returned, in a clean environment."""
    return subprocess.run(
        launch.wrapped(command, user=user, death_signal=signal.SIGKILL),
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def give(file: Path, user: str) -> None:
    """Give a file, made by this process, to the user that `choose_user` returned."""
    if user not in {"same", "unshared"}:
        user_id, group_id = (int(part) for part in user.split(":"))
        os.chown(file, user_id, group_id)


def clean_environment() -> dict[str, str]:
    """Nothing of PGDATA, PGPORT, LC_ALL and the like may reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _can_run(user: str, folder: Path, program: Path) -> bool:
    script = '"$0" --version && test -w "$1" && test -x "$1"'
    return run_as(user, ["/bin/sh", "-c", script, program, folder]).returncode == 0
