"""Name towns and coarse areas for a reader: an area by the largest town that lies in it."""

import re
import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import h3

from services.geo import is_cell
from services.towns.reading import load
from services.towns.town_list import Town

#: Arabic as it is written in Arabic: GeoNames lists Persian and Urdu spellings without saying so
_ARABIC: Final = re.compile("[\u0621-\u063a\u0641-\u0652 -]+")


def town_name(town: Town, language: str) -> str:
    """Return a town's name in the script of a reader's language."""
    if language == "ar":
        usual = _usual_arabic_names().get(town.place_id)
        return usual or next((name for name in town.names if _ARABIC.fullmatch(name)), town.name)
    return town.name


def largest_town(h3_cell: str, country_codes: Collection[str]) -> Town | None:
    """
    Find the most populous town of some countries in an H3 cell.

    Returns:
        None if there is none, or the cell is no cell.
    """
    if not is_cell(h3_cell):
        return None
    return _largest_by_cell(frozenset(country_codes), int(h3.get_resolution(h3_cell))).get(h3_cell)


@cache
def _largest_by_cell(country_codes: frozenset[str], resolution: int) -> Mapping[str, Town]:
    largest: dict[str, Town] = {}
    towns = [town for code in country_codes for town in _towns_of(code)]
    for town in sorted(towns, key=lambda town: (-town.population, town.place_id)):
        cell = h3.latlng_to_cell(town.point.latitude_deg, town.point.longitude_deg, resolution)
        largest.setdefault(cell, town)
    return largest


@cache
def _towns_of(country_code: str) -> tuple[Town, ...]:
    return tuple(load({country_code}))


@cache
def _usual_arabic_names() -> Mapping[str, str]:
    return tomllib.loads(files("services.towns").joinpath("usual_names.toml").read_text(encoding="utf-8"))
