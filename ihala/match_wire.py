"""Translate searches and their answers between the SDK's values and the wire."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError

from ihala.answer import Answer, Caution, MatchToken, NeedMatches, Places, Row, Unknown
from ihala.directory.v1 import directory_pb2 as dir_pb
from ihala.enum_wire import number_of, texts_from_wire, time_from_wire, time_to_wire, word_of
from ihala.geo.v1 import geo_pb2 as geo_pb
from ihala.matching.v1 import matching_pb2 as pb
from ihala.person import Absence, AgeRange, Need, Person, Urgency
from services.errors import InvalidInput, Reason
from services.geo import AreaCell, DistanceBand, Point

_LISTS: Mapping[str, tuple[Any, str]] = {  # facts that are lists of codes: our name, the wire's message, its field
    "languages": (pb.LanguageList, "languages"),
    "family": (pb.CodeList, "codes"),
    "exploitation": (pb.CodeList, "codes"),
    "accessibility": (pb.CodeList, "codes"),
}
_ENUMS = {"sex": (pb.Sex, "SEX"), "gender": (pb.Gender, "GENDER"), "process": (pb.Process, "PROCESS")}
_PLAIN = ("unaccompanied", "has_documents", "status_class")
_BANDS = {
    geo_pb.DISTANCE_BAND_UNDER_25_KM: DistanceBand.UNDER_25_KM,
    geo_pb.DISTANCE_BAND_25_TO_75_KM: DistanceBand.FROM_25_TO_75_KM,
    geo_pb.DISTANCE_BAND_OVER_75_KM: DistanceBand.OVER_75_KM,
}


def request_to_wire(
    needs: Sequence[Need],
    origin: Point | AreaCell | str,
    *,
    urgency: Urgency | None,
    person: Person | None,
    excluded_provider_ids: Sequence[str],
    when_time: datetime | None,
    limit: int,
    max_distance_m: float | None,
) -> pb.FindMatchesRequest:
    """Write a search; `origin` is a point, a cell, or a place id as text."""
    request = pb.FindMatchesRequest(
        needs=[_need_to_wire(need, urgency) for need in needs],
        origin=origin_to_wire(origin),
        when_time=time_to_wire(when_time, "when_time"),
        limit=limit,
        max_distance_m=max_distance_m,
    )
    if person is not None:
        request.person.CopyFrom(person_to_wire(person))
    if excluded_provider_ids:
        request.safety.excluded_provider_ids.extend(excluded_provider_ids)
    return request


def items_to_wire(items: Mapping[str, int]) -> list[pb.PlaceItem]:
    """Write places by population."""
    return [pb.PlaceItem(population=population, count=count) for population, count in items.items()]


def person_to_wire(person: Person) -> pb.Person:
    """Write what is known of a person; a fact that is missing says why."""
    message = pb.Person(
        no_reason_to_believe_child=person.no_reason_to_believe_child, accepts_reporting=person.accepts_reporting
    )
    for name in ("age", *_ENUMS, *_LISTS, *_PLAIN):
        fact = getattr(person, name)
        if isinstance(fact, Absence):
            setattr(message, f"{name}_absence", number_of(pb.Absence, "ABSENCE", fact))
        elif isinstance(fact, AgeRange):
            message.age.CopyFrom(
                pb.AgeRange(
                    min_years=fact.min_years,
                    max_years=fact.max_years,
                    basis=number_of(pb.AgeBasis, "AGE_BASIS", fact.basis),
                )
            )
        elif name in _ENUMS:
            setattr(message, name, number_of(*_ENUMS[name], fact))
        elif name in _LISTS:
            kind, field = _LISTS[name]
            getattr(message, name).CopyFrom(kind(**{field: list(fact)}))
        else:
            setattr(message, name, fact)
    if person.indicators:
        message.indicators.codes.extend(person.indicators)
    return message


def request_from_json(document: Mapping[str, Any]) -> pb.FindMatchesRequest:
    """
    Read a search from JSON, in the form that protobuf gives it.

    Raises:
        InvalidInput: it is not a search (MALFORMED), or has a field that there is not (UNKNOWN_FIELD).
    """
    try:
        return ParseDict(dict(document), pb.FindMatchesRequest())
    except ParseError as error:
        unknown = 'has no field named "' in str(error)
        reason = Reason.UNKNOWN_FIELD if unknown else Reason.MALFORMED
        raise InvalidInput(f"case must be a FindMatchesRequest in JSON: {error}", reason=reason) from None


def at_time(when_time: datetime) -> pb.FindMatchesRequest:
    """Write the time of a search, to be merged into one."""
    return pb.FindMatchesRequest(when_time=time_to_wire(when_time, "when_time"))


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
            )
            for need in response.needs
        ),
        token=MatchToken(response.match_token, request),
        directory_epoch=response.directory_epoch,
        directory_revision=response.directory_revision,
        evaluated_time=response.evaluated_time.ToDatetime(tzinfo=UTC),
        rules_version=response.rules_version,
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
    )


def _places_from_wire(view: pb.PlacesView) -> Places:
    is_counted = view.kind == pb.PLACES_KIND_COUNTED
    return Places(
        kind=word_of(pb.PlacesKind, "PLACES_KIND", view.kind) or "unknown",
        free=view.free_place_count if is_counted else None,
        population=view.population,
        report_time=time_from_wire(view, "report_time"),
    )


def _need_to_wire(need: Need, urgency: Urgency | None) -> pb.Need:
    return pb.Need(
        code=need.code,
        urgency=number_of(pb.Urgency, "URGENCY", need.urgency or urgency),
        staff_gender=need.staff_gender,
        items=items_to_wire(need.items),
        risk_assessment_ref=need.risk_assessment_ref,
    )


def origin_to_wire(origin: Point | AreaCell | str) -> geo_pb.Origin:
    match origin:
        case Point():
            return geo_pb.Origin(
                point=geo_pb.Point(latitude_deg=origin.latitude_deg, longitude_deg=origin.longitude_deg)
            )
        case AreaCell():
            return geo_pb.Origin(h3_cell=origin.h3_cell)
        case str():
            return geo_pb.Origin(place_id=origin)
