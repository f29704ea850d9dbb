"""
What is to be told of the rows of an answer, compiled: its way, its arrival, and what is said besides a plain yes.

The twin of `services.matching.rows`: ways and times are reckoned by the same sums, and a test holds both equal.
"""

from math import ceil
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import from_dtype
from numba.core import types

from services.matching.index.arena import Bytes
from services.matching.index.bits import Words
from services.matching.index.compiling import NONE, ONE, compiled, part
from services.matching.index.facts import FACT, LONG_AGO, REACH_ENROLLED, REACH_NONE, Facts
from services.matching.index.marks import MARK_TYPE, MOST_MARKS
from services.matching.index.nearest import AWAY_MM, IN_BLOCK, ON_SHELF, Ranked
from services.matching.index.opening import NOT_ASKED, States
from services.matching.index.passes import NOBODY, StepNumbers, Steps
from services.matching.model.travel import EVERY_S, reckoned

Told = npt.NDArray[np.int64]  #: a row of `TOLD` numbers for each provider of an answer

#: the columns of `Told`: what a way costs in whole millimetres; what is told of it in seconds, or `NO_WAY`; the moment
#: of arrival as it is told and as it is judged by, in five minutes since 1970 or `AT_WHEN`; of what the provider says
#: of itself where it begins and its length, as in `FACT`; its row in the block of its part; its hours and by which
#: facts its rules decide, as in `FACT`; the part of the directory; whether it is a confidential site
COST_MM, TRAVEL_S, MOMENT, ARRIVAL, BEGIN, LENGTH, NUMBER, HOURS, DECISIVE, PART, IS_CONFIDENTIAL = range(11)
#: four more, noted when it is written: how many bytes that takes, and its way alone; and where what an offer would show
#: and what both notes say stand in the book
SIZE, WAY_SIZE, SHOWS, STATE = 11, 12, 13, 14
#: two notes on it: how a referral reaches it, with `ANOTHER` if it is vetted; whether it is open on arrival, as in
#: `opening.OPENS` or `NOT_ASKED`, with `ANOTHER` if its report of places is old
REACHED, OPENS = 15, 16
#: how many marks it has, and the first of them: numbers of reasons in the order of the table, followed by zeros; one
#: below 0 stands for a constraint by which the row has to be judged by itself
MARK_COUNT, MARKS = 17, 18
TOLD: Final = MARKS + MOST_MARKS

NO_WAY: Final = -1  #: in place of seconds: nobody has to go there, or it is too vaguely known
AT_WHEN: Final = LONG_AGO  #: in place of the number of a moment: exactly when the person would be there
NOTHING, RING_FIRST, TAKES_NONE = range(3)  #: what to know of how a referral reaches it
ANOTHER: Final = 4  #: in a note: from here on it stands for one thing more
NOTES: Final = 2 * ANOTHER  #: what a note may be is below
_MARK_BYTES: Final = MARK_TYPE.itemsize
_reckoned: Final = part(reckoned)


@part
def _number_at(content: Bytes, place: int, size: int) -> int:
    """Read a number that is not negative, given its place and how many bytes each takes, two or four: lowest first."""
    first = place * size
    number = int(content[first]) | int(content[first + 1]) << 8
    if size > _MARK_BYTES:
        number |= int(content[first + 2]) << 16 | int(content[first + 3]) << 24
    return number


@part
def _mark(
    sets: Words,
    steps: Steps,
    step_numbers: StepNumbers,
    marks: Bytes,
    ranked: Ranked,
    table: Any,
    number_size: int,
    facts: Facts,
    when_us: int,
    told: Told,
) -> int:
    """Put what steps say behind the marks that are there; say how many are below 0."""
    open_count = 0
    for which in range(len(step_numbers)):
        step = step_numbers[which]
        no, unknown, excludes, facet = steps[step, 0], steps[step, 1], steps[step, 2], steps[step, 4]
        standing, ended, alike = steps[step, 5], steps[step, 6], steps[step, 7]
        if excludes:  # then whoever is left is no no
            no = NOBODY
        if no == NOBODY and unknown == NOBODY:
            continue
        for place in range(len(ranked)):
            row, number = ranked[place, ON_SHELF], ranked[place, IN_BLOCK]
            word, bit = row >> 6, np.uint64(row & 63)
            said = NONE
            if unknown != NOBODY:
                said |= sets[unknown, word] >> bit
            if no != NOBODY:
                said |= sets[no, word] >> bit
            if not said & ONE:
                continue
            of_row = int(alike)
            if facet >= 0:
                has_ended = ended >= 0 and facts[number].vetting_ends_us <= when_us
                value = _number_at(table[number], facet, number_size)
                of_row = _number_at(marks, (ended if has_ended else standing) + value, _MARK_BYTES)
            open_count += int(of_row < 0)
            told[place, MARKS + told[place, MARK_COUNT]] = of_row
            told[place, MARK_COUNT] += 1
    return open_count


@compiled(
    types.UniTuple(types.int64, 2)(  # type: ignore[no-untyped-call]
        types.uint64[:, ::1],
        types.int32[:, ::1],
        types.Array(types.int32, 1, "C", readonly=True),
        types.uint8[::1],
        types.int64[:, ::1],
        types.uint8[:, ::1],
        types.int64,
        from_dtype(FACT)[::1],
        types.int64,
        types.int64,
        types.int64,
        types.float64,
        types.UniTuple(types.int64, 2),  # type: ignore[no-untyped-call]
        types.int64,
        types.int64,
        types.int8[:, ::1],
        types.int64[:, ::1],
    )
)
def tell(
    sets: Words,
    steps: Steps,
    step_numbers: StepNumbers,
    marks: Bytes,
    ranked: Ranked,
    table: Bytes,
    number_size: int,
    facts: Facts,
    when_us: int,
    now_us: int,
    heard_since_us: int,
    seconds_a_mm: float,
    bands_mm: tuple[int, int],
    part_number: int,
    first: int,
    opens: States,
    told: Told,
) -> tuple[int, int]:
    """
    Tell of rows, who are left, what hangs on the provider, its cost and the time, and mark what is said of them.

    Args:
        sets: Below each other.

        steps: Those that are known, by number.

        step_numbers: Of those that were gone, in their order.

        marks: What is found of the values of facets, as bytes of `MARK_TYPE`.

        ranked: Who they are.

        table: The numbers of facets, by row of the block, as bytes.

        number_size: How many of these a number takes.

        facts: By row of the block.

        when_us: When the person would be there, in microseconds since 1970.

        now_us: When one can leave.

        heard_since_us: A receiver that was last heard before is rung first.

        seconds_a_mm: How long a way takes; below 0: nobody has to go.

        bands_mm: Where the bands end by which the cost of a confidential site is told.

        part_number: Of the part of the directory.

        first: The first moment of a `Window`.

        opens: What it knows.

        told: A row for each. All is filled in but marks, which are put behind those that are there.

    Returns:
        How many marks are below 0, and at how many whether they are open must be asked.
    """
    open_count = _mark(sets, steps, step_numbers, marks, ranked, table, number_size, facts, when_us, told)
    early_s, first_moment, late_s = _reckoned(now_us, when_us)
    near_mm, far_mm = bands_mm
    not_asked_count = 0
    for place in range(len(ranked)):
        number, cost_mm = ranked[place, IN_BLOCK], ranked[place, AWAY_MM]
        fact, row = facts[number], told[place]
        row[COST_MM], row[NUMBER], row[PART] = cost_mm, number, part_number
        row[BEGIN], row[LENGTH], row[HOURS], row[DECISIVE] = fact.begin, fact.length, fact.hours, fact.decisive
        row[IS_CONFIDENTIAL] = fact.is_confidential
        reached = NOTHING
        if fact.reach == REACH_NONE:
            reached = TAKES_NONE
        elif fact.reach == REACH_ENROLLED and not fact.is_confidential and fact.heard_us < heard_since_us:
            reached = RING_FIRST
        is_vetted = fact.was_vetted and when_us < fact.vetting_ends_us
        row[REACHED] = reached + (ANOTHER if is_vetted else 0)
        travel_s, arrival = ceil(cost_mm * seconds_a_mm), AT_WHEN
        if seconds_a_mm >= 0.0 and travel_s > early_s:
            arrival = first_moment - (-(travel_s + late_s) // EVERY_S)
        open_state = 0
        if fact.hours >= 0:
            ahead = arrival - first
            is_kept = arrival != AT_WHEN and fact.hours < len(opens) and 0 <= ahead < opens.shape[1]
            open_state = opens[fact.hours, ahead] if is_kept else NOT_ASKED
            not_asked_count += int(open_state == NOT_ASKED)
        row[ARRIVAL], row[OPENS] = arrival, open_state
        row[TRAVEL_S], row[MOMENT] = NO_WAY, AT_WHEN
        if seconds_a_mm < 0.0:
            continue
        row[MOMENT] = arrival
        if fact.is_confidential:  # its way is told by its band alone (R17)
            if cost_mm >= far_mm:
                continue
            travel_s = ceil((near_mm if cost_mm < near_mm else far_mm) * seconds_a_mm)
            row[MOMENT] = AT_WHEN if travel_s <= early_s else first_moment - (-(travel_s + late_s) // EVERY_S)
        row[TRAVEL_S] = travel_s
    return open_count, not_asked_count


@compiled(types.boolean(types.int64[:, ::1], types.Array(types.boolean, 1, "C", readonly=True)))
def all_have(told: Told, is_meant: npt.NDArray[np.bool_]) -> bool:
    """Say whether each row has a mark of some, given by number; of no rows it is so."""
    for place in range(len(told)):
        is_in = False
        for which in range(told[place, MARK_COUNT]):
            is_in = is_in or is_meant[told[place, MARKS + which]]
        if not is_in:
            return False
    return True
