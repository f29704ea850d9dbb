"""Take the directory out as HSDS: read its records and documents, and write files."""

import json
import zipfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from services.directory.hsds.carried import Carried
from services.directory.hsds.composing import Composer, page
from services.directory.hsds.csv_tables import lay_out
from services.directory.hsds.documents import Documents
from services.directory.hsds.outgoing import Records, outgoing
from services.directory.hsds.packages import csv_files
from services.directory.hsds.tables import RECORDS
from services.directory.model import refuse
from services.directory.wire.taking_wire import all_of


class Form(StrEnum):
    """A form of the standard."""

    JSON = "json"
    CSV = "csv"


async def take(
    directory: Any, documents: Any, out: Path, form: Form, *, dataset: str = "", table: str = "service"
) -> int:
    """
    Write what may leave of the directory as HSDS 3.1.

    Args:
        directory: The stub of DirectoryService, of a channel with the role directory_editor.

        documents: The stub of DocumentService, of the same.

        out: A file ending in `.zip`, one ending in `.json` (a page of the documents
            of one table), or a folder that is made if it is not there.

        form: JSON documents, or the CSV package.

        dataset: Only of this one, if set.

        table: Which documents a single file has: organization, service,
            service_at_location or location.

    Returns:
        How many services at locations it has.

    Raises:
        InvalidInput: the table is none, or CSV is to be one file.
    """
    if table not in RECORDS:
        raise refuse("document", f"must be one of {', '.join(RECORDS)}")
    if out.suffix == ".json" and form is Form.CSV:
        raise refuse("file", "must be a folder or end in .zip: CSV is a package of files")
    whole = outgoing(await _records(directory, documents, dataset))
    if out.suffix == ".json":
        _write(out.parent, iter([(out.name, _json(page(list(Composer(whole).all(table)))))]))
    else:
        _write(out, csv_files(lay_out(whole)) if form is Form.CSV else _json_files(whole))
    return len(whole.of("service_at_location"))


def _json_files(documents: Documents) -> Iterator[tuple[str, str]]:
    """Write a page for each of the four records, and a list of each table that stands beside them."""
    composer = Composer(documents)
    for table in documents.by_table:
        whole = list(composer.all(table))
        if whole or table in RECORDS:
            yield f"{table}_list.json", _json(page(whole))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _write(out: Path, files: Iterator[tuple[str, str]]) -> None:
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files:
                archive.writestr(name, text)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files:
        (out / name).write_text(text, encoding="utf-8", newline="")


async def _records(directory: Any, documents: Any, dataset: str) -> Records:
    return Records(
        organizations={key: record async for key, record in all_of(directory, "organizations", dataset)},
        services={key: record async for key, record in all_of(directory, "services", dataset)},
        locations={key: record async for key, record in all_of(directory, "locations", dataset)},
        providers={key: record async for key, record in all_of(directory, "providers", dataset)},
        carried=[
            Carried(
                table=message.table,
                source_key=message.source_key,
                record_id=message.record_id,
                dataset=message.dataset,
                text=message.json,
            )
            async for _, message in all_of(documents, "documents", dataset)
        ],
    )
