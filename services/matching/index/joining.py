"""
Join the lists of an answer from bytes that were written before, compiled.

What the bytes mean is said where they are written (`services.matching.wire`): here are only lengths, numbers
and the order in which they follow each other.
"""

from numba.core import types

from services.matching.index.arena import Bytes
from services.matching.index.bits import Rows
from services.matching.index.book import (
    LIST,
    NAMES,
    PLACES,
    STATES,
    TAG,
    TRAVEL,
    cost_size,
    counts_size,
    page_size,
    put_cost,
    put_counts,
    put_page,
    put_tag,
    put_way,
    way_size,
)
from services.matching.index.compiling import compiled, part
from services.matching.index.excluding import Counts
from services.matching.index.facts import NOT_WRITTEN
from services.matching.index.putting import PIECES, Pieces, put, put_number, size_of
from services.matching.index.telling import (
    BEGIN,
    COST_MM,
    DECISIVE,
    IS_CONFIDENTIAL,
    LENGTH,
    MARK_COUNT,
    MARKS,
    MOMENT,
    NO_WAY,
    NOTES,
    OPENS,
    REACHED,
    SHOWS,
    SIZE,
    STATE,
    TRAVEL_S,
    WAY_SIZE,
    Told,
)


@part
def _row_size(
    place: int,
    told: Told,
    book: Pieces,
    said: Pieces,
    pieces: Pieces,
    when_us: int,
    bands_mm: tuple[int, int],
    has_places: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
) -> int:
    """Say how many bytes a row takes, without its tag and length."""
    row = told[place]
    size = row[LENGTH] + page_size(book, row[SHOWS]) + page_size(book, row[STATE])
    size += cost_size(row[COST_MM], row[IS_CONFIDENTIAL], book, bands_mm)
    if row[TRAVEL_S] != NO_WAY:
        row[WAY_SIZE] = way_size(row[TRAVEL_S], row[MOMENT], when_us, book)
        size += page_size(book, TRAVEL) + size_of(row[WAY_SIZE]) + row[WAY_SIZE]
    if not has_places:
        size += page_size(book, PLACES)
    for which in range(row[MARK_COUNT]):
        size += page_size(said, row[MARKS + which])
    if len(pieces.ends) > 1:
        size += page_size(pieces, place)
    return int(size)


@part
def _put_row(
    out: Bytes,
    at: int,
    place: int,
    told: Told,
    book: Pieces,
    said: Pieces,
    pieces: Pieces,
    when_us: int,
    bands_mm: tuple[int, int],
    has_places: bool,  # noqa: FBT001
) -> int:
    """Put a row but for what its provider says of itself."""
    row = told[place]
    at = put_page(out, at, book, row[SHOWS])
    if not has_places:
        at = put_page(out, at, book, PLACES)
    at = put_cost(out, at, row[COST_MM], row[IS_CONFIDENTIAL], book, bands_mm)
    if row[TRAVEL_S] != NO_WAY:
        at = put_number(out, put_page(out, at, book, TRAVEL), row[WAY_SIZE])
        at = put_way(out, at, row[TRAVEL_S], row[MOMENT], when_us, book)
    for which in range(row[MARK_COUNT]):
        at = put_page(out, at, said, row[MARKS + which])
    at = put_page(out, at, book, row[STATE])
    if len(pieces.ends) > 1:
        at = put_page(out, at, pieces, place)
    return at


@compiled(
    types.int64(
        types.uint8[::1],
        types.uint8[::1],
        types.int64[:, ::1],
        types.int64,
        *PIECES,
        *PIECES,
        *PIECES,
        types.int64,
        types.int64,
        types.int64,
        types.UniTuple(types.int64, 2),  # type: ignore[no-untyped-call]
        types.boolean,
        types.boolean,
        types.int64[::1],
    )
)
def join(
    out: Bytes,
    arena: Bytes,
    told: Told,
    sure_count: int,
    book_bytes: Bytes,
    book_ends: Rows,
    said_bytes: Bytes,
    said_ends: Rows,
    pieces_bytes: Bytes,
    pieces_ends: Rows,
    known: int,
    always: int,
    when_us: int,
    bands_mm: tuple[int, int],
    is_reported: bool,  # noqa: FBT001 -- compiled code knows no names of arguments
    has_places: bool,  # noqa: FBT001
    counts: Counts,
) -> int:
    """
    Join rows and counts, each with the tag of its list and its length before it.

    Args:
        out: Where they are put.

        arena: Holds what providers say of themselves.

        told: The rows.

        sure_count: So many of the first are of the first list.

        book_bytes: What is the same for many rows and answers.

        book_ends: As of `Pieces`.

        said_bytes: What each mark says.

        said_ends: As of `Pieces`.

        pieces_bytes: What else is said of each row: it comes last, where a number may take the place of one before.

        pieces_ends: As of `Pieces`; only 0 where nothing is.

        known: Which facts are known of the person: a bit each.

        always: Which of them are shown whether they decide or not.

        when_us: When the person would be there, in microseconds since 1970.

        bands_mm: Where the bands end by which the cost of a confidential site is told.

        is_reported: Whether the result may be reported.

        has_places: Whether the pieces say of places; else the book does.

        counts: How many each constraint excluded, by its place in the table; those of 0 are left out.

    Returns:
        How many bytes they take; nothing is put where `out` is shorter. `NOT_WRITTEN` where not all are in the arena.
    """
    book, said, pieces = Pieces(book_bytes, book_ends), Pieces(said_bytes, said_ends), Pieces(pieces_bytes, pieces_ends)
    first_state = STATES + (NOTES * NOTES if is_reported else 0)
    first_shown = NAMES + len(counts)
    length = counts_size(counts, book)
    for place in range(len(told)):
        row = told[place]
        if row[BEGIN] == NOT_WRITTEN:
            return NOT_WRITTEN
        row[STATE] = first_state + row[REACHED] + NOTES * row[OPENS]
        row[SHOWS] = first_shown + (known & (row[DECISIVE] | always))
        row[SIZE] = _row_size(place, told, book, said, pieces, when_us, bands_mm, has_places)
        length += TAG + size_of(row[SIZE]) + row[SIZE]
    if length > len(out):
        return length
    at = 0
    for place in range(len(told)):
        at = put_tag(out, at, book, LIST + int(place >= sure_count))
        at = put_number(out, at, told[place, SIZE])
        at = put(out, at, arena, told[place, BEGIN], told[place, BEGIN] + told[place, LENGTH])
        at = _put_row(out, at, place, told, book, said, pieces, when_us, bands_mm, has_places)
    put_counts(out, at, counts, book)
    return length
