"""
What is told of places at the rows of an answer, compiled: the twin of `constraints.places.view_of`.

What the bytes mean is said where they are written (`services.matching.wire`).
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from services.matching.index.arena import Bytes
from services.matching.index.bits import Rows
from services.matching.index.book import page_size, put_page
from services.matching.index.compiling import compiled, part
from services.matching.index.putting import PIECES, Pieces, put_number, size_of
from services.matching.index.reports import OPEN, UNSAID, Counts
from services.matching.index.stamping import put_time, time_size
from services.matching.index.telling import ANOTHER, NUMBER, OPENS, PART, Told
from services.matching.index.times import NEVER

Views = npt.NDArray[np.int64]  #: what is told of each row, in these columns

#: what is known; how many seem free; when that was reported, in microseconds since 1970, `NEVER` if nobody knows; the
#: number of the population
KIND, FREE, REPORTED_US, POPULATION = range(4)
VIEW: Final = 4  #: columns
COUNTED, NOT_COUNTED, UNKNOWN = range(3)
#: the numbers of forms: of the three kinds, of one each, and of populations from there on
_PLACES, _FREE, _REPORTED, _POPULATIONS = range(3, 7)
#: bytes that a view takes beside its population, at most
ROOM: Final = 64


@part
def _place_of(numbers: npt.NDArray[np.int32], number: int) -> int:
    """Find the place of a number among others, ascending; -1 if it is not there."""
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) >> 1
        if numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low if low < len(numbers) and numbers[low] == number else -1


@compiled(
    types.void(
        types.int64[:, ::1],
        types.int64,
        types.int32[::1],
        types.int16[::1],
        types.int64[:, ::1],
        types.int64[:, ::1],
        types.int64[::1],
        types.int64,
        types.boolean,
        types.int64,
        types.int64[:, ::1],
    )
)
def look(
    told: Told,
    of_part: int,
    numbers: npt.NDArray[np.int32],
    slots: npt.NDArray[np.int16],
    free: Counts,
    reported_us: Counts,
    populations: Counts,
    unreported: int,
    is_known: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
    old_before_us: int,
    views: Views,
) -> None:
    """
    Look up what is told of places.

    Args:
        told: Who is listed; the note on whether it is open gets `ANOTHER` where the report is old.

        of_part: The number of a part of the directory: of its providers it is told here.

        numbers: Rows of the block of those houses that report, ascending.

        slots: Of each house the slot of the report that is told of; below 0: -1 less the number of a population.

        free: As in `Reports`, less what is held and booked.

        reported_us: As there.

        populations: By slot.

        unreported: The number of the population that is told where nothing was ever reported.

        is_known: Whether anybody knows what is held and booked.

        old_before_us: A report from before is old.

        views: Of each who is listed; filled in.
    """
    for place in range(len(told)):
        if told[place, PART] != of_part:
            continue
        view = views[place]
        view[KIND], view[FREE], view[REPORTED_US] = UNKNOWN, 0, NEVER
        house = _place_of(numbers, told[place, NUMBER])
        slot = -1 - unreported if house < 0 else int(slots[house])
        if slot < 0:
            view[POPULATION] = -1 - slot
            continue
        view[REPORTED_US], view[POPULATION] = reported_us[slot, house], populations[slot]
        count = free[slot, house]
        if count == OPEN:
            view[KIND] = NOT_COUNTED
        elif count != UNSAID and is_known:
            view[KIND], view[FREE] = COUNTED, max(count, 0)
            if view[REPORTED_US] < old_before_us:
                told[place, OPENS] += ANOTHER


@part
def _size(view: Any, forms: Pieces) -> int:
    """Say how many bytes a view takes, without its tag and length."""
    size = page_size(forms, view[KIND]) + page_size(forms, _POPULATIONS + view[POPULATION])
    if view[FREE] > 0:
        size += page_size(forms, _FREE) + size_of(view[FREE])
    if view[REPORTED_US] != NEVER:
        time = time_size(view[REPORTED_US])
        size += page_size(forms, _REPORTED) + size_of(time) + time
    return size


@compiled(types.void(types.int64[:, ::1], *PIECES, types.uint8[::1], types.int64[::1]))
def write(views: Views, forms_bytes: Bytes, forms_ends: Rows, out: Bytes, ends: Rows) -> None:
    """
    Write what is told of places.

    Args:
        views: Of each row.

        forms_bytes: What is alike in all rows.

        forms_ends: As of `Pieces`.

        out: Where the bytes are put below each other; `ROOM` and the longest population suffice for each.

        ends: As of `Pieces`; filled in.
    """
    forms = Pieces(forms_bytes, forms_ends)
    at = 0
    ends[0] = 0
    for place in range(len(views)):
        view = views[place]
        at = put_page(out, at, forms, _PLACES)
        at = put_number(out, at, _size(view, forms))
        at = put_page(out, at, forms, view[KIND])
        if view[FREE] > 0:
            at = put_number(out, put_page(out, at, forms, _FREE), view[FREE])
        if view[REPORTED_US] != NEVER:
            at = put_number(out, put_page(out, at, forms, _REPORTED), time_size(view[REPORTED_US]))
            at = put_time(out, at, view[REPORTED_US])
        at = put_page(out, at, forms, _POPULATIONS + view[POPULATION])
        ends[place + 1] = at
