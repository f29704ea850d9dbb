"""
Read where a record is, and coarsen it at once if the site is confidential.

A coordinate is never repaired, clamped or swapped: a point that is not one is
refused and remarked, and the record is kept without it. 0 is as good as any other.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from services.directory.importing.paths import Record, is_blank, text_of
from services.directory.importing.sections import Section
from services.directory.importing.sources import Notes
from services.directory.model.imports import Fault, Notice
from services.errors import InvalidInput
from services.geo import AreaCell, Point, snap_to_area

PopulationOf = Callable[[AreaCell], int]
ReadPoint = Callable[[Record, Notes], Point | None]
ReadCell = Callable[[Record, Notes], AreaCell | None]

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def point(section: Section) -> ReadPoint:
    """Read `latitude` and `longitude`, or the `geometry` of a feature, in degrees of WGS84."""
    if section.has("geometry"):
        get = section.source("geometry")
        return lambda record, notes: _from_geometry(get(record), notes)
    if not section.has("latitude"):
        return lambda record, notes: None
    latitude, longitude = section.source("latitude"), section.source("longitude")
    return lambda record, notes: _point(latitude(record), longitude(record), notes)


def cell(section: Section) -> ReadCell:
    """Read `cell`, the H3 cell of a confidential site, for a source that knows nothing finer."""
    if not section.has("cell"):
        return lambda record, notes: None
    get = section.source("cell")

    def read(record: Record, notes: Notes) -> AreaCell | None:
        value = get(record)
        return None if is_blank(value) else AreaCell(text_of(value))

    return read


def coarsen(exact: Point | None, notes: Notes, population_of: PopulationOf) -> AreaCell | None:
    """Replace the exact point of a confidential site by its area; nothing downstream sees the point."""
    if exact is None:
        return None
    notes.notices.append(Notice("location.place", "snapped_to_area"))
    return snap_to_area(exact, population_of)


def _from_geometry(geometry: Any, notes: Notes) -> Point | None:
    if geometry is None:
        return None
    position = geometry.get("coordinates") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or geometry.get("type") != "Point" or not isinstance(position, list | tuple):
        return _refuse("location.geometry", "must be a GeoJSON Point", notes)
    if not position:
        return None
    return _point(position[1] if len(position) > 1 else None, position[0], notes)


def _point(latitude: Any, longitude: Any, notes: Notes) -> Point | None:
    if is_blank(latitude) and is_blank(longitude):
        return None
    degrees: list[float] = []
    for field, value in (("latitude_deg", latitude), ("longitude_deg", longitude)):
        if is_blank(value):
            return _refuse(f"location.{field}", "must be given", notes)
        number = _number(value)
        if number is None:
            return _refuse(f"location.{field}", "must be a decimal number of degrees", notes)
        degrees.append(number)
    try:
        return Point(*degrees)
    except InvalidInput as fault:
        for violation in fault.fields:
            _refuse(f"location.{violation.field}", violation.rule, notes)
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = text_of(value).strip()
    return float(text) if _DECIMAL.fullmatch(text) else None


def _refuse(field: str, rule: str, notes: Notes) -> Point | None:
    notes.faults.append(Fault(field, rule))
    if not any(notice.code == "point_refused" for notice in notes.notices):
        notes.notices.append(Notice("location.place", "point_refused"))
    return None
