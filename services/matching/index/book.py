"""
The book from which answers are joined, and parts of compiled passes that put what is not in it: ways, costs, counts.

What its bytes mean is said where they are written (`services.matching.wire`): here are only the numbers of its pages.
"""

from typing import Final

import numpy as np

from services.matching.index.arena import Bytes
from services.matching.index.compiling import NONE, ONE, bits_of, part
from services.matching.index.excluding import Counts, largest_of
from services.matching.index.putting import Pieces, put, put_number, size_of
from services.matching.index.stamping import SECONDS, put_time, time_size
from services.matching.index.telling import AT_WHEN, NOTES
from services.matching.model.travel import EVERY_S, US_PER_S

_MM_PER_M: Final = 1000.0
_DOUBLE: Final = 8  #: bytes
TAG: Final = 1  #: byte
#: its pages: tags of two lists and of one each, all of one byte; then a cost in four, at the end of the first three the
#: bytes that are the number; three bands, and one each
LIST, _EXCLUDED, _DURATION, _ARRIVAL = 0, 2, 3, 4
_COST, _COST_END, _BAND, TRAVEL, _MODE, PLACES = 5, 9, 9, 12, 13, 14
#: then what two notes on a row say, by both: the first, and 8 times the second; at first where the result is not
#: reported; then what stands before each count, by its place; and last what an offer would show, by its bits
STATES: Final = 15
NAMES: Final = STATES + 2 * NOTES * NOTES


@part
def page_size(book: Pieces, number: int) -> int:
    """Say how many bytes a page takes."""
    return int(book.ends[number + 1] - book.ends[number])


@part
def put_page(out: Bytes, at: int, book: Pieces, number: int) -> int:
    """Put a page behind so many bytes, and say where it ends."""
    return put(out, at, book.bytes, book.ends[number], book.ends[number + 1])


@part
def put_tag(out: Bytes, at: int, book: Pieces, number: int) -> int:
    """Put a page of one byte behind so many bytes, and say where it ends."""
    out[at] = book.bytes[book.ends[number]]
    return at + TAG


@part
def _band(cost_mm: int, bands_mm: tuple[int, int]) -> int:
    return _BAND + int(cost_mm >= bands_mm[0]) + int(cost_mm >= bands_mm[1])


@part
def _time_of(moment: int, when_us: int) -> int:
    """Say in microseconds when the moment of arrival is, given when the person would be there."""
    return when_us if moment == AT_WHEN else moment * EVERY_S * US_PER_S


@part
def way_size(travel_s: int, moment: int, when_us: int, book: Pieces) -> int:
    """Say how many bytes a way takes, without its tag and length."""
    lasts = TAG + size_of(travel_s)
    arrives = time_size(_time_of(moment, when_us))
    return TAG + size_of(lasts) + lasts + TAG + size_of(arrives) + arrives + page_size(book, _MODE)


@part
def put_way(out: Bytes, at: int, travel_s: int, moment: int, when_us: int, book: Pieces) -> int:
    """Put a way behind so many bytes, without its tag and length, and say where it ends."""
    at = put_tag(out, at, book, _DURATION)
    at = put_number(out, at, TAG + size_of(travel_s))
    out[at] = SECONDS
    at = put_number(out, at + TAG, travel_s)
    time_us = _time_of(moment, when_us)
    at = put_tag(out, at, book, _ARRIVAL)
    at = put_number(out, at, time_size(time_us))
    at = put_time(out, at, time_us)
    return put_page(out, at, book, _MODE)


@part
def cost_size(cost_mm: int, is_confidential: int, book: Pieces, bands_mm: tuple[int, int]) -> int:
    """Say how many bytes a cost takes."""
    if is_confidential:
        return page_size(book, _band(cost_mm, bands_mm))
    return int(book.ends[_COST_END] - book.ends[_COST])


@part
def put_cost(out: Bytes, at: int, cost_mm: int, is_confidential: int, book: Pieces, bands_mm: tuple[int, int]) -> int:
    """Put a cost behind so many bytes, or the band of it, and say where it ends."""
    if is_confidential:
        return put_page(out, at, book, _band(cost_mm, bands_mm))
    end = put(out, at, book.bytes, book.ends[_COST], book.ends[_COST_END])
    bits = bits_of(cost_mm / _MM_PER_M)
    for page in range(_COST, _COST_END - 1):
        at += page_size(book, page)
        for byte in range(_DOUBLE):
            out[at - _DOUBLE + byte] = np.uint8((bits >> np.uint64(8 * byte)) & np.uint64(255))
    return end


@part
def _count_size(place: int, counts: Counts, book: Pieces) -> int:
    """Say how many bytes a count takes, without its tag and length."""
    return page_size(book, NAMES + place) + size_of(counts[place])


@part
def counts_size(counts: Counts, book: Pieces) -> int:
    """Say how many bytes all counts take; those of 0 are left out."""
    length = 0
    for place in range(len(counts)):
        if counts[place] != 0:
            size = _count_size(place, counts, book)
            length += TAG + size_of(size) + size
    return length


@part
def put_counts(out: Bytes, at: int, counts: Counts, book: Pieces) -> None:
    """Put the counts behind so many bytes, the largest first."""
    left = NONE
    for place in range(len(counts)):
        if counts[place] != 0:
            left |= ONE << np.uint64(place)
    while left:
        place = largest_of(left, counts)
        left ^= ONE << np.uint64(place)
        at = put_tag(out, at, book, _EXCLUDED)
        at = put_number(out, at, _count_size(place, counts, book))
        at = put_page(out, at, book, NAMES + place)
        at = put_number(out, at, counts[place])
