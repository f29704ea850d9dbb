"""Read whole lists of the directory, for exports."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.directory.v1 import documents_pb2 as documents_pb
from services.directory.wire.provider_wire import provider_from_doc
from services.directory.wire.records_wire import location_from_wire, organization_from_wire, service_from_wire

PAGE_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class _List:
    """A method that lists."""

    method: str
    request: Callable[..., Any]
    field: str
    id_field: str
    read: Callable[[Any], Any]


_LISTS: Final = {
    each.field: each
    for each in (
        _List(
            "ListOrganizations",
            service_pb.ListOrganizationsRequest,
            "organizations",
            "organization_id",
            organization_from_wire,
        ),
        _List("ListServices", service_pb.ListServicesRequest, "services", "service_id", service_from_wire),
        _List("ListLocations", service_pb.ListLocationsRequest, "locations", "location_id", location_from_wire),
        _List("ListProviders", service_pb.ListProvidersRequest, "providers", "provider_id", provider_from_doc),
        _List("ListDocuments", documents_pb.ListDocumentsRequest, "documents", "source_key", lambda message: message),
    )
}


async def all_of(stub: Any, field: str, dataset: str) -> AsyncIterator[tuple[str, Any]]:
    """
    Yield all records of a list with their ids, of one dataset if it is not empty; documents as the wire has them.

    Args:
        stub: Of the service that lists them.

        field: organizations, services, locations, providers or documents.

        dataset: Only of this one, if set.
    """
    listed = _LISTS[field]
    request = listed.request(dataset=dataset, page_size=PAGE_ROWS)
    while True:
        answer = await getattr(stub, listed.method)(request)
        for message in getattr(answer, field):
            yield getattr(message, listed.id_field), listed.read(message)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token
