"""Read where people are served, and the lines that no way may cross, as the directory tells them."""

from collections.abc import Iterable
from datetime import time
from functools import lru_cache

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import lines_pb2
from ihala.geo.v1 import geo_pb2
from services.geo import Point
from services.geo.outlines import laid_out
from services.hours import zone
from services.matching.model.areas import ServedArea
from services.matching.model.lines import Line
from services.runtime.times import time_of


def areas_from_wire(messages: Iterable[pb.ServiceArea]) -> tuple[ServedArea, ...]:
    """Read service areas; the same one is read once."""
    return tuple(
        _outline(each.polygon.SerializeToString()) if each.HasField("polygon") else _region(each.region_code)
        for each in messages
    )


def line_from_wire(message: lines_pb2.Line) -> Line:
    """Read a line; one whose hours cannot be read is in force all day."""
    starts_at, ends_at, time_zone = message.starts_at, message.ends_at, message.time_zone
    try:
        if starts_at or ends_at:
            _ = time.fromisoformat(starts_at), time.fromisoformat(ends_at), zone(time_zone)
    except ValueError:
        starts_at = ends_at = time_zone = ""
    return Line(
        line_id=message.line_id,
        points=_points(message.points),
        start_time=time_of(message.valid, "start_time"),
        end_time=time_of(message.valid, "end_time"),
        starts_at=starts_at,
        ends_at=ends_at,
        time_zone=time_zone,
    )


@lru_cache(maxsize=65_536)
def _outline(content: bytes) -> ServedArea:
    polygon = geo_pb2.Polygon.FromString(content)
    shape = laid_out(_points(polygon.exterior.points), tuple(_points(ring.points) for ring in polygon.interiors))
    return ServedArea(outline=shape.wkb)


@lru_cache(maxsize=1024)
def _region(code: str) -> ServedArea:
    return ServedArea(region_code=code)


def _points(messages: Iterable[geo_pb2.Point]) -> tuple[Point, ...]:
    return tuple(Point(each.latitude_deg, each.longitude_deg) for each in messages)
