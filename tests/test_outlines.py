"""Hold the outlines of maps to their promises: small, whole, sourced, and without a claim."""

import json
from importlib.resources import files
from typing import Any

import pytest
from shapely import Point
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

FILES = ["countries.geojson", "regions.geojson"]


def read(name: str) -> dict[str, Any]:
    text = files("services.maps").joinpath("data", name).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def outline_of(country_code: str) -> tuple[dict[str, Any], BaseGeometry]:
    for feature in read("countries.geojson")["features"]:
        if feature["properties"].get("country_code") == country_code:
            return feature["properties"], shape(feature["geometry"])
    raise LookupError(country_code)


@pytest.mark.parametrize("name", FILES)
def test_outlines_name_their_source_and_stay_small(name: str) -> None:
    text = files("services.maps").joinpath("data", name).read_bytes()

    assert "Natural Earth" in read(name)["source"]
    assert len(text) < 300_000


@pytest.mark.parametrize("name", FILES)
def test_every_outline_is_a_valid_named_area(name: str) -> None:
    for feature in read(name)["features"]:
        outline = shape(feature["geometry"])
        assert feature["properties"]["name"]
        assert outline.is_valid
        assert outline.area > 0
        assert outline.geom_type in {"Polygon", "MultiPolygon"}


@pytest.mark.parametrize(
    ("country_code", "longitude_deg", "latitude_deg"),
    [("LY", 13.19, 32.8), ("MA", -6.8, 33.9), ("TN", 9.5, 34.0), ("EG", 31.2, 30.0)],
)
def test_a_capital_lies_in_its_country(country_code: str, longitude_deg: float, latitude_deg: float) -> None:
    _, outline = outline_of(country_code)

    assert outline.contains(Point(longitude_deg, latitude_deg))


def test_western_sahara_is_an_outline_of_its_own_and_nobodys_region_r54() -> None:
    properties, sahara = outline_of("EH")
    _, morocco = outline_of("MA")
    laayoune = Point(-13.2, 27.14)

    assert properties["undetermined"] is True
    assert sahara.contains(laayoune)
    assert not morocco.contains(laayoune)
    for feature in read("regions.geojson")["features"]:
        assert not shape(feature["geometry"]).contains(laayoune)


def test_regions_are_those_of_the_lead_countries() -> None:
    regions = read("regions.geojson")["features"]

    assert {each["properties"]["country_code"] for each in regions} == {"EG", "LY", "MA"}
