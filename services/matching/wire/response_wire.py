"""
Write answers.

A confidential site shows its band, its alias and its cell: no cost, no contact,
no key, no time at which its desk was heard (R17).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import directory_pb2
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.geo import AreaCell, DistanceBand, Place, area_at, band_of
from services.matching.model.answer import OpenState, PlacesKind, PlacesView, Row
from services.matching.model.provider import Claim, Contact, Provider, ReachOut, Text
from services.matching.model.request import Item
from services.matching.model.travel import Mode, Travel
from services.matching.wire.provider_wire import CONTACT_KINDS, REACHES_OUT, turn

BANDS: Final = {
    DistanceBand.UNDER_25_KM: geo_pb2.DISTANCE_BAND_UNDER_25_KM,
    DistanceBand.FROM_25_TO_75_KM: geo_pb2.DISTANCE_BAND_25_TO_75_KM,
    DistanceBand.OVER_75_KM: geo_pb2.DISTANCE_BAND_OVER_75_KM,
}
_PLACES_KINDS: Final = {
    PlacesKind.COUNTED: pb.PLACES_KIND_COUNTED,
    PlacesKind.NOT_COUNTED: pb.PLACES_KIND_NOT_COUNTED,
    PlacesKind.UNKNOWN: pb.PLACES_KIND_UNKNOWN,
}
OPEN_STATES: Final = {
    OpenState.OPEN: pb.OPEN_STATE_OPEN,
    OpenState.CLOSED: pb.OPEN_STATE_CLOSED,
    OpenState.UNKNOWN: pb.OPEN_STATE_UNKNOWN,
}
_REACHES_OUT: Final = {**turn(REACHES_OUT), ReachOut.NONE: directory_pb2.REACH_OUT_NONE}
_CONTACT_KINDS: Final = turn(CONTACT_KINDS)
MODES: Final = {Mode.CAR: pb.TRAVEL_MODE_CAR, Mode.PUBLIC: pb.TRAVEL_MODE_PUBLIC, Mode.FOOT: pb.TRAVEL_MODE_FOOT}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
MM_PER_M: Final = 1000


def match_to_wire(row: Row) -> pb.Match:
    """Write one row."""
    match = provider_to_wire(row.provider)
    match.MergeFrom(
        pb.Match(
            unknowns=[
                pb.Unknown(constraint=each.constraint, question=each.question, ask=each.ask) for each in row.unknowns
            ],
            cautions=[pb.Caution(constraint=each.constraint, code=each.code) for each in row.cautions],
            places=places_to_wire(row.places),
            open=OPEN_STATES[row.open],
            vetted=row.is_vetted,
            needed_fields=row.needed_fields,
        )
    )
    if row.provider.is_confidential:
        match.reach.band = BANDS[band_of(row.cost_mm)]
    else:
        cost_m = row.cost_mm / MM_PER_M
        match.reach.distance_m = cost_m
        match.cost_m = cost_m
        match.cost_parts.add(code="distance", cost_m=cost_m)
    if row.travel is not None:
        _add_travel(match.travel, row.travel)
    for each in row.clocks:
        clock = match.clinical_clocks.add(code=each.code, care_time=time_to_wire(each.care_time))
        clock.left.FromTimedelta(each.left)
    return match


def provider_to_wire(provider: Provider) -> pb.Match:
    """Write what a row says of its provider whoever asks."""
    match = pb.Match(
        provider_id=provider.provider_id,
        verified_time=time_to_wire(provider.verified_time),
        names=map(_text, provider.names),
        place=place_to_wire(provider.place),
        reach_out=_REACHES_OUT[provider.reach_out],
        service_codes=[code for code, claim in provider.claims if claim is Claim.YES],
        dataset=provider.dataset,
        country_code=provider.country_code,
        time_zone=provider.time_zone,
        area_cell=_area_cell(provider.place) if provider.place else "",
    )
    if not provider.is_confidential:
        match.contacts.extend(map(_contact, provider.contacts))
        match.source_key = provider.source_key
        if provider.receiver_heard_time is not None:
            match.receiver_heard_time.FromDatetime(provider.receiver_heard_time)
    return match


def checked_to_wire(
    need_no: int, code: str, provider_id: str, turned: Iterable[str], row: Row | None
) -> pb.CheckedChoice:
    """Write what became of a choice; without a row the provider is not to be found."""
    return pb.CheckedChoice(
        choice=pb.MatchChoice(need_no=need_no, provider_id=provider_id),
        turned=turned,
        unknown=[each.constraint for each in row.unknowns] if row else (),
        match=match_to_wire(row) if row else None,
        items=map(_item, row.items) if row else (),
        code=code,
    )


def check_to_wire(
    choices: Iterable[pb.CheckedChoice], next_candidates: Iterable[tuple[int, str]]
) -> pb.CheckMatchResponse:
    """Write the answer to a check; the candidates as number of the need and provider."""
    return pb.CheckMatchResponse(
        choices=choices,
        next_candidates=[pb.MatchChoice(need_no=need_no, provider_id=each) for need_no, each in next_candidates],
    )


def place_to_wire(place: Place | None) -> geo_pb2.Place | None:
    if place is None:
        return None
    if isinstance(place, AreaCell):
        return geo_pb2.Place(cell=geo_pb2.AreaCell(h3_cell=place.h3_cell))
    point = geo_pb2.Point(latitude_deg=place.latitude_deg, longitude_deg=place.longitude_deg)
    return geo_pb2.Place(point=point)


def time_to_wire(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp


def _add_travel(message: pb.Travel, travel: Travel) -> None:
    message.duration.seconds = travel.duration_s
    since_1970 = travel.arrival_time - EPOCH
    message.arrival_time.seconds = since_1970 // _SECOND
    message.arrival_time.nanos = travel.arrival_time.microsecond * 1000
    message.mode = MODES[travel.mode]


def places_to_wire(view: PlacesView) -> pb.PlacesView:
    return pb.PlacesView(
        kind=_PLACES_KINDS[view.kind],
        free_place_count=view.free,
        report_time=time_to_wire(view.report_time),
        population=view.population,
    )


def _contact(contact: Contact) -> directory_pb2.Contact:
    return directory_pb2.Contact(
        kind=_CONTACT_KINDS.get(contact.kind, directory_pb2.CONTACT_KIND_UNSPECIFIED),
        value=contact.value,
        labels=map(_text, contact.labels),
    )


def _text(text: Text) -> directory_pb2.LocalizedText:
    return directory_pb2.LocalizedText(language=text.language, text=text.text)


@lru_cache(maxsize=65_536)
def _area_cell(place: Place) -> str:
    return area_at(place).h3_cell


def _item(item: Item) -> pb.PlaceItem:
    return pb.PlaceItem(population=item.population, count=item.count)
