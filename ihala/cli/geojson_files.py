"""GeoJSON that a coordinator has drawn with a tool of their own: lines and outlines, read from a file."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from services.errors import InvalidInput
from services.geo import Point

MAX_BYTES: Final = 1_000_000  #: of a file

Ring = Sequence[Point]
Outline = Sequence[Ring]  #: the outer ring, then its holes


def line_of(file: Path) -> list[Point]:
    """
    Read the one LineString of a file: a geometry, a feature, or a collection of one.

    Raises:
        InvalidInput: it is too large, or not that.
    """
    fault = InvalidInput("file must be GeoJSON with one LineString of at most 1 MB")
    try:
        ((geometry, _),) = _geometries(_read(file, fault))
        if geometry["type"] != "LineString":
            raise fault
        return _points(geometry["coordinates"])
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        raise fault from None


def outlines_of(file: Path) -> list[tuple[str, Outline]]:
    """
    Read the outlines of a file, each with the name of its feature, which may be empty.

    A MultiPolygon is as many outlines as it has parts.

    Raises:
        InvalidInput: the file is too large, has no outline, or something that is none.
    """
    fault = InvalidInput("file must be GeoJSON with Polygons or MultiPolygons, of at most 1 MB")
    found: list[tuple[str, Outline]] = []
    try:
        for geometry, name in _geometries(_read(file, fault)):
            coordinates = geometry["coordinates"]
            parts = {"Polygon": [coordinates], "MultiPolygon": coordinates}[geometry["type"]]
            found += [(name, [_points(ring) for ring in rings]) for rings in parts]
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        raise fault from None
    if not found:
        raise fault
    return found


def _read(file: Path, fault: InvalidInput) -> Any:
    if file.stat().st_size > MAX_BYTES:
        raise fault
    return json.loads(file.read_bytes())


def _geometries(found: Any) -> Iterator[tuple[Any, str]]:
    if found["type"] == "FeatureCollection":
        for feature in found["features"]:
            yield from _geometries(feature)
    elif found["type"] == "Feature":
        name = (found.get("properties") or {}).get("name")
        yield found["geometry"], name if isinstance(name, str) else ""
    else:
        yield found, ""


def _points(positions: Any) -> list[Point]:
    return [Point(float(position[1]), float(position[0])) for position in positions]
