"""A file that is read again when it changes, so that a key or a denial needs no restart."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from services.errors import InvalidInput

T = TypeVar("T")
log = structlog.get_logger(__name__)


class WatchedFile(Generic[T]):
    """
    What a file said when it was last whole.

    A file that vanishes or is torn later keeps its last good value: neither
    may let a revoked token in, nor lock everybody out.

    Raises:
        InvalidInput: The file is not well formed at the start.

        OSError: It cannot be read at the start.
    """

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        self._path = path
        self._read = read
        self._seen = self._fingerprint()
        self.value = read(path)

    def refresh(self) -> bool:
        """Read the file again if it changed, and say whether its value may have."""
        try:
            seen = self._fingerprint()
            if seen == self._seen:
                return False
            self.value = self._read(self._path)
        except (OSError, InvalidInput) as error:
            # no traceback: it would add nothing
            log.warning("watched_file.unreadable", file=self._path.name, error=type(error).__name__)
            return False
        self._seen = seen
        return True

    def _fingerprint(self) -> tuple[int, int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size, status.st_ino
