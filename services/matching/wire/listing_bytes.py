"""
Write the lists of an answer as bytes, from bytes that were written before.

Here is said what the bytes mean; `services.matching.index.joining` puts them
behind each other. A test holds the rows equal to those that are written one by one.
"""

from collections.abc import Iterable, Sequence
from functools import cache, partial
from itertools import accumulate
from typing import Final

import numpy as np

from ihala.matching.v1 import matching_pb2 as pb
from services.geo import BAND_ENDS_MM
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.arena import Arena, Bytes
from services.matching.index.excluding import RANKS, Counts, join_counts
from services.matching.index.facts import NOT_WRITTEN
from services.matching.index.joining import join
from services.matching.index.marks import ANOTHER, NOTES, Reason
from services.matching.index.opening import OPENS
from services.matching.index.putting import Pieces
from services.matching.index.telling import RING_FIRST, TAKES_NONE
from services.matching.listing import Listing
from services.matching.model.needed import KNOWN_END, SHOWN_IF_KNOWN, needed
from services.matching.model.profile import profile_of
from services.matching.model.provider import Provider
from services.matching.model.travel import Mode
from services.matching.rows import TO_RING_FIRST, TO_TAKE_NONE, remarks_of, remarks_of_one
from services.matching.wire import fragments
from services.matching.wire.ahead import note
from services.matching.wire.writing import SECONDS, tag_of, text, time

_ROOM: Final = 1 << 15  #: bytes for the rows of an answer, as most take
_ROOM_FOR_COUNTS: Final = 1 << 12
_LISTS: Final = (tag_of(pb.NeedMatches, "matches"), tag_of(pb.NeedMatches, "ask_first"))
_REACHED: Final = {RING_FIRST: TO_RING_FIRST, TAKES_NONE: TO_TAKE_NONE}


def listing_to_bytes(listing: Listing, counts: Counts) -> bytes:
    """Write both lists, and how many each constraint was the first to exclude: fields of a `NeedMatches`."""
    out, end = _rows(listing) if len(listing) else (np.empty(_ROOM_FOR_COUNTS, dtype=np.uint8), 0)
    return out[: join_counts(out, end, counts, RANKS, *_NAMES, _EXCLUDED)].tobytes()


def _rows(listing: Listing) -> tuple[Bytes, int]:
    """Write the rows of both lists, with room for counts behind them; say where they end."""
    arena, out = listing.blocks[0].vocabulary.arena, np.empty(_ROOM, dtype=np.uint8)
    rest = (
        listing.told,
        listing.sure_count,
        *_forms(listing.asked.mode),
        np.frombuffer(time(fragments.ARRIVAL, listing.asked.when_time), dtype=np.uint8),
        listing.marks,
        *_said(listing),
        *_STATES,
        NOTES * NOTES * listing.asked.need.service.result_may_be_reported,
        *_pieces(listing),
        *_SHOWN,
        listing.known,
        SHOWN_IF_KNOWN,
        BAND_ENDS_MM,
        listing.places is not None,
    )
    length = join(out[:-_ROOM_FOR_COUNTS], arena.bytes, *rest)
    if length == NOT_WRITTEN:
        _write_providers(listing, arena)
        length = join(out[:-_ROOM_FOR_COUNTS], arena.bytes, *rest)
    if length > len(out) - _ROOM_FOR_COUNTS:
        out = np.empty(length + _ROOM_FOR_COUNTS, dtype=np.uint8)
        join(out, arena.bytes, *rest)
    return out, length


def _pieces(listing: Listing) -> Pieces:
    """List what is said of each row besides what compiled code puts together: mostly nothing."""
    parts = []
    if listing.places is not None:
        parts.append([fragments.places_to_bytes(each.view) for each in listing.places])
    if listing.clocks is not None:
        parts.append([fragments.clocks_to_bytes(each) if each else b"" for each in listing.clocks])
    if listing.silences_mm is not None:
        costs_mm = listing.told["cost_mm"].tolist()
        silences = zip(costs_mm, listing.silences_mm, strict=True)
        parts.append([fragments.silence_to_bytes(*each) if each[1] else b"" for each in silences])
    return below_each_other(map(b"".join, zip(*parts, strict=True))) if parts else _nothing(len(listing))


@cache
def _nothing(count: int) -> Pieces:
    return below_each_other([b""] * count)


def _said(listing: Listing) -> Pieces:
    """List by number what each reason adds to what is remarked."""
    is_life_first = listing.asked.need.service.life_first
    return listing.blocks[0].tables.reasons.made(("said", is_life_first), _SAID[is_life_first])


def _said_by(reasons: Sequence[Reason], *, is_life_first: bool) -> Pieces:
    remarks = (remarks_of_one(each, is_life_first=is_life_first) for each in reasons)
    return below_each_other([b"", *map(fragments.said_to_bytes, remarks)])


_SAID: Final = [partial(_said_by, is_life_first=each) for each in (False, True)]


def below_each_other(parts: Iterable[bytes]) -> Pieces:
    """Put bytes where compiled code finds them by number."""
    listed = [*parts]
    ends = np.array([0, *accumulate(map(len, listed))], dtype=np.int64)
    return Pieces(np.frombuffer(b"".join(listed), dtype=np.uint8), ends)


def _write_providers(listing: Listing, arena: Arena) -> None:
    """Write what those say of themselves of whom nobody was told before."""
    told = listing.told
    places = np.flatnonzero(told["begin"] == NOT_WRITTEN)
    spans = [_span(listing.providers[place], arena) for place in places.tolist()]
    told["begin"][places], told["length"][places] = zip(*spans, strict=True)
    for part, block in enumerate(listing.blocks):
        of_part = np.flatnonzero(told["part"][places] == part)
        note(block, told["number"][places[of_part]], [spans[number] for number in of_part.tolist()])


def _span(provider: Provider, arena: Arena) -> tuple[int, int]:
    """Write a provider, or find where it was written for another block: a change lays out anew who is the same."""
    profile = profile_of(provider)
    if profile.written_in is not arena:
        profile.written_in, profile.span = arena, arena.add(fragments.profile_to_bytes(profile))
    return profile.span


@cache
def _forms(mode: Mode) -> Pieces:
    return below_each_other(
        (
            *_LISTS,
            *fragments.AROUND_COST,
            *fragments.BANDS,
            fragments.TRAVEL,
            fragments.DURATION,
            SECONDS,
            fragments.ARRIVAL,
            fragments.mode_to_bytes(mode),
            fragments.NOBODY_COUNTS,
        )
    )


def _shown() -> Sequence[bytes]:
    """Write what an offer would show, by the facts that are shown: a bit each."""
    return [fragments.needed_to_bytes(needed(bits, bits)) for bits in range(KNOWN_END)]


_SHOWN: Final = below_each_other(_shown())


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


#: those that are said where the result is not reported, and then the same where it is
_STATES: Final = below_each_other(
    _state(how, when, is_reported=is_reported)
    for is_reported in (False, True)
    for when in range(NOTES)
    for how in range(NOTES)
)
_EXCLUDED: Final = int.from_bytes(tag_of(pb.NeedMatches, "excluded"))
_NAMES: Final = below_each_other(
    text(tag_of(pb.Excluded, "constraint"), each.name) + tag_of(pb.Excluded, "provider_count") for each in CONSTRAINTS
)
