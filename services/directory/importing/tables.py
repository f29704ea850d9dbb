"""Read tables that geopandas and pandas know: GeoPackage, GeoParquet, Shapefile, Excel."""

from importlib import import_module
from pathlib import Path
from typing import Any

from services.directory.importing.paths import Record
from services.directory.model import refuse
from services.errors import InvalidInput, Reason

_EXCEL = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_PARQUET = frozenset({".parquet", ".geoparquet"})
WGS84 = "EPSG:4326"


def read_table(path: Path) -> tuple[frozenset[str], list[Record]]:
    """
    Read a table whole; a geometry becomes a GeoJSON object in degrees of WGS84.

    Raises:
        InvalidInput: the file is not such a table, its positions name no
            coordinate system, or a package that reads it is not installed.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in _EXCEL:
            frame = _package("pandas").read_excel(path, dtype=str, keep_default_na=False)
        else:
            geopandas = _package("geopandas")
            frame = geopandas.read_parquet(path) if suffix in _PARQUET else geopandas.read_file(path)
            if "geometry" in frame and frame.crs is None:
                raise refuse("file", "must name the coordinate system of its geometry")
            if "geometry" in frame:
                frame = frame.to_crs(WGS84)
    except ImportError as missing:
        raise refuse("file", f"must be read with the package {missing.name}, which is not installed") from None
    except InvalidInput:
        raise
    except (OSError, ValueError, RuntimeError):
        raise refuse("file", "must be a table that geopandas or pandas can read", Reason.MALFORMED) from None
    records = frame.to_dict(orient="records")
    return frozenset(map(str, frame.columns)), [
        {str(key): _plain(value) for key, value in record.items()} for record in records
    ]


def _package(name: str) -> Any:
    """Import a package of the extra `import` when a file first needs it: it takes a second."""
    try:
        return import_module(name)
    except ImportError:
        raise refuse("file", f"must be read with {name}: install ihala[import]") from None


def _plain(value: Any) -> Any:
    if hasattr(value, "__geo_interface__"):
        return dict(value.__geo_interface__)
    if isinstance(value, str | bool | int | list | dict) or value is None:
        return value
    if value != value or str(value) == "NaT":  # noqa: PLR0124 -- a table's way to say that a cell is empty
        return None
    return value.item() if hasattr(value, "item") else value
