"""The rows of an import on the wire: the reader's batches, and the door that confidential ones come through."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import ImportRecord, Organization, Service, Site, inside, moved, refuse
from services.directory.model.imports import Fault, Notice, Rejected, Remark, RowResult
from services.directory.wire.imports_wire import Request, rejected_to_wire, remark_to_wire
from services.directory.wire.places_wire import PopulationOf, close_door
from services.directory.wire.provider_wire import provider_from_wire, told_to_wire
from services.directory.wire.records_wire import (
    location_from_wire,
    location_to_wire,
    organization_from_wire,
    organization_to_wire,
    service_from_wire,
    service_to_wire,
)
from services.errors import InvalidInput

MAX_BATCH_BYTES: Final = 196_608  #: of the rows of one message, well below what the gate lets in
#: what is aimed at: the directory reads a message at one go, and answers nobody else meanwhile
BATCH_BYTES: Final = 65_536
MAX_BATCH_ROWS: Final = 1000
_REMEMBERED: Final = 1024  #: organizations and services, each read from its bytes once
#: what a confidential row must not have: part, field, and the notice that says so
_WITHHELD: Final = (
    ("location", "addresses", "address_withheld"),
    ("location", "contacts", "contact_withheld"),
    ("location", "transportation", "description_withheld"),
    ("location", "accessibilities", "description_withheld"),
    ("location", "point_precision", "description_withheld"),
    ("provider", "cost_options", "description_withheld"),
    ("provider", "required_documents", "description_withheld"),
    ("provider", "funding_conditions", "description_withheld"),
    ("service", "contacts", "contact_withheld"),
    ("service", "cost_options", "description_withheld"),
    ("service", "required_documents", "description_withheld"),
    ("service", "funding_conditions", "description_withheld"),
    ("organization", "contacts", "contact_withheld"),
    ("provider", "contacts", "contact_withheld"),
    ("provider", "descriptions", "description_withheld"),
    ("service", "descriptions", "description_withheld"),
    ("organization", "descriptions", "description_withheld"),
    ("provider", "service_areas", "area_withheld"),
    ("service", "service_areas", "area_withheld"),
)


def batches(results: Iterable[RowResult]) -> Iterator[Request]:
    """
    Write what came of the rows of a file, as many to a message as the gate lets in.

    A row that alone is larger is refused here, and the rest goes on.
    """
    batch = service_pb.ImportRows()
    size = count = 0
    for result in results:
        row = _row_to_wire(result)
        row_size = row.ByteSize() if row is not None else 0
        if row_size > MAX_BATCH_BYTES:
            row, row_size = None, 0
            result = _too_large(result)  # noqa: PLW2901 -- what is sent instead of it
        if count and (size + row_size > BATCH_BYTES or count >= MAX_BATCH_ROWS):
            yield Request(rows=batch)
            batch, size, count = service_pb.ImportRows(), 0, 0
        if row is not None:
            batch.rows.append(row)
        if result.repeated:
            batch.repeated_row_numbers.append(result.row_number)
        batch.rejected.extend(map(rejected_to_wire, rejected_of(result)))
        batch.notices.extend(remark_to_wire(Remark(result.row_number, notice)) for notice in result.notices)
        size, count = size + row_size, count + 1
    if count:
        yield Request(rows=batch)


def _row_to_wire(result: RowResult) -> service_pb.ImportRow | None:
    record = result.record
    if record is None:
        return None
    return service_pb.ImportRow(
        row_number=result.row_number,
        source_key=record.source_key,
        organization=organization_to_wire("", record.organization),
        service=service_to_wire("", record.service),
        location=location_to_wire("", record.location),
        provider=told_to_wire(record.provider),  # the directory copies the rest from the location
    )


def _too_large(result: RowResult) -> RowResult:
    fault = Fault("row", f"must have at most {MAX_BATCH_BYTES} bytes")
    return RowResult(row_number=result.row_number, source_key=result.source_key, faults=(fault,))


def rejected_of(result: RowResult) -> tuple[Rejected, ...]:
    """List the faults of a row as they are reported."""
    kept = result.record is not None
    return tuple(Rejected(result.row_number, fault, result.source_key, kept) for fault in result.faults)


def results_from_wire(request: Request, population_of: PopulationOf) -> list[RowResult]:
    """
    Read a batch, in the order of the file; a row that the model refuses is a result without a record.

    The door is closed before anything else looks at a row: what would tell more
    about a confidential site than its area is taken out of the message (R16).

    Raises:
        InvalidInput: the message is no batch of rows.
    """
    if request.WhichOneof("part") != "rows":
        raise refuse("header", "must come once, before the rows")
    rows = request.rows
    faults: dict[int, list[service_pb.RejectedRow]] = {}
    for rejected in rows.rejected:
        faults.setdefault(rejected.row_number, []).append(rejected)
    notices: dict[int, list[Notice]] = {}
    for notice in rows.notices:
        notices.setdefault(notice.row_number, []).append(Notice(notice.field, notice.code))
    results = [RowResult(row_number=number, repeated=True) for number in rows.repeated_row_numbers]
    for row in rows.rows:
        left_out = tuple(Fault(each.field, each.rule) for each in faults.pop(row.row_number, ()))
        results.append(_result(row, left_out, notices.get(row.row_number, []), population_of))
    for number, refused in faults.items():
        why = tuple(Fault(each.field, each.rule) for each in refused)
        results.append(RowResult(row_number=number, source_key=refused[0].source_key, faults=why))
    return sorted(results, key=lambda result: result.row_number)


def _result(
    row: service_pb.ImportRow, left_out: tuple[Fault, ...], remarks: list[Notice], population_of: PopulationOf
) -> RowResult:
    try:
        withheld = _withhold(row, population_of)
        record = _record_from_wire(row)
    except InvalidInput as error:
        why = tuple(Fault(each.field, each.rule) for each in error.fields) or (Fault("row", error.message),)
        return RowResult(row_number=row.row_number, source_key=row.source_key, faults=why)
    return RowResult(
        row_number=row.row_number,
        source_key=row.source_key,
        record=record,
        faults=left_out,
        notices=(*remarks, *withheld),
    )


def _withhold(row: service_pb.ImportRow, population_of: PopulationOf) -> list[Notice]:
    """Take out of a confidential row what it must not have; a public row is left as it is."""
    if row.location.disclosure != pb.DISCLOSURE_AREA:
        return []
    had_point = row.location.place.WhichOneof("place") == "point"
    try:
        close_door(row.location, population_of)
    except InvalidInput as error:
        raise moved(error, "location") from None
    withheld = [Notice("location.place", "snapped_to_area")] if had_point else []
    for part, field, code in _WITHHELD:
        message: Any = getattr(row, part)
        if getattr(message, field):
            message.ClearField(field)
            withheld.append(Notice(f"{part}.{field}", code))
    return withheld


def _record_from_wire(row: service_pb.ImportRow) -> ImportRecord:
    for field in ("organization", "service", "location", "provider"):
        if not row.HasField(field):
            raise refuse(field, "must be given")
    if not row.source_key:
        raise refuse("source_key", "must be given")
    location = inside("location", location_from_wire, row.location)
    provider = inside("provider", provider_from_wire, row.provider)
    if location.is_confidential:
        inside("provider", provider.at, Site.of(location, ""))
    return ImportRecord(
        source_key=row.source_key,
        organization=_organization(row.organization.SerializeToString()),
        service=_service(row.service.SerializeToString()),
        location=location,
        provider=provider,
    )


@lru_cache(maxsize=_REMEMBERED)
def _organization(told: bytes) -> Organization:
    """Read an organization; one of many providers stands in the row of each."""
    return inside("organization", organization_from_wire, pb.Organization.FromString(told))


@lru_cache(maxsize=_REMEMBERED)
def _service(told: bytes) -> Service:
    """Read a service; it is often the same in many rows."""
    return inside("service", service_from_wire, pb.Service.FromString(told))
