"""Small mappings and files for the tests of imports, and the real files where they lie beside the repository."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.directory.importing.mapping import Mapping, parse_mapping
from services.directory.importing.reading import read_rows
from services.directory.model.imports import RowResult

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

MAPPING = """
format = "csv"
dataset = "towns.test"
licence = "CC0-1.0"
key = ["id"]
on_duplicate = "first"
[organization]
names = [{ from = "owner", language = "und" }]
[service]
names = [{ value = "Night shelter", language = "en" }]
[location]
disclosure = "public"
latitude = "lat"
longitude = "lon"
country = "LY"
time_zone = "Africa/Tripoli"
[provider]
names = [{ from = "name", language = "und" }]
status = "active"
reach_out = "telephone"
[[claims]]
code = "ACC-EMG"
from = "shelter"
"""
HEADER = "id,owner,name,lat,lon,shelter\n"


def a_mapping(text: str = MAPPING, *more: str, **replaced: str) -> Mapping:
    """Read a mapping; `more` stands at its end, `replaced` has new values of its keys."""
    for key, value in replaced.items():
        text = re.sub(rf"(?<=^{key} = ).*$", value.replace("\\", "\\\\"), text, flags=re.MULTILINE)
    return parse_mapping("\n".join([text, *more]).encode())


def results_of(
    folder: Path, content: str | bytes, mapping: Mapping | None = None, now: datetime = NOON
) -> list[RowResult]:
    """Read one file by a mapping."""
    path = folder / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows([path], mapping or a_mapping(), now=lambda: now))


def real_files(*names: str) -> Sequence[Path]:
    """Find real input, or skip the test with a word."""
    files = [DATA / name for name in names]
    if not all(file.exists() for file in files):
        pytest.skip("the real files are not beside the repository, in ../shared/data")
    return files


def healthsites_files() -> Sequence[Path]:
    return real_files("healthsites/healthsites_LBY_2432.csv", "healthsites/healthsites_MAR_3580.csv")


def unhcr_file() -> Path:
    return real_files("unhcr-jordan-services/services_2015_EN_562.json")[0]
