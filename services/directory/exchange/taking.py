"""Take the directory out as HSDS: read its records and documents, and write files."""

import json
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.directory.v1 import documents_pb2 as documents_pb
from services.directory.hsds.carried import Carried
from services.directory.hsds.composing import Composer, page
from services.directory.hsds.csv_tables import lay_out
from services.directory.hsds.documents import Documents
from services.directory.hsds.outgoing import Records, outgoing
from services.directory.hsds.packages import csv_files
from services.directory.hsds.tables import RECORDS
from services.directory.model import refuse
from services.directory.wire.provider_wire import provider_from_doc
from services.directory.wire.records_wire import location_from_wire, organization_from_wire, service_from_wire

PAGE_ROWS = 500


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
    found = Records()
    request = service_pb.ListOrganizationsRequest(dataset=dataset)
    async for message in _all(directory.ListOrganizations, request, "organizations"):
        found.organizations[message.organization_id] = organization_from_wire(message)
    async for message in _all(directory.ListServices, service_pb.ListServicesRequest(dataset=dataset), "services"):
        found.services[message.service_id] = service_from_wire(message)
    async for message in _all(directory.ListLocations, service_pb.ListLocationsRequest(dataset=dataset), "locations"):
        found.locations[message.location_id] = location_from_wire(message)
    async for message in _all(directory.ListProviders, service_pb.ListProvidersRequest(dataset=dataset), "providers"):
        found.providers[message.provider_id] = provider_from_doc(message)
    asked = documents_pb.ListDocumentsRequest(dataset=dataset)
    found.carried = [
        Carried(
            table=message.table,
            source_key=message.source_key,
            record_id=message.record_id,
            dataset=message.dataset,
            text=message.json,
        )
        async for message in _all(documents.ListDocuments, asked, "documents")
    ]
    return found


async def _all(method: Callable[[Any], Awaitable[Any]], request: Any, field: str) -> Any:
    request.page_size = PAGE_ROWS
    while True:
        answer = await method(request)
        for message in getattr(answer, field):
            yield message
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token
