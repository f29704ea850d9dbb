"""Places on the wire, and the door at which an exact confidential point is forgotten."""

from typing import Any, Protocol

from ihala.directory.v1 import directory_pb2 as pb
from ihala.geo.v1 import geo_pb2
from services.directory.model import PointPrecision, inside, refuse
from services.directory.wire.words_wire import POINT_PRECISION
from services.geo import AreaCell, Place, Point, snap_to_area


class PopulationOf(Protocol):
    """What the town list knows of how many people live where."""

    def __call__(self, cell: AreaCell, /) -> int:
        """Count the people known in a cell."""

    def knows(self, country_code: str) -> bool:
        """Say whether the towns of a country are read at all."""


_UNREAD = "must be a country whose towns the directory reads, for a confidential point; else give a cell"


def close_door(location: pb.Location, population_of: PopulationOf, country_code: str = "") -> None:
    """
    Replace the exact point of a confidential location by its area, in the message itself.

    Call it before anything else looks at the message: what is digested, logged,
    stored or answered afterwards is a function of the area alone (R16, R17).

    Args:
        location: The message.

        population_of: How many people live where.

        country_code: Where the point is, if the message itself does not say.

    Raises:
        InvalidInput: the point is not one; the error has no coordinates. Or
            the towns of its country are not read, so that nobody could say how
            coarse its area must be.
    """
    if location.disclosure == pb.DISCLOSURE_AREA and location.place.WhichOneof("place") == "point":
        if not population_of.knows(location.country_code or country_code):
            raise refuse("country_code", _UNREAD)
        point = inside("place.point", point_from_wire, location.place.point)
        location.place.cell.h3_cell = snap_to_area(point, population_of).h3_cell


def point_from_wire(point: geo_pb2.Point) -> Point:
    """Read a point; an absent coordinate is a fault, 0 is not."""
    for field in ("latitude_deg", "longitude_deg"):
        if not point.HasField(field):
            raise refuse(field, "must be given")
    return Point(point.latitude_deg, point.longitude_deg)


def point_to_wire(point: Point) -> geo_pb2.Point:
    return geo_pb2.Point(latitude_deg=point.latitude_deg, longitude_deg=point.longitude_deg)


def place_from_wire(place: geo_pb2.Place) -> Place | None:
    """Read a place; an empty one is a position that nobody knows."""
    match place.WhichOneof("place"):
        case "point":
            return inside("point", point_from_wire, place.point)
        case "cell":
            return inside("cell", AreaCell, place.cell.h3_cell)
        case _:
            return None


def place_to_wire(place: Place | None) -> geo_pb2.Place | None:
    if place is None:
        return None
    if isinstance(place, Point):
        return geo_pb2.Place(point=point_to_wire(place))
    return geo_pb2.Place(cell=geo_pb2.AreaCell(h3_cell=place.h3_cell))


def precision_from_wire(precision: Any) -> PointPrecision | None:
    """Read how exactly a point is known; unspecified: nobody has said."""
    return POINT_PRECISION.read("point_precision", precision) if precision else None


def precision_to_wire(precision: PointPrecision | None) -> Any:
    return POINT_PRECISION.write(precision) if precision else pb.POINT_PRECISION_UNSPECIFIED


def reach_to_wire(cost_mm: int) -> geo_pb2.Reach:
    """Tell how far a public provider is, in metres."""
    return geo_pb2.Reach(distance_m=cost_mm / 1000)
