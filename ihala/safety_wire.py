"""Write the safety envelope of a search."""

from collections.abc import Awaitable, Callable, Iterable

from ihala.enum_wire import time_to_wire
from ihala.matching.v1 import matching_pb2 as pb
from ihala.person import NamedPlace, PlaceId
from ihala.safety import Cells, Circle, DangerZone, PlacedPerson, Polygon, Safety
from ihala.shape_wire import circle_to_wire, polygon_to_wire
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


async def _zone_to_wire(zone: DangerZone, locate: Locate) -> pb.DangerZone:
    message = pb.DangerZone(
        start_time=time_to_wire(zone.start_time, "safety.danger_zones.start_time"),
        end_time=time_to_wire(zone.end_time, "safety.danger_zones.end_time"),
    )
    match zone.area:
        case Circle(center, radius_m):
            message.area.circle.CopyFrom(circle_to_wire(await locate(center), radius_m))
        case Polygon(exterior, interiors):
            message.area.polygon.CopyFrom(polygon_to_wire([exterior, *interiors]))
        case Cells(h3_cells):
            message.h3_cells.extend(h3_cells)
    return message


def _placed_to_wire(persons: Iterable[PlacedPerson]) -> list[pb.PlacedPerson]:
    return [pb.PlacedPerson(person_ref=each.person_ref, provider_ids=each.provider_ids) for each in persons]
