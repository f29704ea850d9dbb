"""A workbook that a coordinator fills and that is imported without a mapping, in three languages."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.importing import import_files
from services.directory.importing.template_columns import LANGUAGES, LISTS_SHEET, SHEET, columns
from services.directory.importing.templates import write_template
from services.directory.model.imports import Counts
from services.errors import InvalidInput
from tests.directory.house import NOON, House
from tests.directory.test_imports_translated import providers

FILLED = {
    "key": "7",
    "organization": "دار الأمان",
    "service": "مأوى",
    "name_ar": "بيت الرحمة",
    "name_en": "House of mercy",
    "country": "LY",
    "time_zone": "Africa/Tripoli",
    "latitude": "32.88",
    "longitude": "13.19",
    "confidential": "no",
    "phone": "00218215551234",
    "status": "active",
    "reach": "telephone",
    "service_1": "ACC-EMG",
    "service_2": "HEA-PRI",
    "min_age": "12",
    "gender": "woman",
    "language_1": "ar",
    "days": "SU-TH",
    "opens_at": "09:00",
    "closes_at": "16:00",
    "free_of_charge": "yes",
    "population_1": "girls",
    "total_1": "6",
    "occupied_1": "2",
    "verified": "2026-11-01",
}


def a_template(folder: Path, language: str) -> Path:
    path = folder / "providers.xlsx"
    write_template(path, language=language, dataset="zawiya")
    return path


def fill(path: Path, language: str, *rows: dict[str, str]) -> None:
    """Fill rows below the example, as a person would: with what the lists offer."""
    book = openpyxl.load_workbook(path)
    sheet: Any = book[SHEET]
    for number, row in enumerate(rows, start=4):
        for place, column in enumerate(columns(), start=1):
            if column.name in row:
                sheet.cell(number, place, column.written(row[column.name], language))
    book.save(path)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_filled_is_imported_without_a_mapping(house: House, tmp_path: Path, language: str) -> None:
    path = a_template(tmp_path, language)
    hidden = {**FILLED, "key": "8", "confidential": "yes", "alias": "Site", "address": "5 Back Lane"}
    fill(path, language, FILLED, hidden)

    report = await import_files(house.editor.ImportProviders, [path], None, now=lambda: NOON)

    found = await providers(house, "zawiya")
    assert report.counts == Counts(read=2, created=2)
    assert {each.language: each.text for each in found["7"].names} == {"ar": "بيت الرحمة", "en": "House of mercy"}
    assert {each.code: each.claim for each in found["7"].claims} == {"ACC-EMG": pb.CLAIM_YES, "HEA-PRI": pb.CLAIM_YES}
    assert found["7"].place.point.latitude_deg == 32.88
    assert [each.value for each in found["7"].contacts] == ["00218215551234"]
    assert [(each.rrule, each.opens_at) for each in found["7"].schedules] == [
        ("FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH", "09:00")
    ]
    assert [(each.population, each.total, each.occupied) for each in found["7"].place_reports] == [("girls", 6, 2)]
    assert found["8"].disclosure == pb.DISCLOSURE_AREA
    assert [each.text for each in found["8"].names] == ["Site"]
    assert not found["8"].contacts


async def test_an_empty_template_brings_nothing_not_even_its_example(house: House, tmp_path: Path) -> None:
    report = await import_files(house.editor.ImportProviders, [a_template(tmp_path, "fr")], None, now=lambda: NOON)

    assert report.counts == Counts()
    assert report.dataset == "zawiya"


def test_the_arabic_sheet_runs_from_right_to_left_and_its_lists_are_in_arabic(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(a_template(tmp_path, "ar"))

    assert book[SHEET].sheet_view.rightToLeft
    assert book[SHEET]["A2"].value == "رقم السجل"
    assert book[SHEET]["A3"].value == "EXAMPLE"
    assert any("مأوى آمن طارئ لليلة" in str(cell.value) for row in book[LISTS_SHEET] for cell in row)
    assert len(book[SHEET].data_validations.dataValidation) == sum(bool(column.choices) for column in columns())


async def test_a_site_that_nobody_said_is_public_or_not_is_refused(house: House, tmp_path: Path) -> None:
    path = a_template(tmp_path, "en")
    fill(path, "en", {key: value for key, value in FILLED.items() if key != "confidential"})

    report = await import_files(house.editor.ImportProviders, [path], None, now=lambda: NOON)

    assert [each.fault.field for each in report.rejected] == ["location.disclosure"]


async def test_another_workbook_needs_a_mapping(house: House, tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    openpyxl.Workbook().save(path)

    for file in (path, tmp_path / "file.csv"):
        file.touch()
        with pytest.raises(InvalidInput, match=r"ihala template"):
            await import_files(house.editor.ImportProviders, [file], None, now=lambda: NOON)


def test_a_template_is_in_a_language_of_the_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="language"):
        write_template(tmp_path / "file.xlsx", language="de", dataset="zawiya")


TYPED = {
    "cost": "50",
    "cost_currency": "LYD",
    "cost_note": "a month",
    "document_1": "هوية",
    "funding": "UNHCR registration",
    "delivery": "mobile",
    "transport": "Bus 1",
    "access": "A ramp",
    "precision": "street",
}


async def test_costs_papers_and_ways_there_are_imported_and_kept_from_a_confidential_site(
    house: House, tmp_path: Path
) -> None:
    path = a_template(tmp_path, "ar")
    hidden = {**FILLED, **TYPED, "key": "8", "confidential": "yes", "alias": "Site"}
    fill(path, "ar", {**FILLED, **TYPED}, hidden)

    report = await import_files(house.editor.ImportProviders, [path], None, now=lambda: NOON)

    found = await providers(house, "zawiya")
    (cost,) = found["7"].cost_options
    assert (cost.amount, cost.currency, cost.descriptions[0].text) == ("50", "LYD", "a month")
    assert [each.text for each in found["7"].required_documents] == ["هوية"]
    assert [each.text for each in found["7"].funding_conditions] == ["UNHCR registration"]
    assert list(found["7"].deliveries) == [pb.DELIVERY_MOBILE]
    assert [each.text for each in found["7"].transportation] == ["Bus 1"]
    assert found["7"].point_precision == pb.POINT_PRECISION_STREET
    assert not found["8"].cost_options
    assert not found["8"].transportation
    assert "provider.required_documents" in {each.notice.field for each in report.remarks if each.row_number == 2}


async def test_a_workbook_of_the_first_edition_is_read_as_well(house: House, tmp_path: Path) -> None:
    path = a_template(tmp_path, "en")
    fill(path, "en", FILLED)
    book = openpyxl.load_workbook(path)
    sheet: Any = book[SHEET]
    first = [column for column in columns() if column.since == 1]
    sheet.delete_cols(len(first) + 1, len(columns()) - len(first))
    book.save(path)

    report = await import_files(house.editor.ImportProviders, [path], None, now=lambda: NOON)

    assert report.counts == Counts(read=1, created=1)
