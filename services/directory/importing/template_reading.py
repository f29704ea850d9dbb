"""Read the workbook that `ihala template` made and a coordinator filled: it needs no mapping of anybody's own."""

from pathlib import Path
from typing import Any, Final

from services.directory.importing.limits import Limits
from services.directory.importing.paths import Record
from services.directory.importing.sheets import read_sheet
from services.directory.importing.template_columns import (
    EXAMPLE_KEY,
    MARK,
    SEPARATOR,
    SETTINGS_SHEET,
    SHEET,
    Column,
    columns,
)
from services.directory.model import refuse
from services.directory.model.checks import check_dataset
from services.errors import InvalidInput, Reason

_RRULES: Final = {
    "SU-TH": "FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH",
    "SA-TH": "FREQ=WEEKLY;BYDAY=SA,SU,MO,TU,WE,TH",
    "MO-FR": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "MO-SA": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA",
}
_MAPPING: Final = """
format = "template"
dataset = "DATASET"
licence = ""
key = ["key"]
on_duplicate = "reject"
[organization]
names = [{ from = "organization", language = "und" }]
[service]
names = [{ from = "service", language = "und" }]
[location]
disclosure = { from = "confidential", codes = { yes = "area", no = "public" } }
latitude = "latitude"
longitude = "longitude"
country = { from = "country" }
time_zone = { from = "time_zone" }
addresses = [{ from = "address", language = "und" }]
aliases = [{ from = "alias", language = "und" }]
wheelchair = { from = "wheelchair" }
transportation = [{ from = "transport", language = "und" }]
accessibilities = [{ from = "access", language = "und" }]
point_precision = { from = "precision" }
[provider]
names = [
    { from = "name_ar", language = "ar" },
    { from = "name_fr", language = "fr" },
    { from = "name_en", language = "en" },
]
aliases = [{ from = "alias", language = "und" }]
status = { from = "status" }
reach_out = { from = "reach" }
free_of_charge = { from = "free_of_charge" }
verified = { from = "verified" }
required_documents = [{ from = "document_1", language = "und" }, { from = "document_2", language = "und" }]
funding_conditions = [{ from = "funding", language = "und" }]
deliveries = { from = "delivery" }
[[costs]]
amount = { from = "cost" }
currency = { from = "cost_currency" }
descriptions = [{ from = "cost_note", language = "und" }]
[[claims]]
flags = "services"
[[languages]]
each = "languages"
language = { from = "value" }
[[contacts]]
kind = "phone"
value = { from = "phone" }
[[contacts]]
kind = "email"
value = { from = "email" }
[[rules]]
kind = "age"
min_years = { from = "min_age" }
max_years = { from = "max_age" }
when = { any = [{ from = "min_age", given = true }, { from = "max_age", given = true }] }
[[rules]]
kind = "gender"
codes = { from = "gender" }
when = { from = "gender", given = true }
[[places]]
each = "places"
population = { from = "population" }
total = { from = "total" }
occupied = { from = "occupied" }
report_time = { from = "report_time" }
[[schedules]]
rrule = { from = "rrule" }
opens_at = { from = "opens_at" }
closes_at = { from = "closes_at" }
when = { from = "days", not = ["DAILY"] }
[[schedules]]
opens_at = { from = "opens_at" }
closes_at = { from = "closes_at" }
when = { from = "days", is = ["DAILY"] }
"""


def template_mapping(dataset: str) -> bytes:
    """Write the mapping by which every filled workbook is read."""
    return _MAPPING.replace("DATASET", dataset).encode()


def dataset_in(path: Path, limits: Limits) -> str:
    """
    Read which dataset a workbook says that it is.

    Raises:
        InvalidInput: it is none of `ihala template`.
    """
    try:
        (mark, dataset, *_), _ = read_sheet(path, limits, SETTINGS_SHEET)
    except (InvalidInput, ValueError) as error:
        if isinstance(error, InvalidInput) and error.reason is Reason.TOO_LARGE:
            raise
        raise refuse("file", "must be a workbook of `ihala template`, or be read by a mapping") from None
    if mark != MARK:
        raise refuse("file", "must be a workbook of this version of `ihala template`")
    check_dataset("dataset", dataset)
    return dataset


def read_template(path: Path, limits: Limits) -> list[Record]:
    """
    Read the rows that somebody filled; the labels and the made-up example are passed over.

    Raises:
        InvalidInput: the workbook has not the columns of this version.
    """
    header, rows = read_sheet(path, limits, SHEET)
    editions = (columns(), tuple(column for column in columns() if column.since == 1))
    known = next((each for each in editions if header == tuple(column.name for column in each)), None)
    if known is None:
        raise refuse("file", "must have the columns of `ihala template`, in their order", Reason.MALFORMED)
    return [_record(row, known) for row in rows[1:] if row[0] != EXAMPLE_KEY]


def _record(row: tuple[str, ...], known: tuple[Column, ...]) -> Record:
    record: dict[str, Any] = dict.fromkeys((column.name for column in columns()), "")  # an older edition has fewer
    record |= {
        column.name: cell.partition(SEPARATOR)[0].strip() if column.choices else cell
        for column, cell in zip(known, row, strict=True)
    }

    for name in ("service", "language"):
        record[f"{name}s"] = [value for number in range(1, 10) if (value := record.get(f"{name}_{number}"))]
    record["places"] = [
        {
            "population": record[f"population_{number}"],
            "total": record[f"total_{number}"],
            "occupied": record[f"occupied_{number}"],
            "report_time": record["verified"],
        }
        for number in (1, 2)
        if record[f"population_{number}"]
    ]
    record["rrule"] = _RRULES.get(record["days"], "")
    return record
