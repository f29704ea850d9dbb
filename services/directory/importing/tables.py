"""Read tables that geopandas knows, GeoPackage, GeoParquet and Shapefile, and workbooks of Excel."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from services.directory.importing.limits import Limits, check_columns, check_rows
from services.directory.importing.packages import package
from services.directory.importing.paths import Record
from services.directory.importing.sheets import read_sheet
from services.directory.model import refuse
from services.errors import InvalidInput, Reason

#: What each kind of file begins with. GDAL would guess from the content, and knows formats that name other files.
_BEGINNINGS: Final = {
    ".gpkg": b"SQLite format 3\0",
    ".shp": b"\x00\x00\x27\x0a",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
}
_EXCEL: Final = frozenset({".xlsx", ".xlsm"})
_KINDS: Final = "GeoPackage, GeoParquet, Shapefile (.shp) or Excel (.xlsx)"
_DEFAULT: Final = Limits()
WGS84: Final = "EPSG:4326"


def read_table(path: Path, limits: Limits = _DEFAULT) -> tuple[frozenset[str], list[Record]]:
    """
    Read a table whole; a geometry becomes a GeoJSON object in degrees of WGS84.

    Raises:
        InvalidInput: the file is not such a table, its positions name no
            coordinate system, it is too much, or a package that reads it is
            not installed.
    """
    suffix = path.suffix.lower()
    if suffix in _EXCEL:
        header, rows = read_sheet(path, limits)
        return frozenset(header), [dict(zip(header, row, strict=True)) for row in rows]
    if suffix not in _BEGINNINGS:
        raise refuse("file", f"must be {_KINDS}", Reason.MALFORMED)
    geopandas = package("geopandas")
    with path.open("rb") as file:
        if not file.read(16).startswith(_BEGINNINGS[suffix]):
            raise _malformed()
    read = geopandas.read_parquet if _BEGINNINGS[suffix] == b"PAR1" else geopandas.read_file
    return _records_of(_frame(read, path), limits)


def _frame(read: Callable[[Path], Any], path: Path) -> Any:
    try:
        frame = read(path)
        if "geometry" in frame and frame.crs is None:
            raise refuse("file", "must name the coordinate system of its geometry")
        return frame.to_crs(WGS84) if "geometry" in frame else frame
    except ImportError as missing:
        raise refuse("file", f"must be read with the package {missing.name}, which is not installed") from None
    except InvalidInput:
        raise
    except (OSError, ValueError, RuntimeError, TypeError, KeyError):
        raise _malformed() from None


def _records_of(frame: Any, limits: Limits) -> tuple[frozenset[str], list[Record]]:
    check_columns(len(frame.columns), limits)
    check_rows(len(frame), limits)
    records: list[Mapping[str, Any]] = frame.to_dict(orient="records")
    return frozenset(map(str, frame.columns)), [
        {str(key): _plain(value) for key, value in record.items()} for record in records
    ]


def _malformed() -> InvalidInput:
    return refuse("file", f"must be {_KINDS}, and whole", Reason.MALFORMED)


def _plain(value: Any) -> Any:
    if hasattr(value, "__geo_interface__"):
        return dict(value.__geo_interface__)
    if isinstance(value, str | bool | int | list | dict) or value is None:
        return value
    if value != value or str(value) == "NaT":  # noqa: PLR0124 -- a table's way to say that a cell is empty
        return None
    return value.item() if hasattr(value, "item") else value
