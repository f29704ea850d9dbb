"""Outlines and service areas on the wire."""

from collections.abc import Iterable

from ihala.directory.v1 import directory_pb2 as pb
from ihala.geo.v1 import geo_pb2
from services.directory.model import Outline, ServiceArea, ServiceAreas, each_inside, inside
from services.directory.wire.places_wire import point_from_wire, point_to_wire
from services.directory.wire.requests_wire import canonical
from services.directory.wire.values_wire import texts_from_wire, texts_to_wire
from services.geo import Point


def outline_from_wire(polygon: geo_pb2.Polygon) -> Outline:
    return Outline(
        _ring("exterior", polygon.exterior),
        tuple(_ring(f"interiors[{index}]", ring) for index, ring in enumerate(polygon.interiors)),
    )


def outline_from_doc(doc: bytes) -> Outline:
    """Read an outline as it is kept."""
    return outline_from_wire(geo_pb2.Polygon.FromString(doc))


def outline_doc(outline: Outline) -> bytes:
    """Write an outline as it is kept."""
    return canonical(_outline_to_wire(outline))


def areas_from_wire(areas: Iterable[pb.ServiceArea]) -> ServiceAreas:
    return each_inside("service_areas", _area_from_wire, areas)


def area_to_wire(area: ServiceArea) -> pb.ServiceArea:
    return pb.ServiceArea(
        names=texts_to_wire(area.names),
        polygon=_outline_to_wire(area.outline) if area.outline else None,
        region_code=area.region_code,
    )


def _area_from_wire(area: pb.ServiceArea) -> ServiceArea:
    return ServiceArea(
        names=texts_from_wire("names", area.names),
        outline=inside("polygon", outline_from_wire, area.polygon) if area.HasField("polygon") else None,
        region_code=area.region_code,
    )


def _outline_to_wire(outline: Outline) -> geo_pb2.Polygon:
    return geo_pb2.Polygon(exterior=_ring_to_wire(outline.exterior), interiors=map(_ring_to_wire, outline.interiors))


def _ring(field: str, ring: geo_pb2.Ring) -> tuple[Point, ...]:
    return each_inside(f"{field}.points", point_from_wire, ring.points)


def _ring_to_wire(ring: tuple[Point, ...]) -> geo_pb2.Ring:
    return geo_pb2.Ring(points=map(point_to_wire, ring))
