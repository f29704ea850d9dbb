"""
Write providers as files for other programs: GeoJSON, CSV, GeoPackage, GeoParquet, Excel.

Public records only: a confidential site that comes here is left out, whoever asks.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ihala.cli.documents import provider_document
from ihala.cli.output import to_json
from ihala.records import Provider
from services.errors import InvalidInput
from services.geo import Point

#: a cell that begins so is a formula to a spreadsheet
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS: Final = (
    "provider_id",
    "dataset",
    "source_key",
    "name",
    "country_code",
    "latitude_deg",
    "longitude_deg",
    "service_codes",
    "contacts",
    "languages",
    "status",
    "vetting",
    "reach_out",
    "verified_time",
)
_WGS84: Final = "EPSG:4326"


class Table(StrEnum):
    """A form of table."""

    GEOJSON = "geojson"
    CSV = "csv"
    GEOPACKAGE = "geopackage"
    GEOPARQUET = "geoparquet"
    EXCEL = "excel"


def write_table(form: Table, file: Path, found: Sequence[Provider]) -> None:
    """
    Write the public ones of some providers to a file.

    Raises:
        InvalidInput: the form needs a package that is not installed.
    """
    public = [each for each in found if not each.is_confidential]
    if form in TEXTS:
        file.write_text(TEXTS[form](public), encoding="utf-8", newline="")
    elif form is Table.EXCEL:
        _package("openpyxl")
        _package("pandas").DataFrame([_cells(each) for each in public], columns=COLUMNS).to_excel(file, index=False)
    else:
        _write_frame(form, file, public)


def geojson(found: Sequence[Provider]) -> str:
    """Write a FeatureCollection with all that a search shows."""
    features = []
    for provider in found:
        properties = provider_document(provider)
        for name in ("latitude_deg", "longitude_deg", "distance_m"):
            properties.pop(name, None)
        point = _point(provider)
        geometry = point and {"type": "Point", "coordinates": [point.longitude_deg, point.latitude_deg]}
        features.append({"type": "Feature", "id": provider.provider_id, "geometry": geometry, "properties": properties})
    return to_json({"type": "FeatureCollection", "features": features}) + "\n"


def table_of_text(found: Sequence[Provider]) -> str:
    """Write a table in which no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(provider).values() for provider in found)
    return text.getvalue()


TEXTS: Final[Mapping[Table, Callable[[Sequence[Provider]], str]]] = {
    Table.GEOJSON: geojson,
    Table.CSV: table_of_text,
}


def _write_frame(form: Table, file: Path, found: Sequence[Provider]) -> None:
    geopandas, geometry = _package("geopandas"), _package("shapely.geometry")
    points = [_point(each) for each in found]
    # None, not an empty point: a record without a position has none
    places = [geometry.Point(each.longitude_deg, each.latitude_deg) if each else None for each in points]
    rows = [_cells(each) for each in found]
    named = [name for name in COLUMNS if name not in {"latitude_deg", "longitude_deg"}]  # the geometry says it
    frame = geopandas.GeoDataFrame({name: [row[name] for row in rows] for name in named}, geometry=places, crs=_WGS84)
    if form is Table.GEOPACKAGE:
        frame.to_file(file, driver="GPKG", layer="providers")
    else:
        _package("pyarrow")
        frame.to_parquet(file)


def _cells(provider: Provider) -> dict[str, str | float]:
    document = json.loads(to_json(provider_document(provider)))
    document["contacts"] = [each["value"] for each in document["contacts"]]
    return {column: cell(document.get(column)) for column in COLUMNS}


def cell(value: Any) -> str | float:
    """Write one cell: a text that a spreadsheet would run has an apostrophe before it."""
    if isinstance(value, int | float):
        return value
    text = " ".join(value) if isinstance(value, list) else value or ""
    return f"'{text}" if text.startswith(FORMULA) else str(text)


def _point(provider: Provider) -> Point | None:
    return provider.place if isinstance(provider.place, Point) else None


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InvalidInput(f"export in this form needs {name}: install ihala[import]") from None
