"""
What is to be told of the rows of an answer besides remarks, compiled: the twin of `services.matching.rows`.

Ways and times are reckoned by the same sums; a test holds both equal.
"""

from math import ceil
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import from_dtype
from numba.core import types

from services.matching.index.compiling import compiled
from services.matching.index.facts import FACT, LONG_AGO, REACH_ENROLLED, REACH_NONE, Facts
from services.matching.index.marks import ANOTHER, MOST_MARKS, Marks
from services.matching.index.opening import NOT_ASKED, States

Told = npt.NDArray[Any]  #: records of `ROW`

NO_WAY: Final = -1  #: in place of seconds: nobody has to go there, or it is too vaguely known
AT_WHEN: Final = LONG_AGO  #: in place of the number of a moment: exactly when the person would be there
NOTHING, RING_FIRST, TAKES_NONE = range(3)  #: what to know of how a referral reaches it
_MOMENT_S: Final = 300  #: from one moment to the next

#: of a provider in an answer
ROW: Final = np.dtype(
    [
        ("cost_mm", np.int64),
        ("travel_s", np.int64),  # as it is told; `NO_WAY` for none
        ("moment", np.int64),  # of arrival, as it is told: in five minutes since 1970, or `AT_WHEN`
        ("arrival", np.int64),  # the same as it is judged by
        ("begin", np.int64),  # of what the provider says of itself, as in `FACT`
        ("length", np.int32),
        ("number", np.int32),  # row of the block of its part
        ("hours", np.int32),  # as in `FACT`
        ("size", np.int32),  # of its bytes; noted when it is written
        ("shows", np.int16),  # what an offer would show, as bits of `model.needed`; noted then
        ("decisive", np.int16),  # as in `FACT`
        ("part", np.int8),  # of the directory
        ("is_confidential", np.bool_),
    ],
    align=True,
)


@compiled(
    types.int64(
        types.int32[::1],
        types.int64[::1],
        from_dtype(FACT)[::1],
        types.int64,
        types.int64,
        types.float64,
        types.UniTuple(types.int64, 3),  # type: ignore[no-untyped-call]
        types.UniTuple(types.int64, 2),  # type: ignore[no-untyped-call]
        types.int64,
        from_dtype(ROW)[::1],
        types.int16[:, ::1],
        types.int8[:, ::1],
        types.int64,
    )
)
def tell(
    numbers: npt.NDArray[np.int32],
    costs_mm: npt.NDArray[np.int64],
    facts: Facts,
    when_us: int,
    heard_since_us: int,
    seconds_a_mm: float,
    departure: tuple[int, int, int],
    bands_mm: tuple[int, int],
    part: int,
    told: Told,
    marks: Marks,
    opens: States,
    first: int,
) -> int:
    """
    Tell what hangs on a provider, its cost and the time alone.

    Args:
        numbers: Rows of the block.

        costs_mm: Of each.

        facts: By row of the block.

        when_us: When the person would be there.

        heard_since_us: A receiver that was last heard before is rung first.

        seconds_a_mm: How long a way takes; below 0: nobody has to go.

        departure: Of `Departure.reckoned`.

        bands_mm: Where the bands end by which the cost of a confidential site is told.

        part: The number of the part of the directory.

        told: A record for each; filled in.

        marks: Of each; how a referral reaches it, and `ANOTHER` if it is vetted, is noted at `MOST_MARKS`, and behind
            that whether it is open on arrival, `NOT_ASKED` if that must be asked.

        opens: Of a `Window`.

        first: The first moment of it.

    Returns:
        At how many that must be asked.
    """
    early_s, first_moment, late_s = departure
    not_asked_count = 0
    near_mm, far_mm = bands_mm
    for place in range(len(numbers)):
        fact, row, cost_mm = facts[numbers[place]], told[place], costs_mm[place]
        row.cost_mm, row.number, row.part = cost_mm, numbers[place], part
        row.begin, row.length, row.hours, row.decisive = fact.begin, fact.length, fact.hours, fact.decisive
        row.is_confidential = fact.is_confidential
        reached = NOTHING
        if fact.reach == REACH_NONE:
            reached = TAKES_NONE
        elif fact.reach == REACH_ENROLLED and not fact.is_confidential and fact.heard_us < heard_since_us:
            reached = RING_FIRST
        is_vetted = fact.was_vetted and when_us < fact.vetting_ends_us
        marks[place, MOST_MARKS] = reached + (ANOTHER if is_vetted else 0)
        row.travel_s, row.moment, row.arrival = NO_WAY, AT_WHEN, AT_WHEN
        travel_s = ceil(cost_mm * seconds_a_mm)
        if seconds_a_mm >= 0.0 and travel_s > early_s:
            row.arrival = first_moment - (-(travel_s + late_s) // _MOMENT_S)
        open_state = 0
        if fact.hours >= 0:
            ahead = row.arrival - first
            is_kept = row.arrival != AT_WHEN and fact.hours < len(opens) and 0 <= ahead < opens.shape[1]
            open_state = opens[fact.hours, ahead] if is_kept else NOT_ASKED
            not_asked_count += int(open_state == NOT_ASKED)
        marks[place, MOST_MARKS + 1] = open_state
        if seconds_a_mm < 0.0:
            continue
        row.moment = row.arrival
        if fact.is_confidential:  # its way is told by its band alone (R17)
            if cost_mm >= far_mm:
                continue
            travel_s = ceil((near_mm if cost_mm < near_mm else far_mm) * seconds_a_mm)
            row.moment = AT_WHEN if travel_s <= early_s else first_moment - (-(travel_s + late_s) // _MOMENT_S)
        row.travel_s = travel_s
    return not_asked_count
