"""Read requests, or refuse them naming the field; nothing that came is ever in a message."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import h3

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput, Violation
from services.geo import Gauge, Origin, Point, is_cell
from services.matching.model.request import (
    DEFAULT_LIMIT,
    FARTHEST_M,
    MAX_ITEM_COUNT,
    MAX_LIMIT,
    Enquiry,
    Item,
    Need,
)
from services.matching.model.safety import NO_ENVELOPE, Envelope, Placed
from services.matching.model.travel import Mode
from services.matching.wire.person_wire import person_from_wire
from services.matching.wire.safety_wire import (
    apart_from_wire,
    envelope_from_wire,
    excluded_from_wire,
    together_from_wire,
)
from services.runtime.times import time_of
from services.taxonomy import Kind, Urgency, service, services, term

#: place id -> the town's middle and its country code
TownOf = Callable[[str], tuple[Point, str]]
CountryAt = Callable[[Gauge], str]
#: whom not to offer, what to keep out of, from whom to keep apart and with whom to stay
Safety = tuple[frozenset[str], Envelope, tuple[Placed, ...], tuple[Placed, ...]]

MAX_CHOICES: Final = 64
# Of the class: a message looks for a field of that name first. What is written has no map in it, whose entries
# might stand in any order.
_written: Final = pb.FindMatchesRequest.SerializeToString
_NO_SAFETY: Final[Safety] = frozenset(), NO_ENVELOPE, (), ()
MOST_HOURS: Final = 8760.0  #: a year: no clinical clock runs so long
_MARGIN: Final = timedelta(days=366)
_URGENCIES: Final = {
    pb.URGENCY_UNSPECIFIED: Urgency.NORMAL,
    pb.URGENCY_IMMEDIATE: Urgency.IMMEDIATE,
    pb.URGENCY_EMERGENCY: Urgency.EMERGENCY,
    pb.URGENCY_URGENT: Urgency.URGENT,
    pb.URGENCY_NORMAL: Urgency.NORMAL,
}
MODES: Final = {
    pb.TRAVEL_MODE_UNSPECIFIED: Mode.CAR,
    pb.TRAVEL_MODE_CAR: Mode.CAR,
    pb.TRAVEL_MODE_PUBLIC: Mode.PUBLIC,
    pb.TRAVEL_MODE_FOOT: Mode.FOOT,
}


def enquiry_from_wire(message: pb.FindMatchesRequest, town_of: TownOf, country_at: CountryAt) -> tuple[Enquiry, Gauge]:
    """
    Read what is asked.

    Returns:
        That, and what measures from its origin.

    Raises:
        InvalidInput: a field breaks its rule, naming it.

        NotFound: there is no town of this place id.
    """
    has = message.HasField
    origin, country_code = _origin(message.origin, town_of)
    limit = message.limit
    if not 0 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"limit must be in [0, {MAX_LIMIT}]")
    mode = MODES.get(message.travel_mode)
    if mode is None:
        raise InvalidInput("travel_mode must be a value of its enum")
    when_time = _when(message) if has("when_time") else None
    needs, gauge = _needs(message.needs), Gauge(origin)
    person = person_from_wire(message.person) if has("person") else None
    excluded, envelope, apart, together = _safety(message.safety, origin) if has("safety") else _NO_SAFETY
    enquiry = Enquiry(  # in their order: by name takes three times as long
        needs,
        origin,
        country_code or country_at(gauge),
        person,
        excluded,
        envelope,
        apart,
        together,
        mode,
        when_time,
        limit or DEFAULT_LIMIT,
        _max_cost_mm(message.max_distance_m) if has("max_distance_m") else None,
    )
    return enquiry, gauge


def _safety(message: pb.Safety, origin: Origin) -> Safety:
    return (
        excluded_from_wire(message),
        envelope_from_wire(message, origin),
        apart_from_wire(message),
        together_from_wire(message),
    )


def signed(message: pb.FindMatchesRequest) -> bytes:
    """Write a request as it is signed with its token."""
    return _written(message)


def choices_from_wire(message: pb.CheckMatchRequest, need_count: int) -> Sequence[tuple[int, str]]:
    """Read the choices: number of the need, below a count, and id of the provider."""
    if len(message.choices) > MAX_CHOICES:
        raise InvalidInput(f"choices must be at most {MAX_CHOICES}")
    for number, each in enumerate(message.choices):
        if not 0 <= each.need_no < need_count:
            raise InvalidInput(f"choices[{number}].need_no must be the number of a need of the request")
    return [(each.need_no, each.provider_id) for each in message.choices]


def _needs(messages: Sequence[pb.Need]) -> tuple[Need, ...]:
    plain = _plain_needs()
    found = []
    for number, each in enumerate(messages[:]):  # a list of them: to go through the field takes twice as long
        known = plain.get(_written(each))
        found.append(known or _need(each, f"needs[{number}]"))
    return tuple(found)


@cache
def _plain_needs() -> Mapping[bytes, Need]:
    """List what is mostly asked for, a service and perhaps how soon, by the bytes of its message."""
    return {
        pb.Need(code=code, urgency=number).SerializeToString(): Need(service=each, urgency=urgency)
        for code, each in services().items()
        for number, urgency in _URGENCIES.items()
    }


def _need(message: pb.Need, path: str) -> Need:
    has_hours = message.HasField("hours_since_event")
    return Need(
        service=service(message.code, f"{path}.code"),
        urgency=_urgency(message.urgency, path),
        staff_gender=_staff_gender(message.staff_gender, path) if message.staff_gender else "",
        items=_items(message.items, path) if message.items else (),
        has_risk_assessment=bool(message.risk_assessment_ref),
        hours_since_event=_hours(message.hours_since_event, path) if has_hours else None,
        is_remote=message.remote,
        has_best_interests=bool(message.best_interests_ref),
        has_interpreter=message.interpreter,
    )


def _staff_gender(code: str, path: str) -> str:
    return term(Kind.GENDER, code, f"{path}.staff_gender").code


def _items(messages: Iterable[pb.PlaceItem], path: str) -> tuple[Item, ...]:
    for number, each in enumerate(messages):
        term(Kind.POPULATION, each.population, f"{path}.items[{number}].population")
        if not 1 <= each.count <= MAX_ITEM_COUNT:
            raise InvalidInput(f"{path}.items[{number}].count must be in [1, {MAX_ITEM_COUNT}]")
    return tuple(Item(each.population, each.count) for each in messages)


def _urgency(number: Any, path: str) -> Urgency:
    if number not in _URGENCIES:
        raise InvalidInput(f"{path}.urgency must be a value of its enum")
    return _URGENCIES[number]


def _hours(hours: float, path: str) -> float:
    if not 0 <= hours <= MOST_HOURS:
        raise InvalidInput(f"{path}.hours_since_event must be in [0, {MOST_HOURS:.0f}]")
    return hours


def _origin(message: geo_pb2.Origin, town_of: TownOf) -> tuple[Origin, str]:
    match message.WhichOneof("origin"):
        case "point":
            return _point(message.point), ""
        case "h3_cell":
            if not is_cell(message.h3_cell):
                raise InvalidInput("origin.h3_cell must be an H3 cell, written as 15 lower-case hexadecimal digits")
            return Point(*h3.cell_to_latlng(message.h3_cell)), ""
        case "place_id":
            return town_of(message.place_id)
        case _:
            raise InvalidInput("origin must be a point, a cell or a place id")


def _point(message: geo_pb2.Point) -> Point:
    latitude_deg, longitude_deg = message.latitude_deg, message.longitude_deg
    if not (latitude_deg or message.HasField("latitude_deg")):  # what is not 0 was given
        raise InvalidInput("origin.point.latitude_deg must be given")
    if not (longitude_deg or message.HasField("longitude_deg")):
        raise InvalidInput("origin.point.longitude_deg must be given")
    try:
        return Point(latitude_deg, longitude_deg)
    except InvalidInput as error:
        fields = [Violation(f"origin.point.{each.field}", each.rule) for each in error.fields]
        raise InvalidInput(error.message, fields=fields) from None


def _when(message: pb.FindMatchesRequest) -> datetime | None:
    try:
        when = time_of(message, "when_time")
        if when is not None:
            _ = when - _MARGIN, when + _MARGIN  # hours are looked up a day around it, in every zone
    except (ValueError, OverflowError):
        raise InvalidInput("when_time must be between the years 2 and 9998") from None
    return when


def _max_cost_mm(distance_m: float) -> int:
    if not 0 < distance_m <= FARTHEST_M:
        raise InvalidInput(f"max_distance_m must be in (0, {FARTHEST_M:.0f}]")
    return int(distance_m * 1000)
