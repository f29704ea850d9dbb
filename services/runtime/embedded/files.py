"""Files of a project folder: private ones written whole or not at all, and the lock of the one run."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.errors import FailedPrecondition

PRIVATE = 0o600


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, so that a crash leaves the old one or the new one."""
    draft = file.with_name(f"{file.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(descriptor, PRIVATE)  # a draft left behind may have been laxer
        stream.write(text)
        stream.flush()
        os.fsync(descriptor)
    draft.replace(file)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """
    Hold a folder for this process alone; it is made if absent.

    The lock ends with the process however that ends, so there is never a stale one.

    Raises:
        FailedPrecondition: Another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+", encoding="ascii") as lock:  # children do not inherit it
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise FailedPrecondition(
                f"another run uses this folder (process {holder}): end that one first, or run in another folder"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
