"""Reports of places on the wire."""

from collections.abc import Iterable
from typing import Any

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import PlaceReport, Stored, each_inside, refuse
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.requests_wire import is_record_id, refuse_unknown
from services.directory.wire.values_wire import report_from_wire
from services.runtime.auth import absent


def reports_of(request: service_pb.ReportPlacesRequest) -> tuple[PlaceReport, ...]:
    """Read what is reported: at least one population, each once."""
    refuse_unknown(request)
    if not is_record_id(request.provider_id):
        raise absent()
    if not request.reports:
        raise refuse("reports", "must have at least one entry")
    reports = each_inside("reports", report_from_wire, request.reports)
    if len({report.population for report in reports}) != len(reports):
        raise refuse("reports", "must not name a population twice")
    return reports


def receiver_of(doc: bytes) -> str:
    """Read the desk of a provider as it is kept, without the rest."""
    return pb.Provider.FromString(doc).receiver_id


def confidential_ids(shown: Iterable[Any]) -> list[str]:
    """List the ids of the confidential ones among providers or locations as they are shown."""
    hidden = (each for each in shown if each.disclosure == pb.DISCLOSURE_AREA)
    return [each.provider_id if isinstance(each, pb.Provider) else each.location_id for each in hidden]


def report_answer(stored: Stored) -> Any:
    return service_pb.ReportPlacesResponse(provider=PROVIDER.shown(stored))


def report_answer_type() -> type[Any]:
    return service_pb.ReportPlacesResponse
