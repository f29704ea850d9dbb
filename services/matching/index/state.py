"""What the answers are made from, kept up to date by the feeds: the directory, and the places taken."""

from datetime import datetime, timedelta
from typing import Final

from services.errors import Unavailable
from services.hours import Entry
from services.matching.index.snapshot import Snapshot
from services.matching.model.lines import Line
from services.matching.model.request import TakenPlaces

#: when referrals have been away for so long, nobody knows any more what is held and booked
TAKEN_KNOWN_FOR: Final = timedelta(seconds=30)
_RETRY_AFTER_S: Final = 1.0


class Directory:
    """The present snapshot; a newer one takes its place at once, between two answers."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self.calendar: tuple[Entry, ...] = ()  #: what is announced and changes hours
        self.lines: tuple[Line, ...] | None = ()  #: that no way may cross; None: nobody has told yet

    @property
    def snapshot(self) -> Snapshot:
        """
        The directory as it is known now.

        Raises:
            Unavailable: it has not been read whole yet (UNREADY): no answer is better than fewer rows.
        """
        if self._snapshot is None:
            raise Unavailable("the directory has not been read yet", retry_after_s=_RETRY_AFTER_S)
        return self._snapshot

    @property
    def known_lines(self) -> tuple[Line, ...]:
        """
        The lines that no way may cross.

        Raises:
            Unavailable: nobody has told yet (UNREADY): no answer is better than a way across a front line.
        """
        if self.lines is None:
            raise Unavailable("the lines have not been read yet", retry_after_s=_RETRY_AFTER_S)
        return self.lines

    @property
    def is_warm(self) -> bool:
        """Whether there is a snapshot to answer from."""
        return self._snapshot is not None

    def swap(self, snapshot: Snapshot) -> None:
        """Answer from another snapshot from now on."""
        self._snapshot = snapshot


class Taken:
    """The places that referrals hold and book, as long as they tell."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], int] | None = None
        self._lost_time: datetime | None = None

    def replace(self, taken: TakenPlaces) -> None:
        """Know everything anew, by a whole snapshot."""
        self._taken = {key: count for key, count in taken.items() if count}
        self._lost_time = None

    def change(self, taken: TakenPlaces) -> None:
        """Apply changes to what is known."""
        self.replace({**(self._taken or {}), **taken})

    def lose(self, now: datetime) -> None:
        """Note that nobody tells changes any more; the first moment counts."""
        self._lost_time = self._lost_time or now

    def at(self, now: datetime) -> TakenPlaces | None:
        """Say what is taken, or None where that is not known: counted places are unknown then."""
        if self._lost_time is not None and now - self._lost_time > TAKEN_KNOWN_FOR:
            return None
        return self._taken
