"""
Whether those who keep the same hours are open at the moments at which people arrive, where compiled code looks it up.

Hours are judged by `services.hours` alone: here is kept what it said.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matching.model.hours import Hours, OpenState
from services.matching.model.travel import EVERY, moment

States = npt.NDArray[np.int8]

#: by the number that stands for it
OPENS: Final = (OpenState.UNKNOWN, OpenState.OPEN, OpenState.CLOSED)
NOT_ASKED: Final = -1  #: in place of such a number
_NUMBER_OF: Final = {state: number for number, state in enumerate(OPENS)}
_MOMENTS: Final = 864  #: of five minutes: three days
_BEFORE: Final = 288  #: so many of them before now, when everything is forgotten
_MOST_HOURS: Final = 4096  #: kinds of hours; of further ones nothing is kept


class Window(NamedTuple):
    """What is known of some days."""

    first: int  #: number of the first moment, as in `moment`
    states: States  #: by the number of the hours, and the moment since the first

    def ask(self, hours: Hours, number: int, arrival: int) -> int:
        """Ask hours, given their number, about a moment; what they say is kept for as long as it stays so."""
        when = moment(arrival)
        opens, ahead = _NUMBER_OF[hours.at(when)], arrival - self.first
        if number < len(self.states) and 0 <= ahead < _MOMENTS:
            alike = max(-((when - hours.steady_until(when)) // EVERY), 1)
            self.states[number, ahead : ahead + alike] = opens
        return opens


class Openings:
    """What is known of some days. A window is replaced and never moved: who reads one needs no lock."""

    def __init__(self) -> None:
        self.window = Window(-_MOMENTS, np.empty((0, _MOMENTS), dtype=np.int8))  #: that was asked for last

    def around(self, now: int, hours_count: int) -> Window:
        """Find what is known around a moment, of so many kinds of hours, with room for what is asked next."""
        window = self.window
        passed, missing = now - window.first, min(hours_count, _MOST_HOURS) - len(window.states)
        if missing <= 0 and _BEFORE // 2 <= passed < _MOMENTS // 2:
            return window
        if not _BEFORE // 2 <= passed < _MOMENTS // 2:
            window, missing = Window(now - _BEFORE, window.states[:0]), min(hours_count, _MOST_HOURS)
        further = np.full((missing, _MOMENTS), NOT_ASKED, dtype=np.int8)
        self.window = window = Window(window.first, np.concatenate([window.states, further]))
        return window


def number_of(opens: OpenState) -> int:
    """Find the number that stands for what is said."""
    return _NUMBER_OF[opens]
