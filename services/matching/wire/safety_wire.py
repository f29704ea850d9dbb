"""Read the safety envelope; what it holds is in no message of an error (R24)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import h3

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.errors import InvalidInput, Violation
from services.geo import Origin, Point, is_cell, position_of
from services.geo.outlines import laid_out, laid_out_box, laid_out_cells, laid_out_disc
from services.geo.shadows import Enclosure
from services.matching.model.safety import NO_ENVELOPE, Envelope, Placed, Zone
from services.runtime.times import time_of

MAX_ZONES: Final = 32
MAX_ZONE_POINTS: Final = 1000  #: of all zones together
MAX_CELLS: Final = 200  #: of all zones together: what they hide is worked out while others wait
MAX_PERSONS: Final = 100  #: of one list
MAX_PLACEMENTS: Final = 50  #: providers of one person
MAX_EXCLUDED: Final = 1000
_CELL_RESOLUTIONS: Final = range(3, 11)
_LONGEST_ID: Final = 64  # characters
_ZONES: Final = "safety.danger_zones"


def envelope_from_wire(message: pb.Safety, origin: Origin) -> Envelope:
    """
    Read the zones to keep out of, seen from where the person is.

    Raises:
        InvalidInput: a zone breaks a rule, naming its field.
    """
    zones = message.danger_zones
    if not zones:
        return NO_ENVELOPE
    if len(zones) > MAX_ZONES:
        raise _refuse(_ZONES, f"must have at most {MAX_ZONES} entries")
    if sum(map(_point_count, zones)) > MAX_ZONE_POINTS:
        raise _refuse(_ZONES, f"must have at most {MAX_ZONE_POINTS} points in all")
    if sum(len(each.h3_cells) for each in zones) > MAX_CELLS:
        raise _refuse(_ZONES, f"must have at most {MAX_CELLS} h3_cells in all")
    return Envelope(
        zones=tuple(_zone(each, f"{_ZONES}[{number}]") for number, each in enumerate(zones)),
        start=position_of(origin),
        is_escorted=message.escorted_transport,
    )


def excluded_from_wire(message: pb.Safety) -> frozenset[str]:
    """Read whom not to offer."""
    excluded = message.excluded_provider_ids
    if len(excluded) > MAX_EXCLUDED or not all(map(_is_id, excluded)):
        raise _refuse("safety.excluded_provider_ids", f"must be at most {MAX_EXCLUDED} ids")
    return frozenset(excluded)


def apart_from_wire(message: pb.Safety) -> tuple[Placed, ...]:
    """Read from whom the person is kept apart."""
    return _placed("keep_apart", message.keep_apart, message.keep_apart_person_refs)


def together_from_wire(message: pb.Safety) -> tuple[Placed, ...]:
    """Read with whom the person stays."""
    return _placed("keep_together", message.keep_together, message.keep_together_person_refs)


def _placed(name: str, persons: Sequence[pb.PlacedPerson], person_refs: Sequence[str]) -> tuple[Placed, ...]:
    """Gather a list by person: one may be named twice."""
    if not persons and not person_refs:
        return ()
    field = f"safety.{name}"
    places: dict[str, set[str]] = {each: set() for each in person_refs}
    for number, each in enumerate(persons):
        if len(each.provider_ids) > MAX_PLACEMENTS or not all(map(_is_id, each.provider_ids)):
            raise _refuse(f"{field}[{number}].provider_ids", f"must be at most {MAX_PLACEMENTS} ids")
        places.setdefault(each.person_ref, set()).update(each.provider_ids)
    if len(places) > MAX_PERSONS:
        raise _refuse(field, f"must name at most {MAX_PERSONS} persons")
    if not all(map(_is_id, places)):
        raise _refuse(field, f"must name each person by 1 to {_LONGEST_ID} characters")
    return tuple(Placed(person_ref, frozenset(ids)) for person_ref, ids in places.items())


def _zone(message: pb.DangerZone, path: str) -> Zone:
    start_time, end_time = (_time(message, field, path) for field in ("start_time", "end_time"))
    if start_time is not None and end_time is not None and end_time <= start_time:
        raise _refuse(f"{path}.end_time", "must be after start_time")
    return Zone(Enclosure.of(_shape(message, path)), start_time, end_time)


def _time(message: pb.DangerZone, field: str, path: str) -> Any:
    try:
        return time_of(message, field)
    except (ValueError, OverflowError):
        raise _refuse(f"{path}.{field}", "must be a time") from None


def _shape(message: pb.DangerZone, path: str) -> Any:
    if bool(message.h3_cells) == message.HasField("area"):
        raise _refuse(f"{path}.area", "must be given, or else h3_cells, and never both")
    try:
        if message.h3_cells:
            return _cells(message.h3_cells)
        return _area(message.area)
    except InvalidInput as error:
        fields = [Violation(f"{path}.{each.field}", each.rule) for each in error.fields]
        raise InvalidInput("; ".join(f"{each.field} {each.rule}" for each in fields), fields=fields) from None


def _cells(cells: Iterable[str]) -> Any:
    listed = list(cells)
    rule = f"must be H3 cells of resolution {_CELL_RESOLUTIONS[0]} to {_CELL_RESOLUTIONS[-1]}"
    are_good = all(is_cell(each) and h3.get_resolution(each) in _CELL_RESOLUTIONS for each in listed)
    if not are_good:
        raise _refuse("h3_cells", rule)
    return laid_out_cells(listed)


def _area(area: geo_pb2.Area) -> Any:
    match area.WhichOneof("area"):
        case "circle":
            return laid_out_disc(_point(area.circle.center, "area.circle.center"), area.circle.radius_m)
        case "box":
            box = area.box
            return laid_out_box(
                south_deg=box.south_deg, west_deg=box.west_deg, north_deg=box.north_deg, east_deg=box.east_deg
            )
        case "polygon":
            holes = tuple(_ring(each) for each in area.polygon.interiors)
            return laid_out(_ring(area.polygon.exterior), holes)
        case _:
            raise _refuse("area", "must be a circle, a box or a polygon")


def _ring(ring: geo_pb2.Ring) -> tuple[Point, ...]:
    return tuple(_point(each, "area.polygon") for each in ring.points)


def _point(message: geo_pb2.Point, path: str) -> Point:
    if not (message.HasField("latitude_deg") and message.HasField("longitude_deg")):
        raise _refuse(path, "must have points with both coordinates")
    return Point(message.latitude_deg, message.longitude_deg)


def _point_count(message: pb.DangerZone) -> int:
    polygon = message.area.polygon
    return len(polygon.exterior.points) + sum(len(ring.points) for ring in polygon.interiors)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID


def _refuse(field: str, rule: str) -> InvalidInput:
    return InvalidInput(f"{field} {rule}", fields=[Violation(field, rule)])
