"""
Becomes a child program that ends with its parent and, for PostgreSQL, is not the superuser.

It runs as a file of its own, `python -I -S launch.py …`, between fork and exec, because
what it does must happen in the child and `preexec_fn` is not safe beside threads. It
stands on the standard library alone. Linux; elsewhere it only executes the program.
"""

import ctypes
import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
SUPERUSER_ID = 0


def wrapped(command: Sequence[str | Path], *, user: str, death_signal: int) -> list[str]:
    """
    Return the command that starts a program through this file, as a child of this process.

    Args:
        command: The program by its whole path, then its arguments.

        user: As `main` takes it.

        death_signal: What the kernel sends the program when this process ends.
    """
    this_file = [sys.executable, "-I", "-S", __file__]
    return [*this_file, str(os.getpid()), str(int(death_signal)), user, *map(str, command)]


def main(arguments: list[str]) -> None:
    """
    Execute a program under the conditions asked for.

    Args:
        arguments: parent's process id, signal at its death, user, program, its arguments.
            The user is `same`; `unshared` (the same to the file system, no superuser to
            itself); or a numeric user and group id, `1001:1001`.
    """
    parent, death_signal, user, *command = arguments
    if user == "unshared":
        _leave_superuser_namespace()
    elif user != "same":
        user_id, group_id = (int(part) for part in user.split(":"))
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    if sys.platform == "linux":
        # after the change of user, which clears it
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):  # it died before the line above
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  # the point of this file: no shell, this process


def _leave_superuser_namespace() -> None:
    """
    As `unshare --user --map-user=… --map-group=…` does.

    The new ids are of a user that the system knows by name: initdb asks for it.
    """
    user_id, group_id = os.geteuid(), os.getegid()
    known = next(user for user in pwd.getpwall() if user.pw_uid != SUPERUSER_ID)
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no new user namespace")
    process = Path("/proc/self")
    (process / "uid_map").write_text(f"{known.pw_uid} {user_id} 1")
    (process / "setgroups").write_text("deny")
    (process / "gid_map").write_text(f"{known.pw_gid} {group_id} 1")


if __name__ == "__main__":
    main(sys.argv[1:])
