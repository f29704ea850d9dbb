"""Write searches: needs, where, who, the safety envelope and the way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ihala.enum_wire import number_of, time_to_wire
from ihala.geo.v1 import geo_pb2 as geo_pb
from ihala.matching.v1 import matching_pb2 as pb
from ihala.person import Absence, AgeRange, Need, Person, TravelMode, Urgency
from ihala.shape_wire import point_to_wire
from services.geo import AreaCell, Point

_LISTS: Mapping[str, tuple[Any, str]] = {  # facts that are lists of codes: our name, the wire's message, its field
    "languages": (pb.LanguageList, "languages"),
    "family": (pb.CodeList, "codes"),
    "exploitation": (pb.CodeList, "codes"),
    "accessibility": (pb.CodeList, "codes"),
}
_ENUMS = {"sex": (pb.Sex, "SEX"), "gender": (pb.Gender, "GENDER"), "process": (pb.Process, "PROCESS")}
_PLAIN = ("unaccompanied", "has_documents", "status_class")


def request_to_wire(
    needs: Sequence[Need],
    origin: Point | AreaCell | str,
    *,
    urgency: Urgency | None,
    person: Person | None,
    safety: pb.Safety,
    when_time: datetime | None,
    limit: int,
    max_distance_m: float | None,
    travel_mode: TravelMode | None,
) -> pb.FindMatchesRequest:
    """Write a search; `origin` is a point, a cell, or a place id as text."""
    request = pb.FindMatchesRequest(
        needs=[_need_to_wire(need, urgency) for need in needs],
        origin=origin_to_wire(origin),
        when_time=time_to_wire(when_time, "when_time"),
        limit=limit,
        max_distance_m=max_distance_m,
        travel_mode=number_of(pb.TravelMode, "TRAVEL_MODE", travel_mode),
    )
    if person is not None:
        request.person.CopyFrom(person_to_wire(person))
    if safety != pb.Safety():  # an envelope that is empty is none
        request.safety.CopyFrom(safety)
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


def at_time(when_time: datetime) -> pb.FindMatchesRequest:
    """Write the time of a search, to be merged into one."""
    return pb.FindMatchesRequest(when_time=time_to_wire(when_time, "when_time"))


def _need_to_wire(need: Need, urgency: Urgency | None) -> pb.Need:
    return pb.Need(
        code=need.code,
        urgency=number_of(pb.Urgency, "URGENCY", need.urgency or urgency),
        staff_gender=need.staff_gender,
        items=items_to_wire(need.items),
        risk_assessment_ref=need.risk_assessment_ref,
        hours_since_event=need.hours_since_event,
        remote=need.remote,
        best_interests_ref=need.best_interests_ref,
        interpreter=need.interpreter,
    )


def origin_to_wire(origin: Point | AreaCell | str) -> geo_pb.Origin:
    """Write where a search starts: a point, a cell, or a place id as text."""
    match origin:
        case Point():
            return geo_pb.Origin(point=point_to_wire(origin))
        case AreaCell():
            return geo_pb.Origin(h3_cell=origin.h3_cell)
        case str():
            return geo_pb.Origin(place_id=origin)
