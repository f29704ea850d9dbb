"""Make the workbook that a coordinator fills, in Arabic, French or English, with lists to choose from."""

from pathlib import Path
from typing import Any, Final

from services.directory.importing.packages import package
from services.directory.importing.template_columns import (
    EXAMPLE_KEY,
    LANGUAGES,
    LISTS_SHEET,
    MARK,
    SETTINGS_SHEET,
    SHEET,
    Column,
    columns,
)
from services.directory.model import refuse
from services.directory.model.checks import check_dataset

ROWS: Final = 1000  #: that have lists to choose from
_WIDTH: Final = 22  #: of a column, in characters
_EXAMPLE_NOTES: Final = {
    "ar": "مثال خيالي: لا يُستورد هذا الصف",
    "fr": "Exemple fictif : cette ligne n'est pas importée",
    "en": "A made-up example: this row is not imported",
}


def write_template(path: Path, *, language: str, dataset: str) -> None:
    """
    Write an empty workbook.

    Row 1 has the names of the columns, hidden; row 2 their labels; row 3 a
    made-up example that is never imported. Codes are chosen from lists of the
    vocabulary. The Arabic sheet runs from right to left.

    Args:
        path: Where to write it.

        language: "ar", "fr" or "en".

        dataset: What the filled workbook is imported as.

    Raises:
        InvalidInput: the language is another, the dataset is not a name, or
            openpyxl is not installed.
    """
    if language not in LANGUAGES:
        raise refuse("language", "must be ar, fr or en")
    check_dataset("dataset", dataset)
    book: Any = package("openpyxl").Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.sheet_view.rightToLeft = language == "ar"
    lists = book.create_sheet(LISTS_SHEET)
    settings = book.create_sheet(SETTINGS_SHEET)
    settings.append([MARK, dataset])
    for number, column in enumerate(columns(), start=1):
        _write_column(sheet, number, column, language)
        if column.choices:
            _offer(sheet, lists, number, column, language)
    sheet.row_dimensions[1].hidden = True
    sheet.freeze_panes = "B3"
    _explain(sheet, language)
    for hidden in (lists, settings):
        hidden.sheet_state = "hidden"
    book.save(path)


def _write_column(sheet: Any, number: int, column: Column, language: str) -> None:
    styles = package("openpyxl.styles")
    letter = package("openpyxl.utils").get_column_letter(number)
    sheet.column_dimensions[letter].width = _WIDTH
    for row in range(1, ROWS + 1):
        sheet.cell(row, number).number_format = "@"  # a telephone number is no number
    sheet.cell(1, number, column.name)
    label = sheet.cell(2, number, column.label(language))
    label.font = styles.Font(bold=True)
    example = sheet.cell(3, number, column.written(column.example, language))
    example.font = styles.Font(italic=True, color="808080")


def _offer(sheet: Any, lists: Any, number: int, column: Column, language: str) -> None:
    """Let the cells of a column be chosen from its list."""
    letter = package("openpyxl.utils").get_column_letter(number)
    for row, code in enumerate(column.choices, start=1):
        lists.cell(row, number, column.written(code, language))
    validation = package("openpyxl.worksheet.datavalidation").DataValidation(
        type="list", formula1=f"{LISTS_SHEET}!${letter}$1:${letter}${len(column.choices)}", allow_blank=True
    )
    validation.add(f"{letter}3:{letter}{ROWS}")
    sheet.add_data_validation(validation)


def _explain(sheet: Any, language: str) -> None:
    comment = package("openpyxl.comments").Comment(_EXAMPLE_NOTES[language], "Ihala")
    next(cell for cell in sheet[3] if cell.value == EXAMPLE_KEY).comment = comment
