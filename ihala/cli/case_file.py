"""
Read cases and safety envelopes from files: FindMatchesRequest, PlanMatchesRequest or Safety in JSON.

A file may say more than the wire: a place as it is typed (`at`), for where the
search starts and for the centre of a zone, and a zone as a GeoJSON beside it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ihala.cli import typed
from ihala.cli.geojson_files import outlines_of
from ihala.directory_client import Directory
from ihala.person import PlaceId
from services.errors import InvalidInput, NotFound, Reason, Violation
from services.geo import AreaCell, Point

_ZONE: Final = frozenset({"at", "radius_m", "geojson"})  #: what a zone of a file has besides what the wire has


async def case_in(file: Path, directory: Directory, noun: str = "case") -> dict[str, Any]:
    """
    Read a case, alone or under the key `request`, as the wire has it.

    Args:
        file: JSON; - is standard input.

        directory: Knows the towns that are named.

        noun: What it is called in an error.

    Raises:
        NotFound: there is no such file, or no such town.

        InvalidInput: it is not a JSON object (MALFORMED), or a zone breaks its rule; no value is in the message.
    """
    document = _object_in(file, noun)
    if isinstance(document.get("request"), dict):
        document = document["request"]
    folder = _folder_of(file)
    origin = document.get("origin")
    if isinstance(origin, Mapping) and "at" in origin:
        if len(origin) > 1:
            raise _refuse("origin", "must be `at` alone, or as the wire has it")
        start = await _start(origin["at"], directory, "origin.at")
        document = {**document, "origin": _wire_origin(start.document)}
    if "safety" in document:
        document = {**document, "safety": await _settled(document["safety"], folder, directory)}
    return document


async def safety_in(file: Path, directory: Directory) -> dict[str, Any]:
    """
    Read a safety envelope alone, as the wire has it.

    Raises:
        NotFound, InvalidInput: as `case_in`.
    """
    return await _settled(_object_in(file, "safety"), _folder_of(file), directory)


def _object_in(file: Path, noun: str) -> dict[str, Any]:
    try:
        document = json.loads(typed.text_of(file, noun), object_pairs_hook=_once)
    except (json.JSONDecodeError, RecursionError) as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidInput(f"{noun} must be JSON{line}", reason=Reason.MALFORMED) from None
    if not isinstance(document, dict):
        raise InvalidInput(f"{noun} must be a JSON object", reason=Reason.MALFORMED)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two zones under one key the first would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInput("a key must stand once in an object of JSON", reason=Reason.MALFORMED)
    return found


def _folder_of(file: Path) -> Path:
    return Path() if str(file) == "-" else file.parent


async def _settled(safety: Any, folder: Path, directory: Directory) -> dict[str, Any]:
    if not isinstance(safety, Mapping):
        raise _refuse("safety", "must be an object")
    zones: list[Any] = []
    for key in ("danger_zones", "dangerZones"):
        if key not in safety:
            continue
        if not isinstance(safety[key], list):
            raise _refuse(f"safety.{key}", "must be a list")
        for number, zone in enumerate(safety[key]):
            zones += await _zones(zone, folder, directory, f"safety.{key}[{number}]")
    rest = {key: value for key, value in safety.items() if key not in {"danger_zones", "dangerZones"}}
    return {**rest, "danger_zones": zones} if zones else rest


async def _zones(zone: Any, folder: Path, directory: Directory, path: str) -> list[dict[str, Any]]:
    """Write one zone as the wire has it; a GeoJSON of several outlines makes several."""
    if not isinstance(zone, Mapping):
        raise _refuse(path, "must be an object")
    rest = {key: value for key, value in zone.items() if key not in _ZONE}
    ours = zone.keys() & _ZONE
    if not ours:
        return [rest]
    if ours not in ({"at", "radius_m"}, {"geojson"}) or rest.keys() & {"area", "h3_cells", "h3Cells"}:
        raise _refuse(path, "must have `at` with `radius_m`, or `geojson`, or `area`, or `h3_cells`")
    if "geojson" in zone:
        return [{**rest, "area": {"polygon": each}} for each in _outlines(zone["geojson"], folder, f"{path}.geojson")]
    center = _degrees(await _point(zone["at"], directory, f"{path}.at"))
    return [{**rest, "area": {"circle": {"center": center, "radius_m": zone["radius_m"]}}}]


def _outlines(name: Any, folder: Path, path: str) -> list[dict[str, Any]]:
    if not isinstance(name, str) or not (folder / name).is_file():
        raise _refuse(path, "must name a file beside the case")
    return [
        {
            "exterior": {"points": [_degrees(point) for point in exterior]},
            "interiors": [{"points": [_degrees(point) for point in ring]} for ring in interiors],
        }
        for _, (exterior, *interiors) in outlines_of(folder / name)
    ]


async def _start(text: Any, directory: Directory, path: str) -> typed.Start:
    if not isinstance(text, str):
        raise _refuse(path, "must be LAT,LON or the name of a town")
    try:
        return await typed.start_of(text, "", directory, path)
    except NotFound:
        raise NotFound(f"{path} must be LAT,LON, or a name that a town has") from None


async def _point(text: Any, directory: Directory, path: str) -> Point:
    match (await _start(text, directory, path)).origin:
        case AreaCell():
            raise _refuse(path, "must be LAT,LON or the name of a town; cells go into `h3_cells`")
        case PlaceId() as place:
            return await directory.located(place)
        case point:
            return point


def _wire_origin(document: Mapping[str, Any]) -> dict[str, Any]:
    if "latitude_deg" in document:
        return {"point": dict(document)}
    return {key: value for key, value in document.items() if key in {"place_id", "h3_cell"}}


def _degrees(point: Point) -> dict[str, float]:
    return {"latitude_deg": point.latitude_deg, "longitude_deg": point.longitude_deg}


def _refuse(path: str, rule: str) -> InvalidInput:
    return InvalidInput(f"{path} {rule}", reason=Reason.MALFORMED, fields=[Violation(path, rule)])
