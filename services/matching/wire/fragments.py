"""
Put a row together from bytes that were written before: what a provider says whoever asks, and what is said of many.

A message may be written in parts that follow each other, in any order; so a row
is the fragments of it, and nothing else says what a row looks like.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from struct import Struct, pack
from typing import Final

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.geo import DistanceBand, band_of
from services.matching.model.answer import NOT_COUNTED, ClockLeft, PlacesKind, PlacesView, Remarks, Row
from services.matching.model.hours import OpenState
from services.matching.model.needed import Needed
from services.matching.model.profile import Profile
from services.matching.model.travel import Mode
from services.matching.wire.provider_bytes import provider_to_bytes
from services.matching.wire.writing import SECONDS, inside, number, tag_of, time, varint
from services.runtime.times import time_to_wire

MM_PER_M: Final = 1000
_BANDS: Final = {
    DistanceBand.UNDER_25_KM: geo_pb2.DISTANCE_BAND_UNDER_25_KM,
    DistanceBand.FROM_25_TO_75_KM: geo_pb2.DISTANCE_BAND_25_TO_75_KM,
    DistanceBand.OVER_75_KM: geo_pb2.DISTANCE_BAND_OVER_75_KM,
}
PLACES_KINDS: Final = {
    PlacesKind.COUNTED: pb.PLACES_KIND_COUNTED,
    PlacesKind.NOT_COUNTED: pb.PLACES_KIND_NOT_COUNTED,
    PlacesKind.UNKNOWN: pb.PLACES_KIND_UNKNOWN,
}
_OPEN_STATES: Final = {
    OpenState.OPEN: pb.OPEN_STATE_OPEN,
    OpenState.CLOSED: pb.OPEN_STATE_CLOSED,
    OpenState.UNKNOWN: pb.OPEN_STATE_UNKNOWN,
}
_MODES: Final = {Mode.CAR: pb.TRAVEL_MODE_CAR, Mode.PUBLIC: pb.TRAVEL_MODE_PUBLIC, Mode.FOOT: pb.TRAVEL_MODE_FOOT}
TRAVEL: Final = tag_of(pb.Match, "travel")
DURATION: Final = tag_of(pb.Travel, "duration")
ARRIVAL: Final = tag_of(pb.Travel, "arrival_time")
_MODE: Final = tag_of(pb.Travel, "mode")
_SAMPLE_M: Final = 1.5  #: any number whose bytes stand for a place to fill
#: what stands before, between and after the three places of a cost in a row
AROUND_COST: Final = (
    pb.Match(
        reach=geo_pb2.Reach(distance_m=_SAMPLE_M),
        cost_m=_SAMPLE_M,
        cost_parts=[pb.CostPart(code="distance", cost_m=_SAMPLE_M)],
    )
    .SerializeToString()
    .split(pack("<d", _SAMPLE_M))
)
_double: Final = Struct("<d").pack


def row_to_bytes(row: Row) -> bytes:
    """Write one row: a `Match`."""
    profile, cost_mm, remarks, places, _, needed, travel, clocks, silence_mm = row
    is_counted = places is not NOT_COUNTED
    before = seconds = after = b""
    if travel is not None:
        travel_s, arrival_time, mode = travel
        seconds = varint(travel_s)
        before, after = _around_seconds(arrival_time, mode, len(seconds))
    return b"".join(
        (
            profile_to_bytes(profile),
            needed_to_bytes(needed),
            b"" if is_counted else NOBODY_COUNTS,
            _band(band_of(cost_mm)) if profile.is_confidential else _double(cost_mm / MM_PER_M).join(AROUND_COST),
            before,
            seconds,
            after,
            remarks_to_bytes(remarks),
            places_to_bytes(places) if is_counted else b"",
            clocks_to_bytes(clocks) if clocks else b"",
            silence_to_bytes(cost_mm, silence_mm) if silence_mm else b"",
        )
    )


def match_to_wire(row: Row) -> pb.Match:
    """Write one row as a message of its own."""
    return pb.Match.FromString(row_to_bytes(row))


def profile_to_bytes(profile: Profile) -> bytes:
    """Write what a provider says whoever asks, once."""
    profile.written = profile.written or provider_to_bytes(profile.provider)
    return profile.written


def remarks_to_bytes(remarks: Remarks) -> bytes:
    """Write what is remarked, once."""
    if not remarks.written:
        state = pb.Match(open=_OPEN_STATES[remarks.open], vetted=remarks.is_vetted)
        remarks.written = said_to_bytes(remarks) + state.SerializeToString()
    return remarks.written


def said_to_bytes(remarks: Remarks) -> bytes:
    """Write what is not known, and the cautions, without the rest."""
    return pb.Match(
        unknowns=[
            pb.Unknown(constraint=each.constraint, question=each.question, ask=each.ask) for each in remarks.unknowns
        ],
        cautions=[pb.Caution(constraint=each.constraint, code=each.code) for each in remarks.cautions],
    ).SerializeToString()


def needed_to_bytes(needed: Needed) -> bytes:
    """Write what an offer would show, once."""
    needed.written = needed.written or pb.Match(needed_fields=needed.fields).SerializeToString()
    return needed.written


@lru_cache(maxsize=8192)
def places_to_bytes(places: PlacesView) -> bytes:
    """Write how many places seem free."""
    view = pb.PlacesView(
        kind=PLACES_KINDS[places.kind],
        free_place_count=places.free,
        report_time=time_to_wire(places.report_time),
        population=places.population,
    )
    return pb.Match(places=view).SerializeToString()


NOBODY_COUNTS: Final = places_to_bytes(NOT_COUNTED)  #: as of all that is no night under a roof


@cache
def _band(band: DistanceBand) -> bytes:
    return pb.Match(reach=geo_pb2.Reach(band=_BANDS[band])).SerializeToString()


BANDS: Final = tuple(map(_band, _BANDS))  #: the nearest first


@cache
def mode_to_bytes(mode: Mode) -> bytes:
    """Write how somebody gets there."""
    return number(_MODE, _MODES[mode])


@lru_cache(maxsize=4096)
def _around_seconds(arrival_time: datetime, mode: Mode, size: int) -> tuple[bytes, bytes]:
    """Write a way up to its seconds, which take so many bytes, and after them."""
    lasts = SECONDS + bytes(size)
    arrival = time(ARRIVAL, arrival_time) + mode_to_bytes(mode)
    whole = inside(TRAVEL, inside(DURATION, lasts) + arrival)
    return whole[: len(whole) - len(arrival) - size], arrival


def silence_to_bytes(cost_mm: int, silence_mm: int) -> bytes:
    """Write what silence costs beside the way."""
    # a number that is written again stands in the place of the one before, and a part joins those before
    parts = [pb.CostPart(code="silence", cost_m=silence_mm / MM_PER_M)]
    return pb.Match(cost_m=(cost_mm + silence_mm) / MM_PER_M, cost_parts=parts).SerializeToString()


def clocks_to_bytes(clocks: Iterable[ClockLeft]) -> bytes:
    """Write what is left of clinical clocks."""
    written = pb.Match()
    for each in clocks:
        clock = written.clinical_clocks.add(code=each.code, care_time=time_to_wire(each.care_time))
        clock.left.FromTimedelta(each.left)
    return written.SerializeToString()
