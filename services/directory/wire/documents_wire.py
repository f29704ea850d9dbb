"""Documents on the wire; what stands in one is read no further than its id."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import documents_pb2 as documents_pb
from services.directory.model import Location, Organization, Service, inside, refuse
from services.directory.model.checks import check_dataset
from services.directory.model.documents import NewDocument
from services.directory.wire.import_rows_wire import MAX_BATCH_BYTES
from services.directory.wire.records_wire import (
    location_from_wire,
    location_to_wire,
    organization_from_wire,
    organization_to_wire,
    service_from_wire,
    service_to_wire,
)
from services.directory.wire.requests_wire import refuse_unknown
from services.errors import InvalidInput, Violation

MAX_DOCUMENTS = 1000
KeepRequest = documents_pb.KeepDocumentsRequest
Refused = tuple[int, Violation]


def batch_from_wire(request: KeepRequest) -> tuple[list[tuple[int, NewDocument]], list[Refused]]:
    """
    Read a batch: what can be kept, each with its place, and what is refused.

    Raises:
        InvalidInput: the request is no batch.
    """
    refuse_unknown(request)
    check_dataset("dataset", request.dataset)
    if len(request.documents) > MAX_DOCUMENTS:
        raise refuse("documents", f"must have at most {MAX_DOCUMENTS} entries")
    read: list[tuple[int, NewDocument]] = []
    refused: list[Refused] = []
    for index, message in enumerate(request.documents):
        try:
            read.append((index, _new_document(message)))
        except InvalidInput as error:
            refused.append((index, error.fields[0] if error.fields else Violation("document", error.message)))
    return read, refused


def document_batches(dataset: str, documents: Iterable[NewDocument]) -> Iterator[KeepRequest]:
    """Write documents, as many to a message as the gate lets in."""
    batch = KeepRequest(dataset=dataset)
    size = 0
    for document in documents:
        message = _new_document_to_wire(document)
        if batch.documents and (size + message.ByteSize() > MAX_BATCH_BYTES or len(batch.documents) >= MAX_DOCUMENTS):
            yield batch
            batch, size = KeepRequest(dataset=dataset), 0
        batch.documents.append(message)
        size += message.ByteSize()
    if batch.documents:
        yield batch


def _new_document_to_wire(document: NewDocument) -> documents_pb.NewDocument:
    message = documents_pb.NewDocument(
        document=documents_pb.Document(table=document.table, source_key=document.source_key, json=document.text),
        organization_key=document.organization_key,
        location_keys=document.location_keys,
    )
    match document.record:
        case Organization():
            message.organization.CopyFrom(organization_to_wire("", document.record))
        case Service():
            message.service.CopyFrom(service_to_wire("", document.record))
        case Location():
            message.location.CopyFrom(location_to_wire("", document.record))
    return message


def answer_to_wire(created: int, updated: int, unchanged: int, refused: list[Refused]) -> Any:
    return documents_pb.KeepDocumentsResponse(
        created_count=created,
        updated_count=updated,
        unchanged_count=unchanged,
        refused=[
            documents_pb.RefusedDocument(index=index, field=fault.field, rule=fault.rule)
            for index, fault in sorted(refused, key=lambda each: each[0])
        ],
    )


def document_to_wire(table: str, source_key: str, record_id: str, dataset: str, text: str) -> Any:
    return documents_pb.Document(table=table, source_key=source_key, record_id=record_id, dataset=dataset, json=text)


def page_to_wire(documents: list[Any], next_page_token: str) -> Any:
    return documents_pb.ListDocumentsResponse(documents=documents, next_page_token=next_page_token)


def _new_document(message: documents_pb.NewDocument) -> NewDocument:
    document = message.document
    return NewDocument(
        table=document.table,
        source_key=document.source_key,
        hsds_id=_hsds_id(document.json),
        text=document.json,
        record=_record(message),
        organization_key=message.organization_key,
        location_keys=tuple(message.location_keys),
    )


def _record(message: documents_pb.NewDocument) -> Organization | Service | Location | None:
    match message.WhichOneof("record"):
        case "organization":
            return inside("organization", organization_from_wire, message.organization)
        case "service":
            return inside("service", service_from_wire, message.service)
        case "location":
            if message.location.disclosure != pb.DISCLOSURE_PUBLIC:
                # before the position is read: nothing of a confidential one is kept or told
                raise refuse("location.disclosure", "must be PUBLIC: a document tells where a site is")
            return inside("location", location_from_wire, message.location)
        case _:
            return None


def _hsds_id(text: str) -> str:
    try:
        key = json.loads(text)["body"]["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        key = None
    if not isinstance(key, str) or not key:
        raise refuse("json", "must be a document with an id")
    return key
