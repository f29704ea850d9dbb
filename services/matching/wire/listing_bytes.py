"""
Write the lists of an answer as bytes, from bytes that were written before.

Here is said what the bytes mean; `services.matching.index.joining` puts them
behind each other. A test holds the rows equal to those that are written one by one.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np

from ihala.matching.v1 import matching_pb2 as pb
from services.geo import BAND_ENDS_MM
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.arena import Arena
from services.matching.index.excluding import Counts
from services.matching.index.facts import NOT_WRITTEN
from services.matching.index.joining import join
from services.matching.index.marks import Reason
from services.matching.index.opening import OPENS
from services.matching.index.putting import Pieces, below_each_other
from services.matching.index.telling import (
    ANOTHER,
    BEGIN,
    COST_MM,
    LENGTH,
    NOTES,
    NUMBER,
    PART,
    RING_FIRST,
    TAKES_NONE,
)
from services.matching.listing import Listing
from services.matching.model.needed import KNOWN_END, SHOWN_IF_KNOWN, known_of, needed
from services.matching.model.profile import profile_of
from services.matching.model.provider import Provider
from services.matching.model.travel import Mode
from services.matching.rows import TO_RING_FIRST, TO_TAKE_NONE, remarks_of, remarks_of_one
from services.matching.wire import fragments
from services.matching.wire.ahead import note
from services.matching.wire.views_bytes import views_to_bytes
from services.matching.wire.writing import tag_of, text

_ROOM: Final = 1 << 15  #: bytes for an answer, as most take
_DOUBLE: Final = 8  #: bytes
_BYTE: Final = np.dtype(np.uint8)
_LISTS: Final = (tag_of(pb.NeedMatches, "matches"), tag_of(pb.NeedMatches, "ask_first"))
_REACHED: Final = {RING_FIRST: TO_RING_FIRST, TAKES_NONE: TO_TAKE_NONE}


def listing_to_bytes(listing: Listing, counts: Counts, room: int = _ROOM) -> bytes:
    """Write both lists, and how many each constraint was the first to exclude: fields of a `NeedMatches`."""
    asked, told, out = listing.asked, listing.told, np.empty(room, _BYTE)
    service, book = asked.need.service, _BOOKS[asked.mode]
    arena, said, pieces, when_us = _NO_ARENA, _NOTHING, _NOTHING, 0
    if len(told):
        block, when_us = listing.parts[0].block, listing.parts[0].question.when_us
        arena, said = block.vocabulary.arena, block.tables.reasons.made(_SAID[service.life_first])
        pieces = _pieces(listing)
    length = join(
        out,
        arena.bytes,
        told,
        listing.sure_count,
        book.bytes,
        book.ends,
        said.bytes,
        said.ends,
        pieces.bytes,
        pieces.ends,
        known_of(asked.person),
        SHOWN_IF_KNOWN,
        when_us,
        BAND_ENDS_MM,
        service.result_may_be_reported,
        listing.places is not None,
        counts,
    )
    if 0 <= length <= room:
        return out[:length].tobytes()
    if length == NOT_WRITTEN:
        _write_providers(listing, arena)
    return listing_to_bytes(listing, counts, max(length, room))


def _pieces(listing: Listing) -> Pieces:
    """List what is said of each row besides what compiled code puts together: mostly nothing."""
    asked, places = listing.asked, None
    if listing.places is not None:
        places = views_to_bytes(listing.places, listing.parts[0].block.vocabulary.populations)
    if asked.need.hours_since_event is None and not asked.silence_mm:
        return places or _NOTHING
    parts = []
    if (clocks := listing.clocks) is not None:
        parts.append([fragments.clocks_to_bytes(each) if each else b"" for each in clocks])
    if (silences_mm := listing.silences_mm) is not None:
        silences = zip(listing.told[:, COST_MM].tolist(), silences_mm, strict=True)
        parts.append([fragments.silence_to_bytes(*each) if each[1] else b"" for each in silences])
    if places is not None:
        parts.append([places.bytes[begin:end].tobytes() for begin, end in pairwise(places.ends.tolist())])
    return below_each_other(map(b"".join, zip(*parts, strict=True)))


def _said_by(reasons: Sequence[Reason], *, is_life_first: bool) -> Pieces:
    """List by number what each reason adds to what is remarked."""
    remarks = (remarks_of_one(each, is_life_first=is_life_first) for each in reasons)
    return below_each_other([b"", *map(fragments.said_to_bytes, remarks)])


_SAID: Final = [partial(_said_by, is_life_first=each) for each in (False, True)]


def _write_providers(listing: Listing, arena: Arena) -> None:
    """Write what those say of themselves of whom nobody was told before."""
    told = listing.told
    places = np.flatnonzero(told[:, BEGIN] == NOT_WRITTEN)
    spans = [_span(listing.providers[place], arena) for place in places.tolist()]
    told[places, BEGIN], told[places, LENGTH] = zip(*spans, strict=True)
    for number, part in enumerate(listing.parts):
        of_part = np.flatnonzero(told[places, PART] == number)
        note(part.block, told[places[of_part], NUMBER], [spans[place] for place in of_part.tolist()])


def _span(provider: Provider, arena: Arena) -> tuple[int, int]:
    """Write a provider, or find where it was written for another block: a change lays out anew who is the same."""
    profile = profile_of(provider)
    if profile.written_in is not arena:
        profile.written_in, profile.span = arena, arena.add(fragments.profile_to_bytes(profile))
    return profile.span


def _state(how: int, when: int, *, is_reported: bool) -> bytes:
    """Write what the two notes on a row say, and what is said of all; nothing for notes that there are not."""
    if when % ANOTHER >= len(OPENS):
        return b""
    remarks = remarks_of(
        (),
        (False, is_reported),
        _REACHED.get(how % ANOTHER),
        OPENS[when % ANOTHER],
        has_old_report=when >= ANOTHER,
        is_vetted=how >= ANOTHER,
    )
    return fragments.remarks_to_bytes(remarks)


def _book(mode: Mode) -> Pieces:
    """Write what is the same for many rows and answers, in the order in which `index.book` numbers it."""
    *before, after = fragments.AROUND_COST
    return below_each_other(
        (
            *_LISTS,
            tag_of(pb.NeedMatches, "excluded"),
            fragments.DURATION,
            fragments.ARRIVAL,
            *[each + bytes(_DOUBLE) for each in before],
            after,
            *fragments.BANDS,
            fragments.TRAVEL,
            fragments.mode_to_bytes(mode),
            fragments.NOBODY_COUNTS,
            *_STATES,
            *_NAMES,
            *_SHOWN,
        )
    )


#: by both notes, those that are said where the result is not reported, and then the same where it is
_STATES: Final = [
    _state(how, when, is_reported=is_reported)
    for is_reported in (False, True)
    for when in range(NOTES)
    for how in range(NOTES)
]
_NAMES: Final = [
    text(tag_of(pb.Excluded, "constraint"), each.name) + tag_of(pb.Excluded, "provider_count") for each in CONSTRAINTS
]
#: what an offer would show, by the facts that are shown: a bit each
_SHOWN: Final = [fragments.needed_to_bytes(needed(bits, bits)) for bits in range(KNOWN_END)]
_BOOKS: Final = {mode: _book(mode) for mode in Mode}
_NOTHING: Final = below_each_other(())
_NO_ARENA: Final = Arena()
