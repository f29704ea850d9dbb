"""Times as whole microseconds, and who of a shelf has begun, ended or lost the vetting at one of them."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from services.matching.index.bits import Rows, Words, of_rows

Microseconds = npt.NDArray[np.int64]

#: in a column: no such time
NEVER: Final = np.iinfo(np.int64).max
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(time: datetime | None) -> int:
    """Count from 1970, exactly; `NEVER` for no time."""
    return NEVER if time is None else (time - _EPOCH) // _MICROSECOND


class Passed:
    """
    Which rows have passed their time: those of a column with a time that is not after now.

    Args:
        times_us: A time a row.
    """

    def __init__(self, times_us: Microseconds) -> None:
        rows = np.flatnonzero(times_us != NEVER)
        order = np.argsort(times_us[rows], kind="stable")
        self._length = len(times_us)
        self._rows: Rows = rows[order]
        self._times_us = times_us[self._rows]
        self._kept: tuple[int, tuple[Words | None, Words | None]] = (-1, (None, None))

    def count(self, when_us: int) -> int:
        """Count who has passed at a time, in microseconds since 1970."""
        return int(np.searchsorted(self._times_us, when_us, side="right"))

    def span(self, passed: int) -> tuple[int, int]:
        """Say from when on so many have passed, and until when no more have."""
        since_us = int(self._times_us[passed - 1]) if passed else -NEVER
        until_us = int(self._times_us[passed]) if passed < len(self._times_us) else NEVER
        return since_us, until_us

    def at(self, passed: int) -> tuple[Words | None, Words | None]:
        """List who has passed and who has yet to when so many have, None for nobody."""
        count, kept = self._kept
        if count != passed:
            kept = self._set(self._rows[:passed]), self._set(self._rows[passed:])
            self._kept = passed, kept
        return kept

    def _set(self, rows: Rows) -> Words | None:
        return of_rows(rows, self._length) if len(rows) else None
