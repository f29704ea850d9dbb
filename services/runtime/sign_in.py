"""
One-time codes by which coordinators sign in, kept as digests in one file.

A thin door, until an issuer of OpenID Connect stands before it: an operator issues
a code for a coordinator, who types it once. A line of the file is
`SHA-256 of the code, unix time of its end, who it is for`.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final

from services.errors import InvalidInput
from services.runtime.auth import OPAQUE_ID

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  #: nothing that is mistaken for something else when read out
GROUPS: Final = 4
GROUP_LENGTH: Final = 5  #: 20 letters of 30: 98 bits, beyond guessing without a count of attempts
LIFE: Final = timedelta(hours=12)


def issue_code(login_file: Path, coordinator: str, *, now: datetime, life: timedelta = LIFE) -> str:
    """
    Make a code and write its digest into the file, which is made if it is missing.

    Args:
        login_file: Readable and writable by its owner alone.

        coordinator: Who it is for; an opaque id.

        now: When it is issued.

        life: How long it may wait to be used.

    Returns:
        The code, for example `K7QMX-2F9RT-HB4WC-8NVJD`; it stands nowhere else.

    Raises:
        InvalidInput: The coordinator is no opaque id.
    """
    if OPAQUE_ID.fullmatch(coordinator) is None:
        raise InvalidInput("coordinator must be 1 to 64 of A-Z a-z 0-9 _ . @ -")
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    with _locked(login_file) as file:
        lines = _still_good(file, now)
        lines.append(f"{_digest(code)} {int((now + life).timestamp())} {coordinator}")
        _rewrite(file, lines)
    return code


def take_code(login_file: Path, code: str, *, now: datetime) -> str | None:
    """
    Use a code up.

    Capitals, blanks and dashes do not matter: it may have been read out by telephone.

    Returns:
        Who it was for; None if it is not known, was used or has expired.
    """
    wanted = _digest(code)
    with _locked(login_file) as file:
        lines = _still_good(file, now)
        for line in lines:
            digest, _, coordinator = line.split(" ")
            if secrets.compare_digest(digest, wanted):
                lines.remove(line)
                _rewrite(file, lines)
                return coordinator
    return None


def _digest(code: str) -> str:
    letters = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()


def _still_good(file: IO[str], now: datetime) -> list[str]:
    file.seek(0)
    return [line for line in file.read().splitlines() if line and int(line.split(" ")[1]) > now.timestamp()]


def _rewrite(file: IO[str], lines: list[str]) -> None:
    file.seek(0)
    file.truncate()
    file.write("".join(f"{line}\n" for line in lines))
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _locked(login_file: Path) -> Iterator[IO[str]]:
    """Open the file for one process at a time."""
    descriptor = os.open(login_file, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
