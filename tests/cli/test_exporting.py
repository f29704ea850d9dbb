"""Files for other programs: public records only, no formulas, and the same values when they are read back."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ihala.cli.areas import areas_of
from ihala.cli.call_sheet import LANGUAGES, Entry, call_sheet
from ihala.cli.export_files import on_sheet, write_found
from ihala.cli.exporting import Table, table_of_text, write_table
from ihala.records import Hours, PlaceReport, Provider
from services.errors import InvalidInput
from services.geo import AreaCell, Point

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CELL = AreaCell("86384b90fffffff")
GATE = "geonames:2210247"  #: Tripoli


def a_provider(number: int = 1, **fields: Any) -> Provider:
    given: dict[str, Any] = {
        "provider_id": f"p-{number}",
        "receiver_id": "",
        "pool_id": f"p-{number}",
        "dataset": "towns.test",
        "source_key": str(number),
        "names": {"ar": "بيت الأمل", "en": "House of hope"},
        "place": Point(32.88, 13.19),
        "is_confidential": False,
        "country_code": "LY",
        "time_zone": "Africa/Tripoli",
        "claims": {"ACC-EMG": "yes", "HEA-PRI": "unknown"},
        "status": "active",
        "vetting": "vetted",
        "reach_out": "telephone",
        "contacts": (("phone", "+218 21 555"),),
        "places": (PlaceReport(population="girls", total=6, occupied=2, report_time=NOON),),
        "hours": (Hours(purpose="opening", rrule="FREQ=WEEKLY;BYDAY=SU,MO", opens_at="09:00", closes_at="16:00"),),
        "languages": ("ar",),
        "verified_time": NOON,
        "start_time": None,
        "end_time": None,
        "revision": 1,
    }
    return Provider(**{**given, **fields})


def a_secret(**fields: Any) -> Provider:
    hidden = {"names": {"en": "Site Blue"}, "place": CELL, "is_confidential": True, "contacts": ()}
    return a_provider(9, **{**hidden, "front_gate_place_id": GATE, **fields})


def rows_of(form: Table, path: Path) -> list[dict[str, Any]]:
    """Read an export back by the library that other programs use."""
    if form is Table.EXCEL:
        frame = pytest.importorskip("pandas").read_excel(path, dtype=str, keep_default_na=False)
    elif form is Table.CSV:
        return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    elif form is Table.GEOJSON:
        return [each["properties"] for each in json.loads(path.read_text(encoding="utf-8"))["features"]]
    else:
        geopandas = pytest.importorskip("geopandas")
        frame = geopandas.read_parquet(path) if form is Table.GEOPARQUET else geopandas.read_file(path)
        assert frame.crs == "EPSG:4326"
        assert (frame.geometry[0].y, frame.geometry[0].x) == (32.88, 13.19)
        assert frame.geometry[1] is None
    found: list[dict[str, Any]] = frame.to_dict(orient="records")
    return found


@pytest.mark.parametrize("form", list(Table))
def test_what_is_written_is_read_back_and_confidential_sites_are_not_in_it(tmp_path: Path, form: Table) -> None:
    path = tmp_path / {Table.GEOPACKAGE: "out.gpkg", Table.EXCEL: "out.xlsx"}.get(form, "out.parquet")

    write_table(form, path, [a_provider(), a_secret(), a_provider(2, place=None)])

    rows = rows_of(form, path)
    assert [row["provider_id"] for row in rows] == ["p-1", "p-2"]
    assert rows[0]["name"] == "House of hope"
    for secret in (b"Site Blue", CELL.h3_cell.encode(), b"p-9", GATE.encode()):
        assert secret not in path.read_bytes()


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    (row,) = csv.DictReader(io.StringIO(table_of_text([a_provider(names={"und": name})]), newline=""))

    assert row["name"] == f"'{name}"
    assert row["contacts"] == "'+218 21 555"


def test_a_form_that_is_no_text_needs_a_file() -> None:
    with pytest.raises(InvalidInput, match="file"):
        write_found("excel", Path("-"), [], "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_call_sheet_has_who_to_ring_by_area_and_service(language: str) -> None:
    found = [a_provider(), a_provider(2, claims={"HEA-PRI": "yes"}, place=None)]

    page = call_sheet(map(Entry, found, areas_of(found)), language=language, now=NOON)

    assert 'dir="rtl"' in page if language == "ar" else 'dir="ltr"' in page
    assert "size: A4" in page
    assert page.index("ACC-EMG") != page.index("HEA-PRI")
    assert "<h2>LY · " in page
    for told in ("+218 21 555", "Su Mo 09:00-16:00", "girls: 4", "2026-11-21"):
        assert told in page


def test_the_call_sheet_has_gates_and_not_houses() -> None:
    found = [a_provider(), a_secret()]

    page = call_sheet(map(Entry, found, areas_of(found)), language="en", now=NOON)

    assert "Site Blue" in page
    assert "gate: LY · Tripoli" in page
    assert "Confidential: keep this sheet" in page
    for secret in (CELL.h3_cell, "32.88", "13.19"):
        assert secret not in page


def test_a_confidential_site_without_a_gate_has_no_area() -> None:
    assert areas_of([a_secret(front_gate_place_id="")]) == [""]


def test_only_what_may_be_referred_to_is_added_to_the_sheet() -> None:
    assert on_sheet(a_secret(), ["ACC"], "LY")
    for other in (a_provider(), a_secret(status="paused"), a_secret(vetting="suspended")):
        assert not on_sheet(other, None, "")
    assert not on_sheet(a_secret(), ["HEA-PRI"], "")
    assert not on_sheet(a_secret(), None, "TN")


def test_what_stands_on_the_sheet_is_text() -> None:
    page = call_sheet([Entry(a_provider(names={"en": "<script>x"}), "<b>")], language="en", now=NOON)

    assert "<script>" not in page
    assert "<b>" not in page
