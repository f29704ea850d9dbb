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
SAME, UNSHARED = "same", "unshared"  #: as `launch.main` takes them; the others are "user:group"


def choose_user(folder: Path, program: Path) -> str:
    """
    Choose the user for a server's folder, and give the folder to it.

    A normal user runs the server as itself. The superuser tries a user namespace first:
    nothing changes hands and closed parent folders stay passable; then the owner of the
    folder above; then `nobody`. A user without a name, as containers have, needs the
    namespace too, since initdb asks for its name.

    Args:
        folder: Exists; it and all in it go to the user that is chosen.

        program: That the user must be able to run.

    Returns:
        As `launch.main` takes it.

    Raises:
        FailedPrecondition: The folder is another user's, or no user can reach it.
    """
    own_id, owner_id = os.geteuid(), folder.stat().st_uid
    if own_id not in {ROOT_ID, owner_id}:
        raise FailedPrecondition(f"{folder} belongs to another user: run as that user, or in another folder")
    if own_id != ROOT_ID and _is_named(own_id):
        return SAME
    for user in _superusers_candidates(folder) if own_id == ROOT_ID else [UNSHARED]:
        if own_id == ROOT_ID:
            _hand_over(folder, user)
        if _can_run(user, folder, program):
            return user
    raise FailedPrecondition(
        "PostgreSQL runs neither as the superuser nor as a user without a name, and neither a user namespace nor the "
        f"user nobody can use {folder}: run as a normal user, allow user namespaces, or set DATABASE_URL to your "
        "own server"
    )


def _superusers_candidates(folder: Path) -> Iterator[str]:
    """List whom the superuser may become; who owns the data already stays its owner if that is possible."""
    above, now = folder.parent.stat(), folder.stat()
    nobody = pwd.getpwnam("nobody")
    if _is_normal(now.st_uid):
        yield f"{now.st_uid}:{now.st_gid}"
    yield UNSHARED
    if _is_normal(above.st_uid):
        yield f"{above.st_uid}:{above.st_gid}"
    yield f"{nobody.pw_uid}:{nobody.pw_gid}"


def _is_normal(user_id: int) -> bool:
    return user_id != ROOT_ID and _is_named(user_id)


def _is_named(user_id: int) -> bool:
    try:
        pwd.getpwuid(user_id)
    except KeyError:
        return False
    return True


def _hand_over(folder: Path, user: str) -> None:
    owner, group = (ROOT_ID, ROOT_ID) if user == UNSHARED else (int(part) for part in user.split(":"))
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
    if user not in {SAME, UNSHARED}:
        user_id, group_id = (int(part) for part in user.split(":"))
        os.chown(file, user_id, group_id)


def clean_environment() -> dict[str, str]:
    """Nothing of PGDATA, PGPORT, LC_ALL and the like may reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _can_run(user: str, folder: Path, program: Path) -> bool:
    script = '"$0" --version && test -w "$1" && test -x "$1"'
    return run_as(user, ["/bin/sh", "-c", script, program, folder]).returncode == 0
