"""Translate points and outlines between values and the wire."""

from collections.abc import Sequence

from ihala.geo.v1 import geo_pb2 as pb
from services.errors import InvalidInput
from services.geo import Point


def point_to_wire(point: Point) -> pb.Point:
    """Write a point."""
    return pb.Point(latitude_deg=point.latitude_deg, longitude_deg=point.longitude_deg)


def point_from_wire(point: pb.Point) -> Point:
    """
    Read a point.

    Raises:
        InvalidInput: a degree is missing or out of its range.
    """
    if not (point.HasField("latitude_deg") and point.HasField("longitude_deg")):
        raise InvalidInput("a point must have latitude_deg and longitude_deg")
    return Point(point.latitude_deg, point.longitude_deg)


def circle_to_wire(center: Point, radius_m: float) -> pb.Circle:
    """Write a circle."""
    return pb.Circle(center=point_to_wire(center), radius_m=radius_m)


def polygon_to_wire(rings: Sequence[Sequence[Point]]) -> pb.Polygon:
    """Write an outline: the outer ring, then its holes."""
    exterior, *interiors = (pb.Ring(points=map(point_to_wire, ring)) for ring in rings)
    return pb.Polygon(exterior=exterior, interiors=interiors)
