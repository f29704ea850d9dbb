"""Read workbooks of Excel, row by row, after a look into the zip that they are."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, cast

from services.directory.importing.archives import check_workbook
from services.directory.importing.limits import Limits, check_columns, check_rows
from services.directory.importing.packages import package
from services.directory.model import refuse
from services.errors import Reason

Cells = tuple[str, ...]


def read_sheet(path: Path, limits: Limits, title: str = "") -> tuple[Cells, list[Cells]]:
    """
    Read one sheet of a workbook as texts.

    A formula is what the program that saved the file had worked out for it; a
    text that begins like one is a text. Numbers and dates are written plainly.

    Args:
        path: The workbook.

        limits: What is too much.

        title: Of the sheet; empty: the first.

    Returns:
        The header, and the rows that are not empty, each as long as the header.

    Raises:
        InvalidInput: it is no workbook, has no such sheet or header, or is too much.
    """
    check_workbook(path, limits)
    openpyxl = package("openpyxl")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            if title and title not in book.sheetnames:
                raise refuse("file", f"must have a sheet {title}")
            sheet = book[title] if title else book.worksheets[0]
            sheet.reset_dimensions()
            rows = sheet.iter_rows(values_only=True, max_col=limits.columns + 1)
            return _header_and_rows(cast("Iterator[tuple[Any, ...]]", rows), limits)
        finally:
            book.close()
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OSError, SyntaxError):
        raise refuse("file", "must be a workbook in Excel's format .xlsx", Reason.MALFORMED) from None


def _header_and_rows(rows: Iterator[tuple[Any, ...]], limits: Limits) -> tuple[Cells, list[Cells]]:
    header = _trimmed(next(rows, ()))
    check_columns(len(header), limits)
    if not header or not all(header) or len(set(header)) != len(header):
        raise refuse("file", "must begin with a row of different column names", Reason.MALFORMED)
    found: list[Cells] = []
    for number, row in enumerate(rows, start=1):
        check_rows(number, limits)
        cells = tuple(map(text_of_cell, row[: len(header)]))
        if any(cells):
            found.append(cells + ("",) * (len(header) - len(cells)))
    return header, found


def _trimmed(row: tuple[Any, ...]) -> Cells:
    cells = [text_of_cell(value) for value in row]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def text_of_cell(value: Any) -> str:
    """Write what a cell holds as a person would: 5 for 5.0, days and times by ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat().removesuffix("T00:00:00")
        case time():
            return value.isoformat(timespec="minutes")
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
