"""Draws coarse cells and names them by the largest town that lies in them."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Final

import h3
from shapely import Polygon, STRtree
from shapely.geometry import shape

from services.maps.words import say
from services.towns import Town, largest_town, town_name

HALF_TURN_DEG: Final = 180.0


def resolution_of(h3_cell: str) -> int:
    """Return the H3 resolution of a cell, in [0, 15]; the greater, the finer."""
    return int(h3.get_resolution(h3_cell))


def outline_of(h3_cell: str) -> list[list[float]]:
    """
    Trace a cell as GeoJSON does: longitude first, the last corner equal to the first.

    Longitudes of a cell across the antimeridian run on beyond 180, so that it stays in one piece.
    """
    corners = [[longitude, latitude] for latitude, longitude in h3.cell_to_boundary(h3_cell)]
    if max(corner[0] for corner in corners) - min(corner[0] for corner in corners) > HALF_TURN_DEG:
        corners = [[longitude + 360.0 if longitude < 0 else longitude, latitude] for longitude, latitude in corners]
    return [*corners, corners[0]]


def area_names(h3_cells: Iterable[str], language: str) -> dict[str, str]:
    """Name cells for a reader; one without a known town is called by its index."""
    names = {}
    for cell in set(h3_cells):
        town = _largest_town(cell)
        names[cell] = say(language, "around", town=town_name(town, language)) if town else cell
    return names


@cache
def _largest_town(h3_cell: str) -> Town | None:
    return largest_town(h3_cell, _countries_at(h3_cell))


def _countries_at(h3_cell: str) -> list[str]:
    """List the countries whose outlines touch a cell; it chooses the town lists to look in and claims nothing."""
    tree, codes = _country_tree()
    return [codes[index] for index in tree.query(Polygon(outline_of(h3_cell)), predicate="intersects")]


@cache
def _country_tree() -> tuple[STRtree, list[str]]:
    coded = [each for each in outlines("countries") if each["properties"].get("country_code")]
    return STRtree([shape(each["geometry"]) for each in coded]), [each["properties"]["country_code"] for each in coded]


@cache
def outlines(name: str) -> list[dict[str, Any]]:
    """Read the features of "countries" or "regions"."""
    text = files("services.maps").joinpath("data", f"{name}.geojson").read_text(encoding="utf-8")
    features: list[dict[str, Any]] = json.loads(text)["features"]
    return features
