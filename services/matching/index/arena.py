"""Bytes that were written once and are read again and again, one after the other: compiled code joins them."""

from threading import Lock
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_FIRST: Final = 1 << 16  #: bytes for which there is room at once


class Span(NamedTuple):
    """Where bytes are."""

    begin: int
    length: int


class Arena:
    """
    Holds bytes. They are added and never moved or changed, so readers need no lock.

    Args:
        room: Bytes for which there is room at once; what is not used of it takes no memory.
    """

    def __init__(self, room: int = _FIRST) -> None:
        self.bytes: Bytes = np.empty(max(room, _FIRST), dtype=np.uint8)
        self.size = 0  #: bytes that are held
        self._lock = Lock()

    def add(self, content: bytes) -> Span:
        """Hold bytes, and say where."""
        with self._lock:
            begin, end = self.size, self.size + len(content)
            if end > len(self.bytes):
                larger = np.empty(max(len(self.bytes) * 3 // 2, end), dtype=np.uint8)
                larger[:begin] = self.bytes[:begin]
                self.bytes = larger
            self.bytes[begin:end] = np.frombuffer(content, dtype=np.uint8)
            self.size = end
        return Span(begin, len(content))
