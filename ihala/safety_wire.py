"""Translate the safety envelope of a search between the SDK's values and the wire."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from ihala.case_wire import message_from_json
from ihala.enum_wire import time_from_wire, time_to_wire
from ihala.geo.v1 import geo_pb2 as geo_pb
from ihala.matching.v1 import matching_pb2 as pb
from ihala.person import NamedPlace, PlaceId
from ihala.safety import Box, Cells, Circle, DangerZone, PlacedPerson, Polygon, Safety
from ihala.shape_wire import circle_to_wire, point_from_wire, polygon_to_wire
from services.errors import InvalidInput, Reason
from services.geo import Point

Locate = Callable[[Point | NamedPlace | PlaceId], Awaitable[Point]]


async def safety_to_wire(safety: Safety, locate: Locate) -> pb.Safety:
    """
    Write an envelope.

    Args:
        safety: As the caller says it.

        locate: Finds the point of a town.

    Raises:
        InvalidInput: a time has no zone.

        NotFound: no town has the name.
    """
    return pb.Safety(
        danger_zones=[await _zone_to_wire(each, locate) for each in safety.danger_zones],
        excluded_provider_ids=safety.excluded_provider_ids,
        keep_apart=_placed_to_wire(safety.keep_apart),
        keep_together=_placed_to_wire(safety.keep_together),
        escorted_transport=safety.escorted_transport,
    )


def safety_from_json(document: Mapping[str, Any]) -> Safety:
    """
    Read an envelope from JSON, in the form that protobuf gives it.

    Raises:
        InvalidInput: it is not one (MALFORMED), or has a field that there is not (UNKNOWN_FIELD).
    """
    message = message_from_json(document, pb.Safety(), "safety")
    return Safety(
        danger_zones=[
            DangerZone(_area_from_wire(each), time_from_wire(each, "start_time"), time_from_wire(each, "end_time"))
            for each in message.danger_zones
        ],
        excluded_provider_ids=list(message.excluded_provider_ids),
        keep_apart=[*_placed_from_wire(message.keep_apart), *map(PlacedPerson, message.keep_apart_person_refs)],
        keep_together=[
            *_placed_from_wire(message.keep_together),
            *map(PlacedPerson, message.keep_together_person_refs),
        ],
        escorted_transport=message.escorted_transport,
    )


def _area_from_wire(zone: pb.DangerZone) -> Circle | Box | Polygon | Cells:
    if zone.h3_cells and zone.HasField("area"):
        raise InvalidInput("safety: a zone must have area or h3_cells, never both", reason=Reason.MALFORMED)
    area = zone.area
    match area.WhichOneof("area"):
        case "circle":
            return Circle(point_from_wire(area.circle.center), area.circle.radius_m)
        case "box":
            return Box(
                south_deg=area.box.south_deg,
                west_deg=area.box.west_deg,
                north_deg=area.box.north_deg,
                east_deg=area.box.east_deg,
            )
        case "polygon":
            rings = [area.polygon.exterior, *area.polygon.interiors]
            exterior, *interiors = [[point_from_wire(each) for each in ring.points] for ring in rings]
            return Polygon(exterior, interiors)
        case _:
            return Cells(list(zone.h3_cells))


async def _zone_to_wire(zone: DangerZone, locate: Locate) -> pb.DangerZone:
    message = pb.DangerZone(
        start_time=time_to_wire(zone.start_time, "safety.danger_zones.start_time"),
        end_time=time_to_wire(zone.end_time, "safety.danger_zones.end_time"),
    )
    match zone.area:
        case Circle(center, radius_m):
            message.area.circle.CopyFrom(circle_to_wire(await locate(center), radius_m))
        case Box():
            box = zone.area
            message.area.box.CopyFrom(
                geo_pb.Box(
                    south_deg=box.south_deg, west_deg=box.west_deg, north_deg=box.north_deg, east_deg=box.east_deg
                )
            )
        case Polygon(exterior, interiors):
            message.area.polygon.CopyFrom(polygon_to_wire([exterior, *interiors]))
        case Cells(h3_cells):
            message.h3_cells.extend(h3_cells)
    return message


def _placed_to_wire(persons: Iterable[PlacedPerson]) -> list[pb.PlacedPerson]:
    return [pb.PlacedPerson(person_ref=each.person_ref, provider_ids=each.provider_ids) for each in persons]


def _placed_from_wire(persons: Iterable[pb.PlacedPerson]) -> list[PlacedPerson]:
    return [PlacedPerson(each.person_ref, list(each.provider_ids)) for each in persons]
