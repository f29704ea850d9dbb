"""Read the answers to searches from the wire, and keep the proof of one as text."""

from base64 import b64decode, urlsafe_b64encode
from datetime import UTC
from typing import Any

from google.protobuf.message import DecodeError

from ihala.answer import (
    Answer,
    Caution,
    ClinicalClock,
    MatchToken,
    NeedMatches,
    Places,
    Row,
    SafetyConflict,
    Travel,
    Unknown,
)
from ihala.directory.v1 import directory_pb2 as dir_pb
from ihala.enum_wire import texts_from_wire, time_from_wire, word_of
from ihala.geo.v1 import geo_pb2 as geo_pb
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput
from services.geo import AreaCell, DistanceBand, Point

_BANDS = {
    geo_pb.DISTANCE_BAND_UNDER_25_KM: DistanceBand.UNDER_25_KM,
    geo_pb.DISTANCE_BAND_25_TO_75_KM: DistanceBand.FROM_25_TO_75_KM,
    geo_pb.DISTANCE_BAND_OVER_75_KM: DistanceBand.OVER_75_KM,
}


def token_to_text(token: MatchToken) -> str:
    """Write a token and its request as one text, to be kept where the case is: it holds what was said of the person."""
    request: pb.FindMatchesRequest = token.request  # type: ignore[assignment]  # opaque to callers
    return f"{token.text}~{urlsafe_b64encode(request.SerializeToString()).decode()}"


def token_from_text(text: str) -> MatchToken:
    """
    Read what `token_to_text` wrote.

    Raises:
        InvalidInput: the text is something else.
    """
    token, _, encoded = text.partition("~")
    try:
        request = pb.FindMatchesRequest.FromString(b64decode(encoded, altchars=b"-_", validate=True))
    except (ValueError, DecodeError):
        request = pb.FindMatchesRequest()
    if not token or not request.needs:
        raise InvalidInput("match_token must be the text that a match gave")
    return MatchToken(token, request)


def answer_from_wire(response: pb.FindMatchesResponse, request: pb.FindMatchesRequest) -> Answer:
    """Read the answer to a search."""
    return Answer(
        needs=tuple(
            NeedMatches(
                need_no=need.need_no,
                code=need.code,
                matches=tuple(row_from_wire(each, need.need_no, need.code) for each in need.matches),
                ask_first=tuple(row_from_wire(each, need.need_no, need.code) for each in need.ask_first),
                excluded={each.constraint: each.provider_count for each in need.excluded},
                added_by=need.added_by,
                confidential_safety_count=need.confidential_safety_count,
                questions=tuple(need.questions),
            )
            for need in response.needs
        ),
        token=MatchToken(response.match_token, request),
        directory_epoch=response.directory_epoch,
        directory_revision=response.directory_revision,
        evaluated_time=response.evaluated_time.ToDatetime(tzinfo=UTC),
        rules_version=response.rules_version,
        safety_conflicts=tuple(
            SafetyConflict(each.code, tuple(each.person_refs)) for each in response.safety_conflicts
        ),
        rescreen=tuple(response.rescreen.questions),
    )


def place_from_wire(message: Any, field: str) -> Point | AreaCell | None:
    """Read a place; None where the position is not known."""
    if not message.HasField(field):
        return None
    place: geo_pb.Place = getattr(message, field)
    match place.WhichOneof("place"):
        case "point":
            return Point(place.point.latitude_deg, place.point.longitude_deg)
        case "cell":
            return AreaCell(place.cell.h3_cell)
        case _:
            return None


def reach_from_wire(message: Any) -> tuple[float | None, DistanceBand | None]:
    """Read how far it is: metres, or the band of a confidential site."""
    if not message.HasField("reach"):
        return None, None
    match message.reach.WhichOneof("reach"):
        case "distance_m":
            return message.reach.distance_m, None
        case _:
            return None, _BANDS.get(message.reach.band)


def contacts_from_wire(contacts: Any) -> tuple[tuple[str, str], ...]:
    """Read ways to speak to a provider as (kind, value)."""
    return tuple((word_of(dir_pb.ContactKind, "CONTACT_KIND", each.kind), each.value) for each in contacts)


def row_from_wire(row: pb.Match, need_no: int, code: str) -> Row:
    """Read one provider for one need."""
    distance_m, band = reach_from_wire(row)
    return Row(
        need_no=need_no,
        code=code,
        provider_id=row.provider_id,
        names=texts_from_wire(row.names),
        place=place_from_wire(row, "place"),
        distance_m=distance_m,
        band=band,
        cost_m=row.cost_m if row.HasField("cost_m") else None,
        unknowns=tuple(Unknown(each.constraint, each.question, each.ask) for each in row.unknowns),
        cautions=tuple(Caution(each.constraint, each.code) for each in row.cautions),
        places=_places_from_wire(row.places),
        contacts=contacts_from_wire(row.contacts),
        open=word_of(pb.OpenState, "OPEN_STATE", row.open) or "unknown",
        reach_out=word_of(dir_pb.ReachOut, "REACH_OUT", row.reach_out) or "none",
        service_codes=tuple(row.service_codes),
        dataset=row.dataset,
        source_key=row.source_key,
        country_code=row.country_code,
        time_zone=row.time_zone,
        is_vetted=row.vetted,
        area_cell=row.area_cell,
        needed_fields=tuple(row.needed_fields),
        verified_time=time_from_wire(row, "verified_time"),
        receiver_heard_time=time_from_wire(row, "receiver_heard_time"),
        travel=_travel_from_wire(row.travel) if row.HasField("travel") else None,
        clinical_clocks=tuple(
            ClinicalClock(code=each.code, left=each.left.ToTimedelta(), care_time=each.care_time.ToDatetime(tzinfo=UTC))
            for each in row.clinical_clocks
        ),
        cost_parts={each.code: each.cost_m for each in row.cost_parts},
    )


def _travel_from_wire(travel: pb.Travel) -> Travel:
    return Travel(
        duration=travel.duration.ToTimedelta(),
        arrival_time=travel.arrival_time.ToDatetime(tzinfo=UTC),
        mode=word_of(pb.TravelMode, "TRAVEL_MODE", travel.mode) or "car",
    )


def _places_from_wire(view: pb.PlacesView) -> Places:
    is_counted = view.kind == pb.PLACES_KIND_COUNTED
    return Places(
        kind=word_of(pb.PlacesKind, "PLACES_KIND", view.kind) or "unknown",
        free=view.free_place_count if is_counted else None,
        population=view.population,
        report_time=time_from_wire(view, "report_time"),
    )
