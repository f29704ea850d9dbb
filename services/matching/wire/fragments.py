"""
Put a row together from bytes that were written before: what a provider says whoever asks, and what is said of many.

A message may be written in parts that follow each other, in any order; so a row
is the fragments of it, and reads as `match_to_wire` writes it, which a test holds.
"""

from datetime import datetime
from functools import cache, lru_cache
from struct import pack
from typing import Any, Final

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.geo import DistanceBand, band_of
from services.matching.model.answer import Caution, OpenState, PlacesView, Row, Unknown
from services.matching.model.provider import Provider
from services.matching.model.travel import Travel
from services.matching.wire.response_wire import (
    BANDS,
    MM_PER_M,
    MODES,
    OPEN_STATES,
    match_to_wire,
    places_to_wire,
    provider_to_wire,
    time_to_wire,
)

_MOST_PROVIDERS: Final = 65_536  #: whose fragments are kept; beyond that all are forgotten
_SEVEN_BITS: Final = 0x7F
_FOURTEEN_BITS: Final = 0x3FFF
_MORE: Final = 0x80
_LENGTHS: Final = tuple(bytes((each,)) for each in range(_MORE))
_LENGTH_DELIMITED: Final = 2  #: the wire type of a message inside another
_SAMPLE: Final = 1.5  #: any number whose bytes stand for a place to fill


def varint(number: int) -> bytes:
    """Write a number that is not negative."""
    if number <= _SEVEN_BITS:
        return _LENGTHS[number]
    if number <= _FOURTEEN_BITS:  # as nearly always
        return bytes((number & _SEVEN_BITS | _MORE, number >> 7))
    written = bytearray()
    while number > _SEVEN_BITS:
        written.append(number & _SEVEN_BITS | _MORE)
        number >>= 7
    written.append(number)
    return bytes(written)


def tag_of(message: Any, field: str) -> bytes:
    """Write the tag of a field that holds a message."""
    return varint(message.DESCRIPTOR.fields_by_name[field].number << 3 | _LENGTH_DELIMITED)


_TRAVEL: Final = tag_of(pb.Match, "travel")
_DURATION: Final = tag_of(pb.Travel, "duration")
_SECONDS: Final = b"\x08"  #: the tag of a duration's first field, a varint
_MODES_WRITTEN: Final = {mode: pb.Travel(mode=number).SerializeToString() for mode, number in MODES.items()}
#: what stands before, between and after the three places of a cost in a row
_AROUND_COST: Final = (
    pb.Match(
        reach=geo_pb2.Reach(distance_m=_SAMPLE),
        cost_m=_SAMPLE,
        cost_parts=[pb.CostPart(code="distance", cost_m=_SAMPLE)],
    )
    .SerializeToString()
    .split(pack("<d", _SAMPLE))
)


def inside(tag: bytes, content: bytes) -> bytes:
    """Write a message as a field of another."""
    size = len(content)
    return tag + (_LENGTHS[size] if size < _MORE else varint(size)) + content


def row_to_bytes(row: Row) -> bytes:
    """Write one row."""
    if row.clocks:
        return match_to_wire(row).SerializeToString()
    provider = row.provider
    return b"".join(
        (
            _provider(provider),
            _said(row.unknowns, row.cautions),
            _found(row.places, row.open, row.needed_fields, is_vetted=row.is_vetted),
            _band(band_of(row.cost_mm))
            if provider.is_confidential
            else pack("<d", row.cost_mm / MM_PER_M).join(_AROUND_COST),
            b"" if row.travel is None else inside(_TRAVEL, _travel(row.travel)),
        )
    )


_KEPT: Final[dict[str, tuple[Provider, bytes]]] = {}


def _provider(provider: Provider) -> bytes:
    known = _KEPT.get(provider.provider_id)
    if known is None or known[0] is not provider:
        if len(_KEPT) >= _MOST_PROVIDERS:
            _KEPT.clear()
        known = _KEPT[provider.provider_id] = (provider, provider_to_wire(provider).SerializeToString())
    return known[1]


@lru_cache(maxsize=8192)
def _said(unknowns: tuple[Unknown, ...], cautions: tuple[Caution, ...]) -> bytes:
    return pb.Match(
        unknowns=[pb.Unknown(constraint=each.constraint, question=each.question, ask=each.ask) for each in unknowns],
        cautions=[pb.Caution(constraint=each.constraint, code=each.code) for each in cautions],
    ).SerializeToString()


@lru_cache(maxsize=8192)
def _found(places: PlacesView, opens: OpenState, needed_fields: tuple[str, ...], *, is_vetted: bool) -> bytes:
    return pb.Match(
        places=places_to_wire(places), open=OPEN_STATES[opens], vetted=is_vetted, needed_fields=needed_fields
    ).SerializeToString()


@cache
def _band(band: DistanceBand) -> bytes:
    return pb.Match(reach=geo_pb2.Reach(band=BANDS[band])).SerializeToString()


def _travel(travel: Travel) -> bytes:
    return b"".join(
        (
            inside(_DURATION, _SECONDS + varint(travel.duration_s)),
            _arrival(travel.arrival_time),
            _MODES_WRITTEN[travel.mode],
        )
    )


@lru_cache(maxsize=1024)
def _arrival(time: datetime) -> bytes:
    return pb.Travel(arrival_time=time_to_wire(time)).SerializeToString()
