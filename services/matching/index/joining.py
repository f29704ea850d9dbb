"""
Join the rows of an answer from bytes that were written before, compiled.

What the bytes mean is said where they are written (`services.matching.wire`): here are only lengths, numbers
and the order in which they follow each other.
"""

from typing import Any, Final

import numpy as np
from numba import from_dtype
from numba.core import types

from services.matching.index.arena import Bytes
from services.matching.index.bits import Rows
from services.matching.index.compiling import bits_of, compiled, part
from services.matching.index.facts import NOT_WRITTEN
from services.matching.index.marks import MOST_MARKS, NOTES, Marks
from services.matching.index.putting import BYTES, PIECES, Pieces, put, put_number, size_of
from services.matching.index.telling import AT_WHEN, NO_WAY, ROW, Told

_MOMENT_S: Final = 300
_MM_PER_M: Final = 1000.0
_DOUBLE: Final = 8  #: bytes
_COST_SLOTS: Final = 3  #: the same number stands three times in a row
#: the numbers of forms: of two lists, around the slots of a cost, of three bands, and of one each
_LIST, _COST, _BAND = 0, 2, 6
_TRAVEL, _DURATION, _SECONDS, _ARRIVAL, _MODE, _PLACES = range(9, 15)


@part
def _form_size(forms: Pieces, number: int) -> int:
    return int(forms.ends[number + 1] - forms.ends[number])


@part
def _band(cost_mm: int, bands_mm: tuple[int, int]) -> int:
    return _BAND + int(cost_mm >= bands_mm[0]) + int(cost_mm >= bands_mm[1])


@part
def _arrival_size(moment: int, forms: Pieces) -> int:
    """Say how many bytes the time of arrival takes, without its tag and length."""
    return _form_size(forms, _SECONDS) + size_of(moment * _MOMENT_S) if moment != 0 else 0


@part
def _way_size(row: Any, forms: Pieces, at_when: Bytes) -> int:
    """Say how many bytes a way takes, without its tag and length."""
    lasts = _form_size(forms, _SECONDS) + size_of(row.travel_s)
    size = _form_size(forms, _DURATION) + size_of(lasts) + lasts + _form_size(forms, _MODE)
    if row.moment == AT_WHEN:
        size += len(at_when)
    else:
        arrives = _arrival_size(row.moment, forms)
        size += _form_size(forms, _ARRIVAL) + size_of(arrives) + arrives
    return size


@part
def _put_form(out: Bytes, at: int, forms: Pieces, number: int) -> int:
    return put(out, at, forms.bytes, forms.ends[number], forms.ends[number + 1])


@part
def _put_way(out: Bytes, at: int, row: Any, forms: Pieces, at_when: Bytes) -> int:
    at = _put_form(out, at, forms, _TRAVEL)
    at = put_number(out, at, _way_size(row, forms, at_when))
    at = _put_form(out, at, forms, _DURATION)
    at = put_number(out, at, _form_size(forms, _SECONDS) + size_of(row.travel_s))
    at = _put_form(out, at, forms, _SECONDS)
    at = put_number(out, at, row.travel_s)
    if row.moment == AT_WHEN:
        at = put(out, at, at_when, 0, len(at_when))
    else:
        at = _put_form(out, at, forms, _ARRIVAL)
        at = put_number(out, at, _arrival_size(row.moment, forms))
        if row.moment != 0:
            at = _put_form(out, at, forms, _SECONDS)
            at = put_number(out, at, row.moment * _MOMENT_S)
    return _put_form(out, at, forms, _MODE)


@part
def _cost_size(row: Any, forms: Pieces, bands_mm: tuple[int, int]) -> int:
    if row.is_confidential:
        return _form_size(forms, _band(row.cost_mm, bands_mm))
    return int(forms.ends[_COST + _COST_SLOTS + 1] - forms.ends[_COST]) + _COST_SLOTS * _DOUBLE


@part
def _put_cost(out: Bytes, at: int, row: Any, forms: Pieces, bands_mm: tuple[int, int]) -> int:
    if row.is_confidential:
        return _put_form(out, at, forms, _band(row.cost_mm, bands_mm))
    bits = bits_of(row.cost_mm / _MM_PER_M)
    for slot in range(_COST_SLOTS):
        at = _put_form(out, at, forms, _COST + slot)
        for byte in range(_DOUBLE):
            out[at + byte] = np.uint8((bits >> np.uint64(8 * byte)) & np.uint64(255))
        at += _DOUBLE
    return _put_form(out, at, forms, _COST + _COST_SLOTS)


@part
def _remarks_size(place: int, marks: Marks, said: Pieces, states: Pieces, first_state: int) -> int:
    state = first_state + marks[place, MOST_MARKS] + NOTES * marks[place, MOST_MARKS + 1]
    size = int(states.ends[state + 1] - states.ends[state])
    for which in range(MOST_MARKS):
        number = marks[place, which]
        if number == 0:
            break
        size += said.ends[number + 1] - said.ends[number]
    return size


@part
def _put_remarks(out: Bytes, at: int, place: int, marks: Marks, said: Pieces, states: Pieces, first_state: int) -> int:
    for which in range(MOST_MARKS):
        number = marks[place, which]
        if number == 0:
            break
        at = put(out, at, said.bytes, said.ends[number], said.ends[number + 1])
    state = first_state + marks[place, MOST_MARKS] + NOTES * marks[place, MOST_MARKS + 1]
    return put(out, at, states.bytes, states.ends[state], states.ends[state + 1])


@compiled(
    types.int64(
        types.uint8[::1],
        types.uint8[::1],
        from_dtype(ROW)[::1],
        types.int64,
        *PIECES,
        BYTES,
        types.int16[:, ::1],
        *PIECES,
        *PIECES,
        types.int64,
        *PIECES,
        *PIECES,
        types.int64,
        types.int64,
        types.UniTuple(types.int64, 2),  # type: ignore[no-untyped-call]
        types.boolean,
    )
)
def join(
    out: Bytes,
    arena: Bytes,
    told: Told,
    sure_count: int,
    forms_bytes: Bytes,
    forms_ends: Rows,
    at_when: Bytes,
    marks: Marks,
    said_bytes: Bytes,
    said_ends: Rows,
    states_bytes: Bytes,
    states_ends: Rows,
    first_state: int,
    pieces_bytes: Bytes,
    pieces_ends: Rows,
    shown_bytes: Bytes,
    shown_ends: Rows,
    known: int,
    always: int,
    bands_mm: tuple[int, int],
    has_places: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
) -> int:
    """
    Join rows, each with the tag of its list and its length before it.

    Args:
        out: Where they are put.

        arena: Holds what providers say of themselves.

        told: The rows.

        sure_count: So many of the first are of the first list.

        forms_bytes: What is alike in all rows.

        forms_ends: As of `Pieces`.

        at_when: The time of arrival of those who are there exactly when they would be.

        marks: Of each row, and what is noted behind them.

        said_bytes: What each mark says.

        said_ends: As of `Pieces`.

        states_bytes: What each note says, by both: the first, and 8 times the second.

        states_ends: As of `Pieces`.

        first_state: The first of those that are meant.

        pieces_bytes: What else is said of each row: it comes last, where a number may take the place of one before.

        pieces_ends: As of `Pieces`.

        shown_bytes: The fields that an offer would show, by the bits of those that are known and decide.

        shown_ends: As of `Pieces`.

        known: Which facts are known of the person: a bit each.

        always: Which of them are shown whether they decide or not.

        bands_mm: Where the bands end by which the cost of a confidential site is told.

        has_places: Whether the pieces say of places; else the form does.

    Returns:
        How many bytes they take; nothing is put where `out` is shorter. `NOT_WRITTEN` where not all are in the arena.
    """
    forms, said = Pieces(forms_bytes, forms_ends), Pieces(said_bytes, said_ends)
    states, pieces = Pieces(states_bytes, states_ends), Pieces(pieces_bytes, pieces_ends)
    shown = Pieces(shown_bytes, shown_ends)
    length = 0
    for place in range(len(told)):
        row = told[place]
        if row.begin == NOT_WRITTEN:
            return NOT_WRITTEN
        shows = known & (row.decisive | always)
        size = row.length + pieces.ends[place + 1] - pieces.ends[place] + shown.ends[shows + 1] - shown.ends[shows]
        size += _cost_size(row, forms, bands_mm)
        if row.travel_s != NO_WAY:
            way = _way_size(row, forms, at_when)
            size += _form_size(forms, _TRAVEL) + size_of(way) + way
        if not has_places:
            size += _form_size(forms, _PLACES)
        size += _remarks_size(place, marks, said, states, first_state)
        row.size, row.shows = size, shows
        length += _form_size(forms, _LIST + int(place >= sure_count)) + size_of(size) + size
    if length > len(out):
        return length
    at = 0
    for place in range(len(told)):
        row = told[place]
        shows = row.shows
        at = _put_form(out, at, forms, _LIST + int(place >= sure_count))
        at = put_number(out, at, row.size)
        at = put(out, at, arena, row.begin, row.begin + row.length)
        at = put(out, at, shown.bytes, shown.ends[shows], shown.ends[shows + 1])
        if not has_places:
            at = _put_form(out, at, forms, _PLACES)
        at = _put_cost(out, at, row, forms, bands_mm)
        if row.travel_s != NO_WAY:
            at = _put_way(out, at, row, forms, at_when)
        at = _put_remarks(out, at, place, marks, said, states, first_state)
        at = put(out, at, pieces.bytes, pieces.ends[place], pieces.ends[place + 1])
    return length
